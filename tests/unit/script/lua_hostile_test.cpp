// Lua checks that harm: each is ended and named, and the good one beside it is
// not disturbed.
#include <gmock/gmock.h>
#include <malloc.h>

#include "hostile.hpp"
#include "lua_checks.hpp"
#include "uv/tcp.hpp"

namespace virgo::script {
namespace {

const std::string kFolder = std::string(VIRGO_SOURCE_DIR) + "/tests/lua/hostile/";

class LuaHostileTest : public LuaCheckTest {
 protected:
  void SetUp() override {
#if defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "delivers signals late";
#endif
    const auto errors = load_lua_plugins({kFolder}, registry_, services());
    for (const Error& e : errors) ADD_FAILURE() << e.message;
    ASSERT_TRUE(load("local check = virgo.check { name = 'good', metrics = { { name = 'v' } } }\n"
                     "function check:collect(run)\n"
                     "  self.n = (self.n or 0) + 1\n"
                     "  virgo.sleep(0.001)\n"
                     "  run:emit('v', self.n)\nend")
                    .empty());
  }
  Params params() {
    server_ = std::make_unique<uv::TcpServer>(loop_, [this](Result<std::unique_ptr<uv::Stream>> s) {
      if (s) peers_.push_back(std::move(s).value());
    });
    EXPECT_TRUE(server_->listen("127.0.0.1", 0).ok());
    return {{"port", scalar(std::to_string(server_->port()))}};
  }
  void TearDown() override {
    server_.reset();
    peers_.clear();
    LuaCheckTest::TearDown();
  }
  std::unique_ptr<uv::TcpServer> server_;
  std::vector<std::unique_ptr<uv::Stream>> peers_;
};

class EachHostileTest : public LuaHostileTest, public testing::WithParamInterface<Hostile> {
 protected:
  void SetUp() override {
    // Those that do not run away may take their time, on a slow machine too.
    if (GetParam().text.find("stopped after") == std::string::npos)
      limits_.lua_budget = limits_.lua_cpu_per_run = limits_.lua_cpu_per_minute =
          std::chrono::seconds(60);
    LuaHostileTest::SetUp();
  }
};

TEST_P(EachHostileTest, IsEndedAndTheOthersGoOn) {
  const Hostile& hostile = GetParam();
  ASSERT_NE(hostile.status, "") << "its second line has to be: -- expect: STATUS TEXT";
  check::Check* good = make("good");
  check::Check* bad =
      make("hostile." + hostile.name, hostile.name == "socket_flood" ? params() : Params{});
  ASSERT_NE(bad, nullptr);
  if (hostile.name == "run_after_end") {
    EXPECT_EQ(collect(*bad).status(), Status::ok);
  }
  // Only who is to meet the deadline is given a near one.
  const Duration timeout =
      hostile.status == "timeout" ? Duration(milliseconds(300)) : std::chrono::seconds(20);
  // Again and again: what was made anew is as good as the first.
  for (int round = 1; round <= 3; ++round) {
    const auto& run = collect(*bad, timeout);
    EXPECT_EQ(status_name(run.status()), hostile.status) << run.text();
    EXPECT_NE(run.text().find(hostile.text), std::string::npos) << run.text();
    EXPECT_LE(run.text().size(), 2048u);
    const auto& undisturbed = collect(*good);
    EXPECT_EQ(undisturbed.status(), Status::ok) << undisturbed.text();
    EXPECT_EQ(undisturbed.samples().value(0).f64, round);
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, EachHostileTest, testing::ValuesIn(all_hostile(kFolder)),
                         [](const auto& hostile) { return hostile.param.name; });

TEST_F(LuaHostileTest, ARunUsedAfterItsEndIsRefused) {
  check::Check* check = make("hostile.run_after_end");
  EXPECT_EQ(collect(*check).status(), Status::ok);
  const auto& second = collect(*check);
  EXPECT_EQ(second.status(), Status::failed);
  EXPECT_NE(second.text().find("run_after_end.lua:7: run:emit: this run is over"),
            std::string::npos)
      << second.text();
}

// The collector sees little of what a call holds, so failed ones must not keep it.
TEST_F(LuaHostileTest, FailedCallsLeaveLittleBehind) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "counts memory otherwise";
#endif
  const auto used = [] {
    const struct mallinfo2 info = mallinfo2();
    return (info.uordblks + info.hblkhd) >> 20;
  };
  check::Check* check = make("hostile.failed_calls");
  const std::size_t before = used();
  (void)collect(*check);
  EXPECT_LE(used(), before + 16);
}

class LuaFloodTest : public LuaHostileTest {
 protected:
  void SetUp() override {
    limits_.lua_budget = limits_.lua_cpu_per_run =
        std::chrono::seconds(10);  // it does not run away
    limits_.lua_series = 100'000;
    LuaHostileTest::SetUp();
  }
};

TEST_F(LuaFloodTest, ASampleFloodIsCutAndCounted) {
  const auto& run = collect(*make("hostile.series_flood"));
  EXPECT_EQ(run.samples().size(), 5000u);
  EXPECT_EQ(run.samples().refused(), 15000u);
}

TEST_F(LuaHostileTest, InstancesOfTheSameFileAreMadeAnew) {
  ASSERT_TRUE(load(R"(
    local check = virgo.check {
      name = "mixed", params = { mode = { type = "text" } }, metrics = { { name = "v" } } }
    function check:configure() self.configured = true end
    function check:collect(run)
      assert(self.configured)
      if self.mode == "loop" then while true do end end
      if self.mode == "wait" then virgo.sleep(5) end
      self.n = (self.n or 0) + 1
      run:emit("v", self.n)
    end)",
                   "mixed.lua")
                  .size() == 1);  // test.lua declares "good" again
  check::Check* looping = make("mixed", {{"mode", scalar("loop")}});
  check::Check* waiting = make("mixed", {{"mode", scalar("wait")}});
  check::Check* plain = make("mixed", {{"mode", scalar("plain")}});
  EXPECT_EQ(collect(*plain).samples().value(0).f64, 1);
  EXPECT_EQ(collect(*plain).samples().value(0).f64, 2);
  RecordedRun& open = start(*waiting);
  EXPECT_EQ(collect(*looping).status(), Status::limit);
  ASSERT_TRUE(open.finished());
  EXPECT_EQ(open.status(), Status::cancelled);
  EXPECT_NE(open.text().find("check 'mixed_instance' of the same file stopped after 100ms"),
            std::string::npos)
      << open.text();
  // A fresh state: configured again, what was kept between runs is gone.
  EXPECT_EQ(collect(*plain).samples().value(0).f64, 1) << runs_.back()->text();
}

// The table that was given to virgo.check is the script's own.
TEST_F(LuaHostileTest, ADeclarationThatItsScriptHasChangedHarmsNobody) {
  const char* changes[] = {
      "check.params = 7",
      "check.params.host = nil",
      "check.params.host = 5",
      "check.params.host = { default = print }",
      "local t = {} for i = 1, 40 do t = { t, t } end check.params.list = { default = t }",
      "local t = {} t[1] = t check.params.list = { default = t }",
      "check.params.wait.default = {}",
      "setmetatable(check, { __index = error, __newindex = error })",
  };
  int n = 0;
  for (const char* change : changes) {
    const std::string type = "changed" + std::to_string(++n);
    load("local check = virgo.check { name = '" + type + R"(', metrics = { { name = 'v' } },
           params = { host = { type = 'text', default = 'h' },
                      list = { type = 'list', default = { 1 } },
                      wait = { type = 'duration', default = '1s' } } }
         function check:collect(run) run:emit('v', 1) end
         function check:configure() )" +
             change + " end",
         type + ".lua");
    for (int instance = 0; instance < 2; ++instance) {
      check::Check* check = make(type);
      ASSERT_NE(check, nullptr) << change;
      EXPECT_EQ(collect(*check).status(), Status::ok) << change << ": " << runs_.back()->text();
    }
  }
}

