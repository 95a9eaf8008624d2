// check:background(): work that goes on between the runs of an instance.
#include "lua_checks.hpp"

namespace virgo::script {
namespace {

class LuaBackgroundTest : public LuaCheckTest {
 protected:
  check::Check* check_of(const std::string& background, const std::string& collect = "") {
    EXPECT_TRUE(load("local check = virgo.check { name = 'server', metrics = { { name = 'v' } } }\n"
                     "function check:configure() self.n = 0 end\n"
                     "function check:background()\n" +
                     background + "\nend\nfunction check:collect(run)\n" + collect +
                     "\nrun:emit('v', self.n)\nend")
                    .empty());
    return make("server");
  }
  double value() { return runs_.back()->samples().value(0).f64; }
  // Lets the loop work for a while.
  void turn() {
    bool over = false;
    uv::Timer timer(loop_, [&over] { over = true; });
    timer.start(milliseconds(20));
    while (!over) loop_.run_once(true);
  }
};

TEST_F(LuaBackgroundTest, GoesOnBetweenRuns) {
  check::Check* check = check_of("while true do self.n = self.n + 1 virgo.sleep(0) end");
  ASSERT_EQ(collect(*check).status(), Status::ok) << runs_.back()->text();
  const double first = value();
  EXPECT_GE(first, 1);
  turn();
  ASSERT_EQ(collect(*check).status(), Status::ok);
  EXPECT_GT(value(), first);
}

TEST_F(LuaBackgroundTest, WhatItFailsWithIsTheRunsAndItIsBegunAgain) {
  check::Check* check = check_of(
      "self.begun = (self.begun or 0) + 1\n"
      "if self.begun == 1 then error { message = 'port in use', status = 'invalid' } end\n"
      "if self.begun == 2 then virgo.sleep(0) error('later') end\n"
      "self.n = 7");
  EXPECT_EQ(collect(*check).status(), Status::invalid);
  EXPECT_EQ(runs_.back()->text(), "background(): port in use");
  EXPECT_EQ(collect(*check).status(), Status::ok);
  turn();
  EXPECT_EQ(collect(*check).status(), Status::failed);
  EXPECT_NE(runs_.back()->text().find("later"), std::string::npos);
  EXPECT_EQ(collect(*check).status(), Status::ok);
  EXPECT_EQ(value(), 7);
}

TEST_F(LuaBackgroundTest, ALimitEndsItAndTheOpenRun) {
  check::Check* check = check_of("virgo.sleep(0.01) while true do end",
                                 "if run.number == 1 then virgo.sleep(60) end");
  EXPECT_EQ(collect(*check).status(), Status::cancelled);
  EXPECT_NE(runs_.back()->text().find("background(): stopped after 100ms"), std::string::npos);
  EXPECT_EQ(collect(*check).status(), Status::limit);
}

// The runs between are within their limits, and say nothing about it.
TEST_F(LuaBackgroundTest, OneThatMeetsALimitEachTimeIsSuspended) {
  limits_.lua_budget = milliseconds(5);
  check::Check* check = check_of("virgo.sleep(0.001) while true do end");
  for (int strike = 1; strike <= 3; ++strike) {
    EXPECT_FALSE(check->suspension().has_value()) << strike;
    EXPECT_EQ(collect(*check).status(), Status::ok) << runs_.back()->text();
    turn();
    EXPECT_EQ(collect(*check).status(), Status::limit);
  }
  ASSERT_TRUE(check->suspension().has_value());
  EXPECT_EQ(check->suspension()->limit, "limits.lua_budget");
  EXPECT_EQ(collect(*check).status(), Status::quarantined);
}

TEST_F(LuaBackgroundTest, EmitsNothing) {
  check::Check* check = check_of(
      "while not self.run do virgo.sleep(0) end\n"
      "local ok, why = pcall(self.run.emit, self.run, 'v', 1)\n"
      "self.n = (not ok and why:find('this run is over')) and 1 or 0",
      "self.run = run virgo.sleep(0.01)");
  ASSERT_EQ(collect(*check).status(), Status::ok) << runs_.back()->text();
  EXPECT_EQ(value(), 1);
}

}  // namespace
}  // namespace virgo::script
