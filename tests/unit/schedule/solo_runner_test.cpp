// Deadlines of a check that no scheduler looks after.
#include "schedule/solo_runner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "uv/timer.hpp"

namespace virgo::schedule {
namespace {

using metric::Status;
using std::chrono::milliseconds;
using testing::HasSubstr;

struct ScriptedCheck final : check::Check {
  std::function<void(check::Run&)> on_start = [](check::Run& r) { r.finish(Status::ok); };
  std::function<void(check::Run&)> on_cancel = [](check::Run&) {};
  std::vector<std::string> calls;
  bool stuck = false;

  void start(check::Run& run) override {
    calls.emplace_back("start");
    on_start(run);
  }
  void cancel(check::Run& run) override {
    calls.emplace_back("cancel");
    on_cancel(run);
  }
  void abandon(check::Run&) override { calls.emplace_back("abandon"); }
  bool wedged() const override { return stuck; }
};

struct SoloRunnerTest : ::testing::Test {
  // Never reached by a run that ends.
  static constexpr Duration kLong = std::chrono::minutes(10);
  uv::Loop loop;
  ScriptedCheck check;
  SoloRunner runner{loop, system_clock(), check};
  metric::MetricInfo counter{"test.counter", "1", "", metric::Kind::counter, metric::Type::u64};
};

TEST_F(SoloRunnerTest, EndsWithinStart) {
  check.on_start = [this](check::Run& r) {
    r.samples().add(counter, metric::Value::of(std::uint64_t{7}), {});
    r.explain("why");
    r.finish(Status::unreachable);
  };
  const auto outcome = runner.run(kLong);
  EXPECT_EQ(outcome.number, 1u);
  EXPECT_EQ(outcome.status, Status::unreachable);
  EXPECT_EQ(outcome.explanation, "why");
  EXPECT_EQ(outcome.samples->size(), 1u);
  EXPECT_EQ(runner.run(kLong).number, 2u);
  EXPECT_EQ(outcome.samples->size(), 1u) << "the samples of the run before are gone";
}

TEST_F(SoloRunnerTest, EndsLaterFromTheLoop) {
  check.on_start = [this](check::Run& r) { loop.post([&r] { r.finish(Status::ok); }); };
  EXPECT_EQ(runner.run(kLong).status, Status::ok);
  EXPECT_THAT(check.calls, testing::ElementsAre("start"));
}

TEST_F(SoloRunnerTest, IsCancelledAtItsDeadlineAndThenAbandoned) {
  check.on_start = [](check::Run&) {};
  const auto outcome = runner.run(milliseconds(10));
  EXPECT_EQ(outcome.status, Status::timeout);
  EXPECT_EQ(outcome.explanation, "not finished within 10ms");
  EXPECT_GE(outcome.duration, milliseconds(10) + SoloRunner::kGrace);
  EXPECT_THAT(check.calls, testing::ElementsAre("start", "cancel", "abandon"));
}

TEST_F(SoloRunnerTest, WhatFinishesWhenItIsCancelledTimedOutNonetheless) {
  check.on_start = [](check::Run&) {};
  check.on_cancel = [](check::Run& r) { r.finish(Status::ok); };
  EXPECT_EQ(runner.run(milliseconds(10)).status, Status::timeout);
  check.on_cancel = [](check::Run& r) {
    r.explain("no route");
    r.finish(Status::unreachable);
  };
  const auto outcome = runner.run(milliseconds(10));
  EXPECT_EQ(outcome.status, Status::unreachable);
  EXPECT_EQ(outcome.explanation, "no route");
}

TEST_F(SoloRunnerTest, AnInterruptionEndsTheOpenRun) {
  check.on_start = [this](check::Run&) { loop.post([this] { runner.interrupt(); }); };
  check.on_cancel = [](check::Run& r) { r.finish(Status::cancelled); };
  const auto outcome = runner.run(kLong);
  EXPECT_EQ(outcome.status, Status::cancelled);
  EXPECT_TRUE(runner.interrupted());
}

TEST_F(SoloRunnerTest, TellsHowItWentAndBeforeItAbandons) {
  check.on_start = [](check::Run& r) { r.held_loop(milliseconds(7000)); };
  runner.on_abandon([this] { check.calls.emplace_back("told"); });
  const auto outcome = runner.run(milliseconds(1));
  EXPECT_EQ(outcome.held, milliseconds(7000));
  EXPECT_TRUE(outcome.cancelled);
  EXPECT_TRUE(outcome.abandoned);
  EXPECT_THAT(check.calls, testing::ElementsAre("start", "cancel", "told", "abandon"));
  check.on_start = [](check::Run& r) { r.finish(Status::ok); };
  const auto well = runner.run(kLong);
  EXPECT_FALSE(well.cancelled);
  EXPECT_FALSE(well.abandoned);
}

TEST_F(SoloRunnerTest, NothingIsStartedInAWedgedCheck) {
  check.stuck = true;
  const auto outcome = runner.run(kLong);
  EXPECT_EQ(outcome.status, Status::timeout);
  EXPECT_THAT(outcome.explanation, HasSubstr("has not come back"));
  EXPECT_TRUE(check.calls.empty());
}

}  // namespace
}  // namespace virgo::schedule
