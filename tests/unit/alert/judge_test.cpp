// Reports through the rules of a check: times, hysteresis, series, and what is said.
#include "alert_world.hpp"

#include <cmath>
#include <optional>

namespace virgo::alert::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using virgo::testing::LogCapture;

using Judging = JudgeTest;

TEST_F(Judging, WithoutRulesNothingIsAdded) {
  EXPECT_EQ(run({m(1)}), Health::none);
  EXPECT_EQ(judge.state("check"), nullptr);
  EXPECT_EQ(run({m(1)}, Status::ok, Health::warn, "own"), Health::warn);
  EXPECT_EQ(sink.reason, "own");
  ASSERT_NE(judge.state("check"), nullptr);
  EXPECT_EQ(judge.state("check")->reason, "own");
  EXPECT_EQ(run({m(1)}), Health::none);
  EXPECT_EQ(judge.state("check"), nullptr);
  judge.gap({&identity});
  EXPECT_EQ(sink.gaps, 1);
}

TEST_F(Judging, AThresholdMakesTheState) {
  config::AlertRule spec = above("0.9");
  spec.metric = "system.cpu.utilization";
  spec.labels.kind = config::NodeKind::map;
  spec.labels.keys = {"cpu.mode"};
  spec.labels.items = {scalar("user")};
  rules({spec});
  const auto sample = [](double value, const char* mode) {
    return Sample{"system.cpu.utilization", Value::of(value), {{"cpu.mode", mode}}};
  };
  EXPECT_EQ(run({sample(0.5, "user"), sample(0.95, "system")}), Health::ok);
  EXPECT_EQ(sink.reason, "");
  EXPECT_EQ(run({sample(0.97, "user"), sample(0.02, "system")}), Health::critical);
  EXPECT_EQ(sink.reason, "system.cpu.utilization of cpu.mode=user is 0.97, above 0.9");
  EXPECT_EQ(run({sample(0.9, "user")}), Health::ok);
}

TEST_F(Judging, ForWaitsUntilItHasBeenSoLongEnough) {
  config::AlertRule spec = above("10");
  spec.hold = 2s;
  spec.text = "too many";
  rules({spec});
  EXPECT_EQ(run({m(11)}), Health::ok);
  EXPECT_EQ(later({m(12)}, 1999ms), Health::ok);
  EXPECT_EQ(later({m(13)}, 1ms), Health::critical);
  EXPECT_EQ(sink.reason, "too many: m is 13, above 10 for 2s");
  EXPECT_EQ(later({m(10)}), Health::ok);
  // It begins anew.
  EXPECT_EQ(later({m(11)}), Health::ok);
  EXPECT_EQ(later({m(10)}), Health::ok);
  EXPECT_EQ(later({m(11)}), Health::ok);
  EXPECT_EQ(later({m(11)}), Health::ok);
  EXPECT_EQ(later({m(11)}), Health::critical);
}

TEST_F(Judging, ForCountsFromDueTimeToDueTime) {
  config::AlertRule spec = above("10");
  spec.hold = 2s;
  rules({spec});
  lateness = 30ms;
  duration = 5ms;
  run({m(11)});
  lateness = 3ms;
  EXPECT_EQ(later({m(11)}, 973ms), Health::ok);  // due one second later
  duration = 1ms;
  EXPECT_EQ(later({m(11)}, 996ms - 100us), Health::critical);
}

TEST_F(Judging, ForIsMonotonicTime) {
  config::AlertRule spec = above("10");
  spec.hold = 1min;
  rules({spec});
  run({m(11)});
  clock.step_wall(1h);
  clock.suspend(1h);
  EXPECT_EQ(later({m(11)}), Health::ok);
  EXPECT_EQ(later({m(11)}, 59s), Health::critical);
}

TEST_F(Judging, HysteresisHoldsUntilClear) {
  config::AlertRule spec = above("0.9");
  spec.clear = scalar("0.8");
  spec.severity = "warn";
  rules({spec});
  EXPECT_EQ(run({m(0.85)}), Health::ok);  // not from below
  EXPECT_EQ(run({m(0.91)}), Health::warn);
  EXPECT_EQ(run({m(0.81)}), Health::warn);
  EXPECT_EQ(sink.reason, "m is 0.81, was above 0.9 and is not back at 0.8");
  EXPECT_EQ(run({m(0.8)}), Health::ok);
  EXPECT_EQ(run({m(0.85)}), Health::ok);
}