TEST_F(LuaHostileTest, DefaultsAreBounded) {
  const auto problem = [this](const std::string& type, const std::string& value,
                              const std::string& before = "") {
    const std::string name = "bounded" + std::to_string(++run_number_);
    const auto errors =
        load(before + "\nlocal check = virgo.check { name = '" + name +
                 "', metrics = { { name = 'v' } }, params = { p = { type = '" + type +
                 "', default = " + value + " } } }\nfunction check:collect(run) end",
             name + ".lua");
    for (const Error& e : errors)
      if (e.message.find(name) != std::string::npos) return e.message;
    return std::string();
  };
  const auto list = [](int n) {
    return "local t = {} for i = 1, " + std::to_string(n) + " do t[i] = i end";
  };
  EXPECT_EQ(problem("list", "t", list(10'000)), "");
  EXPECT_THAT(problem("list", "t", list(10'001)),
              testing::HasSubstr("params.p: default: has more than 10000 values"));
  EXPECT_THAT(problem("list", "t", "local t = {1} for i = 1, 31 do t = { t, t } end"),
              testing::HasSubstr("has more than 10000 values"));
  EXPECT_EQ(problem("list", "t", "local t = {1} for i = 1, 32 do t = { t } end"), "");
  EXPECT_THAT(problem("list", "t", "local t = {1} for i = 1, 33 do t = { t } end"),
              testing::HasSubstr("nested deeper than 32"));
  EXPECT_THAT(problem("map", "{ [true] = 'x' }"),
              testing::HasSubstr("the keys of a map are names"));
}

TEST_F(LuaHostileTest, TwoChecksOfOneNameInOneFileAreRefused) {
  const std::string twice =
      "local a = virgo.check { name = 'twice', metrics = { { name = 'v' } } }\n"
      "function a:collect(run) end\n"
      "local b = virgo.check { name = 'twice', metrics = { { name = 'w' } } }\n"
      "function b:collect(run) end\n";
  const auto errors = load(twice, "twice.lua");
  ASSERT_EQ(errors.size(), 2u);  // test.lua declares "good" again
  EXPECT_THAT(errors[1].message,
              testing::HasSubstr("twice.lua:3: check 'twice' is declared already in this file"));
  EXPECT_EQ(registry_.find("twice"), nullptr);
}

TEST_F(LuaHostileTest, ALoopInConfigureIsAProblemOfTheConfiguration) {
  load(
      "local check = virgo.check { name = 'stuck', metrics = { { name = 'v' } } }\n"
      "function check:configure() while true do end end\n"
      "function check:collect() end",
      "stuck.lua");
  EXPECT_EQ(make("stuck"), nullptr);
  ASSERT_EQ(problems_.size(), 1u);
  EXPECT_NE(problems_[0].text.find("stopped after 100ms"), std::string::npos);
}

TEST_F(LuaHostileTest, BrokenFilesAreNamedAndTheRestIsUsed) {
  check::Registry registry;
  const auto errors = load_lua_plugins(
      {std::string(VIRGO_SOURCE_DIR) + "/tests/lua/broken", "/nonexistent", folder_}, registry,
      services());
  const char* expected[] = {
      "bomb_at_load.lua is not used: reached its memory cap of 8MiB (limits.lua_memory)",
      "declares_nothing.lua is not used: declares_nothing.lua: declares no check",
      "error_at_load.lua is not used: error_at_load.lua:3: attempt to index local 'nothing'",
      "loops_at_load.lua is not used: stopped after 100ms",
      "misspelt.lua is not used: misspelt.lua:1: virgo.check: params.port: unknown field "
      "'tpye', did you mean 'type'?",
      "no_collect.lua is not used: no_collect.lua:1: check 'broken.no_collect' has no function",
      "syntax.lua is not used: syntax.lua:2: '}' expected (to close '{' at line 1)",
      "waits_at_load.lua is not used: waits_at_load.lua:1: virgo.tcp.connect can only be used in "
      "code "
      "that may wait, such as collect()",
      "Lua plugin folder /nonexistent: No such file",
  };
  ASSERT_EQ(errors.size(), std::size(expected));
  for (std::size_t i = 0; i < errors.size(); ++i)
    EXPECT_NE(errors[i].message.find(expected[i]), std::string::npos)
        << errors[i].message << "\n  expected: " << expected[i];
  EXPECT_NE(registry.find("good"), nullptr);
}

}  // namespace
}  // namespace virgo::script
