// Deadlines of a check that no scheduler looks after, and what its pages show.
#include "cli/solo_runner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "cli/outcome_page.hpp"
#include "json/value.hpp"
#include "uv/timer.hpp"

namespace virgo::cli {
namespace {

using metric::Status;
using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

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

TEST_F(SoloRunnerTest, NothingIsStartedInAWedgedCheck) {
  check.stuck = true;
  const auto outcome = runner.run(kLong);
  EXPECT_EQ(outcome.status, Status::timeout);
  EXPECT_THAT(outcome.explanation, HasSubstr("has not come back"));
  EXPECT_TRUE(check.calls.empty());
}

TEST_F(SoloRunnerTest, CountersHaveARateFromTheSecondRunOn) {
  OutcomePages pages;
  SoloRunner::Outcome outcome;
  const auto page = [&](std::uint64_t value, WallTime at) {
    metric::SampleBuffer samples;
    const metric::Label label{"who", "it"};
    samples.add(counter, metric::Value::of(value), {&label, 1});
    ++outcome.number;
    outcome.started = at;
    outcome.samples = &samples;
    return pages.next(outcome);
  };
  EXPECT_THAT(page(100, 1'000'000'000), Not(HasSubstr("PER SECOND")));
  const std::string second = page(150, 3'000'000'000);
  EXPECT_THAT(second, HasSubstr("PER SECOND"));
  EXPECT_THAT(second, HasSubstr("test.counter  who=it    150  1     counter          25\n"));
  EXPECT_THAT(page(10, 4'000'000'000), Not(HasSubstr("PER SECOND"))) << "it was reset";
  EXPECT_THAT(page(20, 4'000'000'000), Not(HasSubstr("PER SECOND"))) << "no time has passed";
}

TEST_F(SoloRunnerTest, AsJson) {
  const metric::MetricInfo text{"test.text", "", "", metric::Kind::state, metric::Type::text};
  check.on_start = [&](check::Run& r) {
    const metric::Label label{"who", "\"it\""};
    r.samples().add(counter, metric::Value::of(~std::uint64_t{0}), {&label, 1});
    r.samples().add(text, metric::Value::of(std::string_view("up")), {});
    r.finish(Status::ok);
  };
  const std::string line = outcome_json(runner.run(kLong), "test.type");
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const auto json = json::parse(line);
  ASSERT_TRUE(json.ok()) << json.error().message;
  EXPECT_EQ(json->find("type")->text, "test.type");
  EXPECT_EQ(json->find("status")->text, "ok");
  const auto& samples = json->find("samples")->items;
  ASSERT_EQ(samples.size(), 2u);
  EXPECT_EQ(samples[0].find("value")->text, "18446744073709551615");
  EXPECT_EQ(samples[0].find("labels")->find("who")->text, "\"it\"");
  EXPECT_EQ(samples[0].find("kind")->text, "counter");
  EXPECT_EQ(samples[1].find("value")->text, "up");
}

}  // namespace
}  // namespace virgo::cli