TEST_F(Judging, ClearForWaits) {
  config::AlertRule spec = above("10");
  spec.clear = scalar("5");
  spec.clear_for = 3s;
  rules({spec});
  run({m(11)});
  EXPECT_EQ(later({m(4)}), Health::critical);
  EXPECT_EQ(sink.reason, "m is 4, was above 10 less than 3s ago");
  EXPECT_EQ(later({m(6)}), Health::critical);  // not clear any more
  EXPECT_EQ(later({m(5)}), Health::critical);
  EXPECT_EQ(later({m(5)}, 2999ms), Health::critical);
  EXPECT_EQ(later({m(5)}, 1ms), Health::ok);
}

TEST_F(Judging, EachSeriesIsJudgedOnItsOwn) {
  config::AlertRule spec = above("10");
  spec.hold = 2s;
  rules({spec});
  run({m(11, "a"), m(1, "b")});
  later({m(11, "a"), m(11, "b")});
  EXPECT_EQ(later({m(11, "a"), m(11, "b")}), Health::critical);
  EXPECT_EQ(sink.reason, "m of disk=a is 11, above 10 for 2s");
  EXPECT_EQ(later({m(11, "b"), m(11, "a")}), Health::critical);
  EXPECT_EQ(sink.reason, "m of disk=a is 11, above 10 for 2s (and 1 more)");
  EXPECT_EQ(later({m(1, "a"), m(11, "b")}), Health::critical);
  EXPECT_EQ(sink.reason, "m of disk=b is 11, above 10 for 2s");
  EXPECT_EQ(later({m(1, "a"), m(1, "b")}), Health::ok);
}

TEST_F(Judging, TheOrderOfLabelsDoesNotMatter) {
  config::AlertRule spec = above("10");
  spec.hold = 1s;
  rules({spec});
  run({{"m", Value::of(11.0), {{"a", "1"}, {"b", "2"}}}});
  EXPECT_EQ(later({{"m", Value::of(11.0), {{"b", "2"}, {"a", "1"}}}}), Health::critical);
  EXPECT_EQ(later({{"m", Value::of(11.0), {{"a", "2"}, {"b", "1"}}}}), Health::ok);
}

TEST_F(Judging, ASeriesThatIsGoneIsWell) {
  config::AlertRule spec = above("10");
  spec.clear_for = 2s;
  rules({spec});
  run({m(11, "a")});
  EXPECT_EQ(later({m(1, "b")}), Health::critical);
  EXPECT_EQ(sink.reason, "m of disk=a was 11 when it was last seen, above 10");
  EXPECT_EQ(later({m(1, "b")}, 2s), Health::ok);
}

TEST_F(Judging, ARunThatSaysNothingChangesNothing) {
  config::AlertRule spec = above("10");
  spec.hold = 2s;
  rules({spec, status_rule({"failed"})});
  run({m(11)});
  clock.advance(1s);
  EXPECT_EQ(run({}, Status::timeout), Health::unknown);
  EXPECT_EQ(sink.reason, "nothing is known of m: the run's status is timeout");
  EXPECT_EQ(later({m(std::nan(""))}), Health::ok);
  EXPECT_EQ(later({m(11)}), Health::critical);  // pending all the time
  clock.advance(1s);
  EXPECT_EQ(run({}, Status::timeout), Health::critical);
  EXPECT_EQ(sink.reason, "m was 11 when it was last seen, above 10");
  // A failed run may have samples all the same.
  EXPECT_EQ(run({m(11)}, Status::timeout), Health::critical);
  EXPECT_EQ(run({m(1)}, Status::timeout), Health::ok);
}

TEST_F(Judging, AStatusThatARuleIsAboutIsNotUnknown) {
  config::AlertRule spec = status_rule({"timeout", "unreachable"});
  spec.hold = 2s;
  spec.severity = "warn";
  rules({above("10"), spec});
  EXPECT_EQ(run({}, Status::timeout), Health::ok);
  clock.advance(2s);
  EXPECT_EQ(run({}, Status::unreachable), Health::warn);
  EXPECT_EQ(sink.reason, "the run's status is unreachable for 2s");
  EXPECT_EQ(run({}, Status::failed), Health::unknown);
  EXPECT_EQ(run({m(1)}), Health::ok);
}

TEST_F(Judging, OnlyStatusRules) {
  config::AlertRule spec = status_rule({"not_ok"});
  spec.clear_for = 1s;
  rules({spec});
  EXPECT_EQ(run({}), Health::ok);
  EXPECT_EQ(run({}, Status::quarantined), Health::critical);
  EXPECT_EQ(sink.reason, "the run's status is quarantined");
  EXPECT_EQ(run({}), Health::critical);
  EXPECT_EQ(sink.reason, "the run's status is ok, was quarantined less than 1s ago");
  EXPECT_EQ(later({}), Health::ok);
}

