// What `virgo plugin run` shows of a run.
#include "cli/outcome_page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/value.hpp"
#include "json/writer.hpp"

namespace virgo::cli {
namespace {

using metric::Status;
using schedule::SoloRunner;
using testing::HasSubstr;
using testing::Not;

void nothing_more(json::Writer&) {}

struct OutcomePage : ::testing::Test {
  metric::MetricInfo counter{"test.counter", "1", "", metric::Kind::counter, metric::Type::u64};
};

TEST_F(OutcomePage, CountersHaveARateFromTheSecondRunOn) {
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

TEST_F(OutcomePage, TellsTheStateThatTheCheckGave) {
  const metric::SampleBuffer nothing;
  SoloRunner::Outcome outcome;
  outcome.samples = &nothing;
  EXPECT_THAT(OutcomePages().next(outcome), Not(HasSubstr("state")));
  EXPECT_THAT(outcome_json(outcome, "t", nothing_more), Not(HasSubstr("state")));
  outcome.health = metric::Health::warn;
  EXPECT_THAT(OutcomePages().next(outcome), HasSubstr("\nstate warn\n"));
  outcome.health_reason = "nearly\tfull";
  EXPECT_THAT(OutcomePages().next(outcome), HasSubstr("\nstate warn: nearly\\x09full\n"));
  EXPECT_THAT(outcome_json(outcome, "t", nothing_more),
              HasSubstr(R"("state":"warn","state_reason":"nearly\tfull")"));
}

TEST_F(OutcomePage, AsJson) {
  const metric::MetricInfo text{"test.text", "", "", metric::Kind::state, metric::Type::text};
  metric::SampleBuffer measured;
  const metric::Label label{"who", "\"it\""};
  measured.add(counter, metric::Value::of(~std::uint64_t{0}), {&label, 1});
  measured.add(text, metric::Value::of(std::string_view("up")), {});
  SoloRunner::Outcome outcome;
  outcome.samples = &measured;
  const std::string line = outcome_json(outcome, "test.type", nothing_more);
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
