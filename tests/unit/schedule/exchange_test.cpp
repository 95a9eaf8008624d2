// Checks that are replaced, retired and added again while the schedule runs.
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

#include "unit/schedule/schedule_world.hpp"

namespace virgo::schedule {
namespace {

using namespace testing;

class Exchange : public ScheduleTest {
 protected:
  static void never(check::Run&) {}
  void replace(std::size_t number, Script& script) {
    scheduler->replace(number, "lua", std::make_unique<ScriptedCheck>(script));
  }
};

TEST_F(Exchange, TheNextTickIsTheNewOnes) {
  Script old;
  Script fresh;
  add(old, every(1s));
  pass(2500ms);
  EXPECT_EQ(old.starts, 3);
  replace(0, fresh);
  EXPECT_EQ(old.destroyed, 1);
  EXPECT_STREQ(scheduler->identity(0).runtime, "lua");
  pass(2s);
  EXPECT_EQ(old.starts, 3);
  EXPECT_EQ(fresh.starts, 2);
  sink.expect_complete();
  EXPECT_EQ(sink.ticks("check"), 5u);
  EXPECT_TRUE(sink.gaps.empty());
}

TEST_F(Exchange, AnOpenRunEndsWithTheOldOne) {
  Script old;
  Script fresh;
  old.start = never;
  add(old, every(1s));
  pass(100ms);
  replace(0, fresh);
  EXPECT_EQ(old.destroyed, 0);
  EXPECT_EQ(old.cancels, 0);
  old.current->finish(Status::ok);
  EXPECT_EQ(old.destroyed, 0) << "not from within its own call";
  pass(0ms);
  EXPECT_EQ(old.destroyed, 1);
  pass(1s);
  EXPECT_EQ(fresh.starts, 1);
  EXPECT_TRUE(sink.gaps.empty());
  sink.expect_complete();
}

TEST_F(Exchange, OtherTimesCountFromNowOn) {
  Script check;
  add(check, every(10s));
  pass(15s);
  EXPECT_EQ(check.starts, 2);
  scheduler->set_timing(0, every(1s));
  pass(2500ms);
  EXPECT_EQ(check.starts, 5);
  EXPECT_EQ(check.destroyed, 0);

  // An open run keeps its deadline.
  check.start = never;
  check.cancel = [](check::Run& run) { run.finish(Status::cancelled); };
  pass(600ms);
  scheduler->set_timing(0, every(1s, 100ms));
  pass(300ms);
  EXPECT_EQ(check.cancels, 0);
  pass(200ms);
  EXPECT_EQ(check.cancels, 1);
  sink.expect_complete();
}

TEST_F(Exchange, ARetiredOneIsNotRunAndItsOpenRunIsCancelled) {
  Script check;
  Script other;
  check.start = never;
  check.cancel = [](check::Run& run) { run.finish(Status::cancelled); };
  add(check, every(1s));
  add(other, every(1s), "other");
  pass(100ms);
  scheduler->retire(0);
  EXPECT_FALSE(scheduler->live(0));
  EXPECT_EQ(check.cancels, 1);
  EXPECT_EQ(check.destroyed, 1);
  EXPECT_FALSE(scheduler->suspension(0).has_value());
  pass(10s);
  EXPECT_EQ(check.starts, 1);
  EXPECT_EQ(other.starts, 11);
  ASSERT_FALSE(sink.reports.empty());
  EXPECT_EQ(sink.reports[1].status, Status::cancelled);
  EXPECT_EQ(sink.reports[1].explanation, "the check was removed");
  sink.expect_complete();
}

TEST_F(Exchange, ARetiredOneThatDoesNotEndIsAbandoned) {
  Script check;
  check.start = never;
  add(check, every(1s));
  pass(100ms);
  scheduler->retire(0);
  EXPECT_EQ(check.destroyed, 0);
  pass(1s);
  EXPECT_EQ(check.abandons, 1);
  EXPECT_EQ(check.destroyed, 1);
  EXPECT_EQ(scheduler->next_wake(), std::nullopt);
}

TEST_F(Exchange, OneThatComesAgainCountsOn) {
  Script first;
  add(first, every(1s));
  pass(2500ms);
  for (int i = 0; i < 5; ++i) {
    scheduler->retire(0);
    pass(1s);
    Script again;
    EXPECT_EQ(add(again, every(1s)), 0u);
    EXPECT_TRUE(scheduler->live(0));
    pass(1500ms);
    EXPECT_EQ(again.starts, 2);
    Script none;
    replace(0, none);
    pass(100ms);
  }
  sink.expect_complete();
  EXPECT_EQ(sink.ticks("check"), 13u);
  EXPECT_EQ(scheduler->size(), 1u);
}

TEST_F(Exchange, ItComesAgainWhileItsLastRunIsOpen) {
  Script old;
  Script fresh;
  old.start = never;
  add(old, every(1s));
  pass(100ms);
  scheduler->retire(0);
  add(fresh, every(1s));
  pass(2s);
  EXPECT_EQ(old.destroyed, 1);
  EXPECT_GE(fresh.starts, 1);
  sink.expect_complete();
}

// Its code still executes: it is left where it is.
TEST_F(Exchange, AWedgedOneIsNotDestroyed) {
#ifdef __SANITIZE_ADDRESS__
  const __lsan::ScopedDisabler meant;  // it is leaked on purpose
#endif
  Script old;
  Script fresh;
  add(old, every(1s));
  pass(100ms);
  old.wedged = true;
  replace(0, fresh);
  pass(1s);
  EXPECT_EQ(old.destroyed, 0);
  EXPECT_EQ(fresh.starts, 1);
}

TEST_F(Exchange, AQuarantinedOneIsTriedAgain) {
  const virgo::testing::LogCapture log;
  Script slow;
  slow.start = [this](check::Run& run) {
    clock.advance(200ms);
    run.finish(Status::ok);
  };
  add(slow, every(1s));
  pass(6s);
  ASSERT_TRUE(scheduler->stats(0).quarantined);
  scheduler->forgive(0);
  const int starts = slow.starts;
  pass(6s);
  EXPECT_EQ(slow.starts, starts + 5) << "it has all its strikes again";
  ASSERT_TRUE(scheduler->stats(0).quarantined);
  Script fresh;
  replace(0, fresh);
  pass(1s);
  EXPECT_FALSE(scheduler->stats(0).quarantined);
  EXPECT_EQ(fresh.starts, 1);
}

}  // namespace
}  // namespace virgo::schedule