TEST_F(Judging, ACancelledRunKeepsTheState) {
  config::AlertRule spec = above("10");
  config::AlertRule failed = status_rule({"not_ok"});
  rules({spec, failed});
  EXPECT_EQ(run({}, Status::cancelled), Health::none);
  EXPECT_EQ(run({m(11)}), Health::critical);
  EXPECT_EQ(run({}, Status::cancelled), Health::critical);
}

TEST_F(Judging, Absence) {
  config::AlertRule spec = rule();
  spec.absent = true;
  spec.hold = 2s;
  spec.clear_for = 1s;
  spec.labels.kind = config::NodeKind::map;
  spec.labels.keys = {"disk"};
  spec.labels.items = {scalar("a")};
  rules({spec});
  EXPECT_EQ(run({m(1, "a")}), Health::ok);
  EXPECT_EQ(later({m(1, "b")}), Health::ok);
  clock.advance(2s);
  EXPECT_EQ(run({}, Status::failed), Health::critical);  // no sample is no sample
  EXPECT_EQ(sink.reason, "m of disk=a is absent for 2s");
  EXPECT_EQ(later({m(1, "a")}), Health::critical);
  EXPECT_EQ(sink.reason, "m of disk=a is there, was absent less than 1s ago");
  EXPECT_EQ(later({m(1, "a")}), Health::ok);
}

TEST_F(Judging, TheWorstCounts) {
  config::AlertRule warn = above("5");
  warn.severity = "warn";
  rules({warn, above("10")});
  EXPECT_EQ(run({m(6)}), Health::warn);
  EXPECT_EQ(sink.reason, "m is 6, above 5");
  EXPECT_EQ(run({m(11)}), Health::critical);
  EXPECT_EQ(sink.reason, "m is 11, above 10 (and 1 more)");
  EXPECT_EQ(run({m(6)}), Health::warn);
}

TEST_F(Judging, TheChecksOwnJudgementCountsToo) {
  config::AlertRule warn = above("5");
  warn.severity = "warn";
  rules({warn});
  EXPECT_EQ(run({m(6)}, Status::ok, Health::critical, "own"), Health::critical);
  EXPECT_EQ(sink.reason, "own");
  EXPECT_EQ(run({m(6)}, Status::ok, Health::warn, "own"), Health::warn);
  EXPECT_EQ(sink.reason, "own; m is 6, above 5");
  EXPECT_EQ(run({m(6)}, Status::ok, Health::ok, "own"), Health::warn);
  EXPECT_EQ(sink.reason, "m is 6, above 5");
  EXPECT_EQ(run({m(1)}, Status::ok, Health::unknown, "own"), Health::unknown);
  EXPECT_EQ(run({m(1)}, Status::ok, Health::ok, "own"), Health::ok);
  EXPECT_EQ(sink.reason, "own");
}

TEST_F(Judging, RemembersSoManySeriesAndSaysSo) {
  const LogCapture log;
  config::AlertRule held = above("10");
  held.hold = 1s;
  held.severity = "warn";
  rules({held});
  std::vector<Sample> samples;
  for (std::size_t i = 0; i < kMaxSeries; ++i) samples.push_back(m(11, std::to_string(i)));
  run(samples);
  EXPECT_THAT(log.lines(), IsEmpty());
  later(samples);
  EXPECT_THAT(sink.reason, HasSubstr("(and 999 more)"));

  samples.push_back(m(12, "one"));
  samples.push_back(m(12, "two"));
  later(samples);
  later(samples);
  EXPECT_EQ(log.count("more than 1000 series"), 1u);
  EXPECT_THAT(sink.reason, HasSubstr("(and 999 more)"));

  rules({above("10")});  // without `for` they are alerts nonetheless
  EXPECT_EQ(later(samples), Health::critical);
  EXPECT_THAT(sink.reason, HasSubstr("(and 1001 more)"));
  EXPECT_EQ(later({m(1, "one")}), Health::ok);
  samples.resize(kMaxSeries);
  later(samples);  // there is room again
  EXPECT_EQ(log.count("more than 1000 series"), 2u);
}

TEST_F(Judging, ManySamplesOfOneSeriesAreTakenInTheirOrder) {
  rules({above("10")});
  EXPECT_EQ(run({m(11), m(9)}), Health::ok);
  EXPECT_EQ(run({m(9), m(11)}), Health::critical);
}

TEST_F(Judging, ReasonsAreBounded) {
  config::AlertRule spec = rule();
  spec.not_equals = scalar(std::string(1024, 'x'));
  spec.text = std::string(512, 't');
  rules({spec});
  EXPECT_EQ(run({{"m", Value::of(std::string_view("y")), {{"k", std::string(1000, 'l')}}}},
                Status::ok, Health::critical, std::string(1024, 'o')),
            Health::critical);
  EXPECT_LE(sink.reason.size(), 1024u);
}

