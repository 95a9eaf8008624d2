// What becomes of runs: timeouts, quarantine, limits, stop, re-entrancy.
#include "unit/schedule/schedule_world.hpp"

namespace virgo::schedule {
namespace {

using namespace testing;

class Runs : public ScheduleTest {
 protected:
  static void never(check::Run&) {}
};

TEST_F(Runs, ATimeOutCancelsThenAbandons) {
  Script check;
  check.start = never;
  add(check, every(10s, 500ms));
  pass(500ms - 1ns);
  EXPECT_EQ(check.cancels, 0);
  pass(1ns);
  EXPECT_EQ(check.cancels, 1);
  EXPECT_EQ(scheduler->open_runs(), 1u);
  pass(250ms - 1ns);
  EXPECT_EQ(check.abandons, 0);
  EXPECT_TRUE(sink.reports.empty());
  pass(1ns);
  EXPECT_EQ(check.abandons, 1);
  EXPECT_EQ(scheduler->open_runs(), 0u);
  ASSERT_EQ(sink.reports.size(), 1u);
  EXPECT_EQ(sink.reports[0].status, Status::timeout);
  EXPECT_EQ(sink.reports[0].explanation, "not finished within 500ms, nor in the 250ms after it");
  EXPECT_EQ(sink.reports[0].duration, Duration(750ms));
  EXPECT_EQ(scheduler->stats(0).timeouts, 1u);
  pass(10s);
  EXPECT_EQ(check.starts, 2);
}

TEST_F(Runs, FinishingInTimeDisarmsTheDeadline) {
  Script check;
  check.start = never;
  add(check, every(10s, 500ms));
  pass(499ms);
  check.current->finish(Status::ok);
  EXPECT_EQ(scheduler->next_wake(), clock.now() - 499ms + 10s);
  pass(5s);
  EXPECT_EQ(check.cancels, 0);
  EXPECT_EQ(sink.reports[0].status, Status::ok);
  EXPECT_EQ(sink.reports[0].duration, Duration(499ms));
}

TEST_F(Runs, FinishingInsideCancelIsATimeOut) {
  Script check;
  check.start = never;
  check.cancel = [](check::Run& run) { run.finish(Status::cancelled); };
  add(check, every(10s, 500ms));
  pass(5s);
  EXPECT_EQ(check.cancels, 1);
  EXPECT_EQ(check.abandons, 0);
  ASSERT_EQ(sink.reports.size(), 1u);
  EXPECT_EQ(sink.reports[0].status, Status::timeout);
  EXPECT_EQ(sink.reports[0].explanation, "not finished within 500ms");
}

TEST_F(Runs, FinishingInTheGracePeriodIsATimeOutToo) {
  Script check;
  check.start = never;
  add(check, every(10s, 500ms));
  pass(700ms);
  check.current->explain("halfway");
  check.current->finish(Status::ok);
  ASSERT_EQ(sink.reports.size(), 1u);
  EXPECT_EQ(sink.reports[0].status, Status::timeout);
  EXPECT_EQ(sink.reports[0].explanation, "halfway");
  pass(1s);
  EXPECT_EQ(check.abandons, 0);
}

TEST_F(Runs, AFailureInTheGracePeriodKeepsItsStatus) {
  Script check;
  check.start = never;
  add(check, every(10s, 500ms));
  pass(600ms);
  check.current->explain("the disk is on fire");
  check.current->finish(Status::failed);
  EXPECT_EQ(sink.reports[0].status, Status::failed);
  EXPECT_EQ(sink.reports[0].explanation, "the disk is on fire");
}

TEST_F(Runs, FinishingInsideAbandonCountsOnce) {
  Script check;
  check.start = never;
  check.abandon = [](check::Run& run) { run.finish(Status::ok); };
  add(check, every(10s, 500ms));
  pass(5s);
  EXPECT_EQ(sink.reports.size(), 1u);
  EXPECT_EQ(scheduler->open_runs(), 0u);
  sink.expect_complete();
}

// While the loop is held up, a result may be waiting to be read already.
TEST_F(Runs, AHeldUpLoopStillGivesTheGracePeriod) {
  Script check;
  check.start = never;
  add(check, every(60s, 500ms));
  pass(0s);
  clock.advance(5s);
  scheduler->advance();
  EXPECT_EQ(check.cancels, 1);
  EXPECT_EQ(check.abandons, 0);
  EXPECT_EQ(scheduler->next_wake(), clock.now() + 250ms);
  check.current->finish(Status::ok);
  EXPECT_EQ(sink.reports.size(), 1u);
}

TEST_F(Runs, ATimeOutLongerThanTheIntervalSkipsTicks) {
  Script check;
  check.start = never;
  add(check, every(1s, 2500ms));
  pass(10s);
  sink.expect_complete(false);
  EXPECT_EQ(check.starts, 4);  // at 0, 3, 6 and 9
  EXPECT_EQ(sink.gaps.size(), 7u);
}

TEST_F(Runs, WithoutGraceAbandonFollowsAtOnce) {
  Policy policy;
  policy.grace = Duration(0);
  restart(policy);
  Script check;
  check.start = never;
  add(check, every(10s, 500ms));
  pass(500ms);
  EXPECT_EQ(check.cancels, 1);
  EXPECT_EQ(check.abandons, 1);
}

TEST_F(Runs, QuarantineAfterExactlySoManyStrikes) {
  const virgo::testing::LogCapture log;
  Script check;
  check.start = [&](check::Run& run) {
    clock.advance(101ms);
    run.finish(Status::ok);
  };
  add(check, every(1s), "hog");
  pass(3s + 500ms);  // four runs
  EXPECT_FALSE(scheduler->stats(0).quarantined);
  pass(1s);  // the fifth
  EXPECT_TRUE(scheduler->stats(0).quarantined);
  EXPECT_EQ(log.count("quarantined"), 1u);
  EXPECT_EQ(log.count("check 'hog' held the event loop for 101 ms"), 3u);  // 1st, 2nd, 4th time
  EXPECT_EQ(check.starts, 5);
  pass(3s);
  EXPECT_EQ(check.starts, 5) << "not run any more";
  ASSERT_EQ(sink.reports.size(), 8u);
  EXPECT_EQ(sink.reports[4].status, Status::ok);
  EXPECT_EQ(sink.reports[5].status, Status::quarantined);
  EXPECT_EQ(sink.reports[5].explanation,
            "quarantined: it held the event loop longer than 100ms in 5 runs in succession (the "
            "longest 101ms); restart the agent to try it again");
  EXPECT_EQ(scheduler->stats(0).over_budget, 5u);
  EXPECT_EQ(scheduler->stats(0).max_loop_hold, Duration(101ms));
  sink.expect_complete();
}

TEST_F(Runs, StrikesMustBeInSuccession) {
  const virgo::testing::LogCapture quiet;
  Script check;
  int n = 0;
  check.start = [&](check::Run& run) {
    clock.advance(++n % 5 == 0 ? 100ms : 101ms);  // the limit itself is no strike
    run.finish(Status::ok);
  };
  add(check, every(1s));
  pass(30s);
  EXPECT_FALSE(scheduler->stats(0).quarantined);
}

// What an asynchronous check does between start() and finish() counts as well: once
// per run, however often it does it.
TEST_F(Runs, TheTimeOfCallbacksIsHeldAgainstACheck) {
  const virgo::testing::LogCapture quiet;
  Script check;
  check.start = [&](check::Run& run) {
    run.held_loop(101ms);
    run.held_loop(150ms);
    run.held_loop(1ms);
    run.finish(Status::ok);
  };
  add(check, every(1s));
  pass(3s + 500ms);  // four runs
  EXPECT_FALSE(scheduler->stats(0).quarantined);
  EXPECT_EQ(scheduler->stats(0).over_budget, 8u);
  pass(1s);
  EXPECT_TRUE(scheduler->stats(0).quarantined);
  EXPECT_EQ(scheduler->stats(0).max_loop_hold, Duration(150ms));
}

TEST_F(Runs, ABudgetAboveTheStrikeDoesNotPreventQuarantine) {
  const virgo::testing::LogCapture quiet;
  Policy policy;
  policy.loop_budget = 1s;
  policy.loop_strike = 10ms;
  policy.strikes = 2;
  restart(policy);
  Script check;
  check.start = [&](check::Run& run) {
    clock.advance(20ms);
    run.finish(Status::ok);
  };
  add(check, every(1s));
  pass(5s);
  EXPECT_EQ(check.starts, 2);
  EXPECT_TRUE(scheduler->stats(0).quarantined);
}

TEST_F(Runs, OnlyTheTimeInsideStartIsHeldAgainstACheck) {
  Script slow;
  slow.start = [&](check::Run&) { clock.advance(4ms); };
  add(slow, every(1s), "slow");
  pass(0s);
  clock.advance(300ms);
  slow.current->finish(Status::ok);
  EXPECT_EQ(scheduler->stats(0).max_loop_hold, Duration(4ms));
  EXPECT_EQ(scheduler->stats(0).over_budget, 0u);
}

TEST_F(Runs, RefusedSamplesAreExplained) {
  Policy policy;
  policy.samples.samples = 2;
  restart(policy);
  static const metric::MetricInfo kInfo{"m", "", "", metric::Kind::gauge, metric::Type::f64};
  Script check;
  std::string own;
  Status status = Status::ok;
  check.start = [&](check::Run& run) {
    for (int i = 0; i < 5; ++i) run.samples().add(kInfo, metric::Value::of(1.0), {});
    if (!own.empty()) run.explain(own);
    run.finish(status);
  };
  add(check, every(1s));
  pass(0s);
  EXPECT_EQ(sink.reports[0].status, Status::limit);
  EXPECT_EQ(sink.reports[0].samples, 2u);
  EXPECT_EQ(
      sink.reports[0].explanation,
      "3 samples were refused: at most 2 per run (limits.samples_per_run), each with at most 16 "
      "labels and texts of at most 1024 bytes; the first 2 were kept");
  own = "its own words";
  pass(1s);
  EXPECT_EQ(sink.reports[1].status, Status::limit);
  EXPECT_EQ(sink.reports[1].explanation, own);
  status = Status::failed;
  pass(1s);
  EXPECT_EQ(sink.reports[2].status, Status::failed);
}

TEST_F(Runs, EachRunStartsWithNothing) {
  static const metric::MetricInfo kInfo{"m", "", "", metric::Kind::gauge, metric::Type::f64};
  Policy policy;
  policy.samples.samples = 1;
  restart(policy);
  Script check;
  int n = 0;
  check.start = [&](check::Run& run) {
    EXPECT_EQ(run.samples().size(), 0u);
    EXPECT_EQ(run.samples().refused(), 0u);
    if (n++ == 0) {
      for (int i = 0; i < 3; ++i) run.samples().add(kInfo, metric::Value::of(1.0), {});
      run.explain("only of the first");
    }
    run.finish(Status::ok);
  };
  add(check, every(1s));
  pass(2s);
  EXPECT_EQ(sink.reports[1].status, Status::ok);
  EXPECT_EQ(sink.reports[1].explanation, "");
  EXPECT_EQ(sink.reports[1].samples, 0u);
}

TEST_F(Runs, LongExplanationsAreCutBetweenCharacters) {
  Script check;
  std::string text;
  check.start = [&](check::Run& run) {
    run.explain(text);
    run.finish(Status::failed);
  };
  add(check, every(1s));
  text = std::string(1024, 'x');
  pass(0s);
  EXPECT_EQ(sink.reports.back().explanation, text);
  text = std::string(1023, 'x') + "\xc3\xbc";
  pass(1s);
  EXPECT_EQ(sink.reports.back().explanation, std::string(1023, 'x'));
  text = "not UTF-8: \xff";
  pass(1s);
  EXPECT_EQ(sink.reports.back().explanation, "not UTF-8: \xef\xbf\xbd");
}

TEST_F(Runs, StatsAreKeptPerCheck) {
  Script a;
  Script b;
  a.start = [&](check::Run& run) {
    clock.advance(2ms);
    run.finish(Status::ok);
  };
  add(a, every(1s), "a");
  add(b, every(1s), "b");
  pass(0s);
  EXPECT_EQ(scheduler->size(), 2u);
  EXPECT_EQ(scheduler->identity(1).check, "b");
  EXPECT_EQ(scheduler->stats(0).runs, 1u);
  EXPECT_EQ(scheduler->stats(0).last_duration, Duration(2ms));
  EXPECT_EQ(scheduler->stats(1).last_duration, Duration(0));
  EXPECT_EQ(scheduler->stats(1).last_lateness, Duration(2ms));
  pass(1s);
  EXPECT_EQ(scheduler->stats(1).max_lateness, Duration(2ms));
}

TEST_F(Runs, TheWorstJudgementCountsAndOfEqualOnesTheFirst) {
  using metric::Health;
  Script script;
  int n = 0;
  script.start = [&](check::Run& run) {
    switch (++n) {
      case 1:
        run.judge(Health::warn, "nearly full");
        run.judge(Health::unknown, "cannot tell");
        run.judge(Health::ok, "fine");
        break;
      case 2:
        run.judge(Health::unknown, "cannot tell");
        run.judge(Health::critical, "full");
        run.judge(Health::critical, "very full");
        break;
      case 3:
        run.judge(Health::none, "nothing");
        break;
      default:
        run.judge(Health::ok, std::string(5000, 'x'));
    }
    run.finish(Status::ok);
  };
  add(script, every(1s));
  pass(3s);
  ASSERT_EQ(sink.reports.size(), 4u);
  EXPECT_EQ(sink.reports[0].health, Health::unknown);
  EXPECT_EQ(sink.reports[0].health_reason, "cannot tell");
  EXPECT_EQ(sink.reports[1].health, Health::critical);
  EXPECT_EQ(sink.reports[1].health_reason, "full");
  EXPECT_EQ(sink.reports[2].health, Health::none);
  EXPECT_EQ(sink.reports[2].health_reason, "");
  EXPECT_EQ(sink.reports[3].health, Health::ok);
  EXPECT_EQ(sink.reports[3].health_reason.size(), 1024u);
}

TEST_F(Runs, ASuspensionIsTheChecksOwnOrTheQuarantine) {
  Script script;
  const std::size_t number = add(script, every(1s));
  EXPECT_FALSE(scheduler->suspension(number));
  script.suspension = check::Suspension{"lua_memory", "8MiB", clock.now() + 30s, 3};
  ASSERT_TRUE(scheduler->suspension(number));
  EXPECT_EQ(scheduler->suspension(number)->limit, "lua_memory");
  script.suspension.reset();

  script.start = [&](check::Run& run) {
    clock.advance(300ms);
    run.finish(Status::ok);
  };
  pass(6s);
  const auto quarantine = scheduler->suspension(number);
  ASSERT_TRUE(quarantine);
  EXPECT_EQ(quarantine->limit, "100ms of the event loop");
  EXPECT_EQ(quarantine->value, "300ms");
  EXPECT_EQ(quarantine->until, TimePoint::max());
  EXPECT_EQ(quarantine->strikes, 5u);
  EXPECT_TRUE(scheduler->stats(number).reported);
  EXPECT_EQ(scheduler->stats(number).last_status, Status::quarantined);
}

TEST_F(Runs, ACheckMayAddAnotherFromItsStart) {
  Script second;
  Script first;
  first.start = [&](check::Run& run) {
    if (first.starts == 1)
      for (int i = 0; i < 50; ++i) add(second, every(1s), "second-" + std::to_string(i));
    run.finish(Status::ok);
  };
  add(first, every(1s), "first");
  pass(0s);
  EXPECT_EQ(second.starts, 50);
  pass(1s);
  EXPECT_EQ(second.starts, 100);
}

// So that results of other runs are read before they count as late.
TEST_F(Runs, SlowChecksLeaveTheLoopATurnBetweenThem) {
  const virgo::testing::LogCapture quiet;
  Script slow[3];
  for (int i = 0; i < 3; ++i) {
    slow[i].start = [this](check::Run& run) {
      clock.advance(21ms);
      run.finish(Status::ok);
    };
    add(slow[i], every(10s), "slow-" + std::to_string(i));
  }
  for (std::size_t turn = 1; turn <= 3; ++turn) {
    EXPECT_LE(*scheduler->next_wake(), clock.now());
    scheduler->advance();
    EXPECT_EQ(sink.reports.size(), turn);
  }
  EXPECT_GT(*scheduler->next_wake(), clock.now());
  EXPECT_EQ(sink.reports[2].lateness, Duration(42ms));
}

TEST_F(Runs, AdvanceFromACheckDoesNothing) {
  Script inner;
  Script outer;
  outer.start = [&](check::Run& run) {
    scheduler->advance();
    EXPECT_EQ(inner.starts, 0);
    run.finish(Status::ok);
    scheduler->advance();
    EXPECT_EQ(inner.starts, 0);
  };
  add(outer, every(1s), "outer");
  add(inner, every(1s), "inner");
  pass(0s);
  EXPECT_EQ(inner.starts, 1);
}

TEST_F(Runs, OneCheckMayFinishAnothersRun) {
  Script waiting;
  Script other;
  waiting.start = never;
  other.start = [&](check::Run& run) {
    waiting.current->finish(Status::ok);
    run.finish(Status::ok);
  };
  add(waiting, every(10s, 5s), "waiting");
  add(other, every(10s, 5s), "other");
  const TimePoint begin = clock.now();
  pass(0s);
  EXPECT_EQ(sink.reports.size(), 2u);
  EXPECT_EQ(scheduler->open_runs(), 0u);
  EXPECT_EQ(scheduler->next_wake(), begin + 10s);
}

TEST_F(Runs, TellsWhenTheWakeUpChangedOutsideOfAdvance) {
  int changed = 0;
  scheduler->on_wake_changed([&] { ++changed; });
  Script check;
  check.start = never;
  add(check, every(10s, 500ms));
  EXPECT_EQ(changed, 1);
  pass(0s);
  EXPECT_EQ(changed, 1) << "whoever calls advance() asks anyway";
  check.current->finish(Status::ok);  // the deadline is no longer the next thing
  EXPECT_EQ(changed, 2);
  scheduler->stop([] {});
  EXPECT_EQ(changed, 3);
  EXPECT_EQ(scheduler->next_wake(), std::nullopt);
}

TEST_F(Runs, AThousandChecksSkipNothing) {
  std::vector<std::unique_ptr<Script>> scripts;
  for (int i = 0; i < 1000; ++i) {
    scripts.push_back(std::make_unique<Script>());
    add(*scripts.back(), {1s, 500ms, 1s}, "check-" + std::to_string(i));
  }
  pass(20s);
  EXPECT_TRUE(sink.gaps.empty());
  EXPECT_EQ(sink.reports.size(), 20'000u);
  for (const auto& r : sink.reports) ASSERT_EQ(r.lateness, Duration(0));
  sink.expect_complete();
}

using RunsDeathTest = Runs;

TEST_F(RunsDeathTest, FinishingARunThatIsNotOpenAbortsWithTheChecksName) {
  EXPECT_DEATH(
      {
        Script check;
        add(check, every(1s), "culprit");
        pass(0s);
        check.current->finish(Status::ok);
      },
      "check 'culprit' finished a run that is not open");
}

class Stop : public ScheduleTest {
 protected:
  static void never(check::Run&) {}
  bool idle = false;
  std::function<void()> told = [this] { idle = true; };
};

TEST_F(Stop, IsIdleAtOnceWhenNothingRuns) {
  Script check;
  add(check, every(1s));
  pass(0s);
  scheduler->stop(told);
  EXPECT_TRUE(idle);
  EXPECT_EQ(scheduler->next_wake(), std::nullopt);
  clock.advance(10s);
  scheduler->advance();
  EXPECT_EQ(check.starts, 1);
  EXPECT_TRUE(sink.gaps.empty());
}

TEST_F(Stop, CancelsAndWaitsForOpenRuns) {
  Script check;
  check.start = never;
  add(check, every(60s, 30s));
  pass(1s);
  scheduler->stop(told);
  EXPECT_EQ(check.cancels, 1);
  EXPECT_FALSE(idle);
  check.current->finish(Status::ok);
  EXPECT_TRUE(idle);
  ASSERT_EQ(sink.reports.size(), 1u);
  EXPECT_EQ(sink.reports[0].status, Status::cancelled);
  EXPECT_EQ(sink.reports[0].explanation, "the agent stopped");
  EXPECT_EQ(scheduler->next_wake(), std::nullopt);
}

TEST_F(Stop, AbandonsAfterTheGracePeriod) {
  Script check;
  check.start = never;
  add(check, every(60s, 30s));
  pass(1s);
  scheduler->stop(told);
  pass(250ms - 1ns);
  EXPECT_FALSE(idle);
  pass(1ns);
  EXPECT_TRUE(idle);
  EXPECT_EQ(check.abandons, 1);
  EXPECT_EQ(sink.reports.at(0).status, Status::cancelled);
}

TEST_F(Stop, TellsIdleAfterTheLastReport) {
  Script a;
  Script b;
  a.start = b.start = never;
  a.cancel = b.cancel = [](check::Run& run) { run.finish(Status::cancelled); };
  add(a, every(60s, 30s), "a");
  add(b, every(60s, 30s), "b");
  pass(1s);
  std::size_t reports_then = 0;
  unsigned open_then = 99;
  scheduler->stop([&] {
    reports_then = sink.reports.size();
    open_then = scheduler->open_runs();
  });
  EXPECT_EQ(reports_then, 2u);
  EXPECT_EQ(open_then, 0u);
}

TEST_F(Stop, ARunThatTimedOutBeforeStaysATimeOut) {
  Script check;
  check.start = never;
  add(check, every(60s, 500ms));
  pass(600ms);
  scheduler->stop(told);
  EXPECT_EQ(check.cancels, 1);
  pass(1s);
  EXPECT_TRUE(idle);
  EXPECT_EQ(sink.reports.at(0).status, Status::timeout);
}

TEST_F(Stop, FromWithinACheckTakesEffectAfterwards) {
  Script stopper;
  Script bystander;
  bystander.start = never;
  stopper.start = [&](check::Run&) {
    scheduler->stop(told);
    EXPECT_EQ(stopper.cancels, 0) << "cancelled in the middle of start()";
    EXPECT_EQ(bystander.cancels, 0);
  };
  add(bystander, every(60s, 30s), "bystander");
  clock.advance(1ns);
  add(stopper, every(60s, 30s), "stopper");
  Script late;
  clock.advance(1ns);
  add(late, every(60s, 30s), "late");
  pass(0s);
  EXPECT_EQ(stopper.cancels, 1);
  EXPECT_EQ(bystander.cancels, 1);
  EXPECT_EQ(late.starts, 0);
  EXPECT_FALSE(idle);
  pass(1s);
  EXPECT_TRUE(idle);
}

TEST_F(Stop, FromWithinTheLastFinishIsTold) {
  Script check;
  check.start = [&](check::Run& run) { run.finish(Status::ok); };
  sink.on_report = [&](const metric::Report&) { scheduler->stop(told); };
  add(check, every(1s));
  pass(5s);
  EXPECT_TRUE(idle);
  EXPECT_EQ(check.starts, 1);
}

TEST_F(Stop, TwiceIsHarmless) {
  Script check;
  check.start = never;
  add(check, every(60s, 30s));
  pass(0s);
  int first = 0;
  int second = 0;
  scheduler->stop([&] { ++first; });
  scheduler->stop([&] { ++second; });
  EXPECT_EQ(check.cancels, 1);
  pass(1s);
  EXPECT_EQ(first, 0);
  EXPECT_EQ(second, 1);
  scheduler->stop([&] { ++first; });
  EXPECT_EQ(first, 1);
}

TEST_F(Stop, ChecksAddedAfterwardsDoNotRun) {
  scheduler->stop(told);
  Script check;
  add(check, every(1s));
  EXPECT_EQ(scheduler->next_wake(), std::nullopt);
  pass(5s);
  EXPECT_EQ(check.starts, 0);
}

TEST_F(Stop, DestructionAbandonsWithoutAReport) {
  Script quiet;
  Script loud;
  quiet.start = loud.start = never;
  loud.abandon = [](check::Run& run) { run.finish(Status::ok); };
  add(quiet, every(60s, 30s), "quiet");
  add(loud, every(60s, 30s), "loud");
  pass(1s);
  scheduler.reset();
  EXPECT_EQ(quiet.abandons, 1);
  EXPECT_EQ(loud.abandons, 1);
  EXPECT_EQ(quiet.destroyed, 1);
  EXPECT_TRUE(sink.reports.empty());
}

TEST_F(Stop, AWedgedCheckIsNotDestroyed) {
  Script stuck;
  stuck.start = never;
  auto owned = std::make_unique<ScriptedCheck>(stuck);
  ScriptedCheck* check = owned.get();
  scheduler->add({"stuck", "t", "native"}, std::move(owned), every(60s, 100ms));
  pass(1s);
  stuck.wedged = true;
  scheduler.reset();
  EXPECT_EQ(stuck.destroyed, 0);
  delete check;  // its call has come back, so to speak
}

}  // namespace
}  // namespace virgo::schedule
