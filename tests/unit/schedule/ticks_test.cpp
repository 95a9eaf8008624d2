// When ticks come: phase, lateness, overlap, suspend, clock steps.
#include "unit/schedule/schedule_world.hpp"

namespace virgo::schedule {
namespace {

using namespace testing;

class Ticks : public ScheduleTest {
  const virgo::testing::LogCapture quiet_;
};

TEST_F(Ticks, WithoutSplayTheFirstIsAtOnceAndTheRestAnIntervalApart) {
  Script check;
  std::vector<TimePoint> starts;
  check.start = [&](check::Run& run) {
    starts.push_back(clock.now());
    run.finish(Status::ok);
  };
  const TimePoint begin = clock.now();
  add(check, every(1s));
  EXPECT_EQ(scheduler->next_wake(), begin);
  pass(3500ms);
  EXPECT_EQ(starts, (std::vector<TimePoint>{begin, begin + 1s, begin + 2s, begin + 3s}));
  EXPECT_EQ(scheduler->next_wake(), begin + 4s);
  EXPECT_TRUE(sink.gaps.empty());
}

TEST_F(Ticks, NothingIsDueWithoutChecks) {
  EXPECT_EQ(scheduler->next_wake(), std::nullopt);
  scheduler->advance();
}

TEST_F(Ticks, TheReportSaysWhenAndHowLong) {
  Script check;
  check.start = [&](check::Run& run) {
    EXPECT_EQ(run.number(), 1u);
    EXPECT_EQ(run.deadline(), clock.now() + 500ms);
    EXPECT_EQ(run.started(), clock.wall());
    clock.advance(3ms);
    run.explain("first");
    run.explain("all is well");
    run.finish(Status::unreachable);
  };
  const WallTime wall = clock.wall();
  add(check, every(1s));
  scheduler->advance();
  ASSERT_EQ(sink.reports.size(), 1u);
  const SeenReport& r = sink.reports[0];
  EXPECT_EQ(r.run, 1u);
  EXPECT_EQ(r.started, wall);
  EXPECT_EQ(r.duration, Duration(3ms));
  EXPECT_EQ(r.lateness, Duration(0));
  EXPECT_EQ(r.status, Status::unreachable);
  EXPECT_EQ(r.explanation, "all is well");
}

TEST_F(Ticks, AWakeUpTooEarlyDoesNothing) {
  Script check;
  add(check, every(1s));
  pass(0s);
  clock.advance(1s - 1ns);
  scheduler->advance();
  EXPECT_EQ(check.starts, 1);
  clock.advance(1ns);
  scheduler->advance();
  EXPECT_EQ(check.starts, 2);
}

TEST_F(Ticks, ALateTickRunsOnceAndTheRestLeaveAGap) {
  Script check;
  add(check, every(1s));
  pass(0s);
  const TimePoint first = clock.now();
  clock.advance(3500ms);  // due at 1 s; 2 s and 3 s passed, too
  scheduler->advance();
  ASSERT_EQ(sink.reports.size(), 2u);
  EXPECT_EQ(sink.reports[1].run, 2u);
  EXPECT_EQ(sink.reports[1].lateness, Duration(2500ms));
  ASSERT_EQ(sink.gaps.size(), 1u);
  EXPECT_EQ(sink.gaps[0].from, 3u);
  EXPECT_EQ(sink.gaps[0].to, 4u);
  EXPECT_EQ(sink.gaps[0].reason, GapReason::late);
  EXPECT_EQ(sink.gaps[0].noticed, clock.wall());
  // The phase stays.
  EXPECT_EQ(scheduler->next_wake(), first + 4s);
  scheduler->advance();
  EXPECT_EQ(sink.reports.size(), 2u) << "ticks are never queued";
  pass(500ms);
  EXPECT_EQ(sink.reports.back().run, 5u);
  EXPECT_EQ(sink.reports.back().lateness, Duration(0));
}

TEST_F(Ticks, LateByLessThanAnIntervalLeavesNoGap) {
  Script check;
  add(check, every(1s));
  pass(0s);
  clock.advance(2s - 1ns);
  scheduler->advance();
  EXPECT_TRUE(sink.gaps.empty());
  EXPECT_EQ(sink.reports.back().lateness, Duration(1s - 1ns));
  clock.advance(1ns);
  scheduler->advance();
  EXPECT_EQ(sink.reports.back().run, 3u);
  EXPECT_TRUE(sink.gaps.empty());
}

TEST_F(Ticks, OverlapSkipsTheTickAndLeavesAGap) {
  Script check;
  check.start = [](check::Run&) {};
  add(check, every(1s, 10s));
  pass(2500ms);
  EXPECT_EQ(check.starts, 1);
  ASSERT_EQ(sink.gaps.size(), 2u);
  EXPECT_EQ(sink.gaps[0].from, 2u);
  EXPECT_EQ(sink.gaps[0].to, 2u);
  EXPECT_EQ(sink.gaps[0].reason, GapReason::overlap);
  EXPECT_EQ(sink.gaps[1].from, 3u);
  EXPECT_EQ(scheduler->stats(0).skipped, 2u);
  check.current->finish(Status::ok);
  pass(500ms);
  EXPECT_EQ(check.starts, 2);
  EXPECT_EQ(sink.reports.size(), 1u);
  EXPECT_EQ(sink.reports[0].run, 1u);
  EXPECT_EQ(check.current->number(), 4u);
}

TEST_F(Ticks, OverlapAndLateTogetherAreOneGap) {
  Script check;
  check.start = [](check::Run&) {};
  add(check, every(1s, 60s));
  pass(0s);
  clock.advance(4500ms);
  scheduler->advance();
  ASSERT_EQ(sink.gaps.size(), 1u);
  EXPECT_EQ(sink.gaps[0].from, 2u);
  EXPECT_EQ(sink.gaps[0].to, 5u);
  EXPECT_EQ(sink.gaps[0].reason, GapReason::overlap);
}

TEST_F(Ticks, AWedgedCheckIsNotStarted) {
  Script check;
  check.start = [](check::Run&) {};
  add(check, every(1s, 100ms));
  pass(0s);
  check.wedged = true;
  pass(2500ms);  // cancelled, abandoned; two ticks come while it is stuck
  EXPECT_EQ(check.starts, 1);
  EXPECT_EQ(check.abandons, 1);
  ASSERT_EQ(sink.gaps.size(), 2u);
  EXPECT_EQ(sink.gaps[0].reason, GapReason::wedged);
  EXPECT_EQ(sink.gaps[1].reason, GapReason::wedged);
  check.wedged = false;
  pass(1s);
  EXPECT_EQ(check.starts, 2);
  sink.expect_complete(false);
}

TEST_F(Ticks, SuspendLeavesAGapAndWedgesNothing) {
  Script check;
  add(check, every(1s));
  pass(0s);
  clock.suspend(1h + 500ms);
  pass(1s);
  ASSERT_EQ(sink.gaps.size(), 1u);
  EXPECT_EQ(sink.gaps[0].from, 2u);
  EXPECT_EQ(sink.gaps[0].to, 3601u);
  EXPECT_EQ(sink.gaps[0].reason, GapReason::suspend);
  EXPECT_EQ(sink.reports.back().run, 3602u);
  EXPECT_EQ(sink.reports.back().lateness, Duration(0));
  pass(1s);
  EXPECT_EQ(sink.gaps.size(), 1u);
}

TEST_F(Ticks, SuspendDuringARunIsNoTimeOut) {
  Script check;
  check.start = [](check::Run&) {};
  add(check, every(1s, 500ms));
  pass(0s);
  clock.suspend(10s);
  scheduler->advance();
  EXPECT_EQ(check.cancels, 0);
  check.current->finish(Status::ok);
  EXPECT_EQ(sink.reports.back().run, 1u);
  EXPECT_EQ(sink.reports.back().status, Status::ok);
  sink.expect_complete();
}

TEST_F(Ticks, ShortSleepsAddUp) {
  Script check;
  add(check, every(1s));
  for (int i = 0; i < 30; ++i) {
    clock.suspend(99ms);  // below what is believed at once
    scheduler->advance();
  }
  std::uint64_t asleep = 0;
  for (const auto& g : sink.gaps) asleep += g.to - g.from + 1;
  EXPECT_EQ(asleep, 0u) << "no single sleep was as long as an interval";
  clock.suspend(2s);
  scheduler->advance();
  ASSERT_EQ(sink.gaps.size(), 1u);
  EXPECT_EQ(sink.gaps[0].to - sink.gaps[0].from + 1, 2u);
}

TEST_F(Ticks, StepsOfTheWallClockChangeNothingButTimestamps) {
  Script check;
  add(check, every(1s));
  pass(0s);
  const WallTime before = clock.wall();
  clock.step_wall(-3h);
  pass(2s);
  clock.step_wall(24h);
  pass(2s);
  EXPECT_EQ(sink.reports.size(), 5u);
  EXPECT_TRUE(sink.gaps.empty());
  for (const auto& r : sink.reports) EXPECT_EQ(r.lateness, Duration(0));
  EXPECT_EQ(sink.reports[1].started, before + Duration(1s - 3h).count());
  EXPECT_EQ(sink.reports[4].started, before + Duration(4s + 21h).count());
}

TEST_F(Ticks, AWallClockBefore1970IsBorne) {
  clock.step_wall(Duration(-clock.wall()) - 5h - 1ns);
  Script check;
  const TimePoint now = clock.now();
  add(check, {1s, 500ms, 1s});
  EXPECT_GE(*scheduler->next_wake(), now);
  EXPECT_LT(*scheduler->next_wake(), now + 1s);
}

TEST_F(Ticks, AbsurdTimingsAreBorne) {
  Script zero;
  Script forever;
  zero.start = [](check::Run& run) { run.finish(Status::ok); };
  forever.start = [](check::Run&) {};
  add(zero, {Duration(0), Duration(-1), Duration(-5)}, "zero");
  add(forever, {Duration::max(), Duration::max(), Duration::max()}, "forever");
  pass(10ms);
  EXPECT_GE(zero.starts, 10);
  EXPECT_LE(zero.starts, 11);
  EXPECT_LE(forever.starts, 1);
  sink.expect_complete(false);
}

class Splay : public ScheduleTest {
 protected:
  // The phase of `name` on `host` when the agent starts at the present time.
  Duration phase(const std::string& host, const std::string& name, Duration window,
                 Duration interval = 10s) {
    Script check;
    restart({}, host);
    const TimePoint now = clock.now();
    add(check, {interval, 500ms, window}, name);
    const Duration wait = *scheduler->next_wake() - now;
    EXPECT_GE(wait, Duration(0));
    EXPECT_LT(wait, window);
    return Duration((clock.wall() + wait.count()) % window.count());
  }
};

TEST_F(Splay, IsTheSameAfterEachRestart) {
  const Duration first = phase("web-1", "cpu", 10s);
  for (int i = 0; i < 200; ++i) {
    clock.advance(Duration(1'234'567'891LL * i % 86'400'000'000'000LL));
    ASSERT_EQ(phase("web-1", "cpu", 10s), first);
  }
}

TEST_F(Splay, StaysWithinItsWindowAndSpreadsOverIt) {
  std::vector<int> buckets(10);
  for (int i = 0; i < 1000; ++i) {
    const Duration p = phase("host-" + std::to_string(i), "cpu", 2s, 60s);
    ++buckets[static_cast<std::size_t>(p / 200ms)];
  }
  for (const int n : buckets) EXPECT_NEAR(n, 100, 40);
}

TEST_F(Splay, TheChecksOfAHostShareEightMomentsAndHostsNone) {
  std::set<Duration> web_1;
  std::set<Duration> web_2;
  for (int i = 0; i < 100; ++i) {
    web_1.insert(phase("web-1", "check-" + std::to_string(i), 60s, 60s));
    web_2.insert(phase("web-2", "check-" + std::to_string(i), 60s, 60s));
  }
  EXPECT_EQ(web_1.size(), 8u);
  EXPECT_EQ(web_2.size(), 8u);
  for (const Duration p : web_1) EXPECT_EQ(web_2.count(p), 0u);
  EXPECT_EQ(*std::next(web_1.begin()) - *web_1.begin(), 7500ms);
  // "ab" + "c" is not "a" + "bc".
  EXPECT_NE(phase("ab", "c", 60s, 60s), phase("a", "bc", 60s, 60s));
}

TEST_F(Splay, IsNeverWiderThanTheInterval) {
  Script check;
  for (int i = 0; i < 50; ++i) {
    restart({}, "host-" + std::to_string(i));
    add(check, {1s, 500ms, 1h});
    EXPECT_LT(*scheduler->next_wake() - clock.now(), Duration(1s));
  }
}

TEST_F(Splay, ATinyWindowIsBorne) {
  EXPECT_EQ(phase("web-1", "cpu", 1ns), Duration(0));
}

}  // namespace
}  // namespace virgo::schedule