TEST_F(Judging, NewRulesBeginWithNothing) {
  config::AlertRule spec = above("10");
  spec.clear_for = 1h;
  rules({spec});
  run({m(11)});
  rules({spec});
  EXPECT_EQ(run({m(1)}), Health::ok);
  rules({});
  EXPECT_EQ(run({m(11)}), Health::none);
  EXPECT_EQ(judge.state("check"), nullptr);
  judge.forget("nobody");
}

TEST_F(Judging, AForgottenCheckLeavesNothing) {
  config::AlertRule spec = above("10");
  spec.clear_for = 1h;
  rules({spec});
  run({m(11)});
  judge.forget("check");
  EXPECT_EQ(judge.state("check"), nullptr);
  // What it said in the run that ended with it is passed on, and no state of a check.
  EXPECT_EQ(run({m(11)}, Status::cancelled, Health::warn, "own"), Health::warn);
  EXPECT_EQ(judge.state("check"), nullptr);
  EXPECT_EQ(run({m(1)}, Status::ok, Health::ok), Health::ok);
}

TEST_F(Judging, ChangesAreLoggedOnce) {
  const LogCapture log;
  config::AlertRule warn = above("5");
  warn.severity = "warn";
  rules({warn, above("10")});
  run({m(1)});
  EXPECT_THAT(log.lines(), IsEmpty());
  later({m(6)});
  later({m(7)});
  later({m(11)});
  later({m(1)});
  later({m(1)});
  EXPECT_THAT(log.lines(),
              ElementsAre("WARN  alert: check 'check' is warn, was ok: m is 6, above 5",
                          "WARN  alert: check 'check' is critical, was warn: m is 11, above 10 "
                          "(and 1 more)",
                          "INFO  alert: check 'check' is ok, was critical"));
}

TEST_F(Judging, AFlappingStateIsLoggedOncePerSecond) {
  const LogCapture log;
  rules({above("10")});
  for (int i = 0; i < 100; ++i) later({m(i % 2 == 0 ? 11 : 1)}, 100ms);
  EXPECT_THAT(log.lines(), Not(IsEmpty()));
  EXPECT_LE(log.lines().size(), 11u);
  later({m(11)}, 2s);
  EXPECT_THAT(log.lines().back(), HasSubstr("is critical"));
}

TEST_F(Judging, DoubtsMetricsThatNeverCome) {
  const LogCapture log;
  config::AlertRule other = above("1");
  other.metric = "typo";
  config::AlertRule absent = other;
  absent.above = {};
  absent.absent = true;
  absent.hold = 1h;
  rules({other, above("10"), absent, status_rule({"failed"})});
  run({}, Status::timeout);
  for (int i = 0; i < 10; ++i) run({m(1)});
  EXPECT_THAT(log.lines(), ElementsAre(HasSubstr("WARN  alert: check 'check' is unknown"),
                                       HasSubstr("check 'check': its first 3 runs had no sample "
                                                 "of typo, which a rule is about")));
}

// Against what the words of a rule mean, found anew from the whole history each time.
TEST_F(Judging, AnyHistoryIsJudgedAsTheRuleIsWorded) {
  struct Seen {
    TimePoint at;
    double value;
  };
  const LogCapture quiet;
  std::uint64_t seed = 1;
  const auto random = [&seed](std::uint64_t below) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (seed >> 33) % below;
  };
  for (int round = 0; round < 50; ++round) {
    config::AlertRule spec = above("10");
    spec.clear = scalar("5");
    spec.hold = std::chrono::seconds(random(4));
    spec.clear_for = std::chrono::seconds(random(4));
    rules({spec});
    std::vector<Seen> history;
    // How long `holds` has been so without a break, up to now; nothing if it is not.
    const auto lasted = [&](const auto& holds) {
      std::optional<Duration> out;
      for (auto at = history.rbegin(); at != history.rend() && holds(at->value); ++at)
        out = history.back().at - at->at;
      return out;
    };
    bool alert = false;
    for (int n = 0; n < 200; ++n) {
      clock.advance(std::chrono::seconds(1 + random(2)));
      const double values[] = {4, 5, 6, 10, 11, 12, 13};
      history.push_back({clock.now(), values[random(7)]});
      const auto bad = lasted([](double v) { return v > 10; });
      const auto good = lasted([](double v) { return v <= 5; });
      if (!alert && bad && *bad >= spec.hold) {
        alert = true;
      } else if (alert && good && *good >= spec.clear_for) {
        alert = false;
      }
      ASSERT_EQ(run({m(history.back().value)}), alert ? Health::critical : Health::ok)
          << "round " << round << ", report " << n;
    }
  }
}

}  // namespace
}  // namespace virgo::alert::testing
