// Checks on workers: waiting for a thread, calls that do not come back, the
// quarantine, one at a time.
#include <atomic>
#include <thread>

#include "unit/native/native_world.hpp"

namespace virgo::native {
namespace {

using metric::Status;
using testing::HasSubstr;

class Worker : public NativeTest {
 protected:
  void run_until_busy(unsigned calls) {
    spin_until([&] { return begun >= calls; });
  }
  // A script whose calls stand before `gate`.
  void hold(ScriptedModule& script) {
    script.collect = [this](const virgo_host*, virgo_run) {
      ++begun;
      EXPECT_TRUE(gate.pass());
      return VIRGO_OK;
    };
  }
  std::atomic<unsigned> begun = 0;
  Gate gate;
};

TEST_F(Worker, ARunThatNeverGotAThreadIsWithdrawn) {
  ScriptedModule script(VIRGO_ON_WORKER);
  hold(script);
  auto& type = add(script);
  auto a = make(type, "a");
  auto b = make(type, "b");
  auto c = make(type, "c");
  TestRun ra = new_run();
  TestRun rb = new_run();
  TestRun rc(system_clock().now() - std::chrono::seconds(1));  // is over already
  a->start(ra);
  b->start(rb);
  run_until_busy(2);
  c->start(rc);
  c->cancel(rc);
  EXPECT_EQ(rc.status, Status::timeout);
  EXPECT_THAT(rc.explanation, HasSubstr("for a free worker thread (2 of 2 busy"));
  EXPECT_FALSE(c->wedged());

  TestRun again = new_run();
  c->start(again);
  c->cancel(again);  // long before its deadline: the agent stops
  EXPECT_EQ(again.status, Status::cancelled);
  gate.open();
  run_until_finished(ra);
  run_until_finished(rb);
  EXPECT_EQ(begun, 2u);
}

TEST_F(Worker, AnOverdueCallWedgesItsInstanceUntilItComesBack) {
  LogLines log;
  ScriptedModule script(VIRGO_ON_WORKER);
  hold(script);
  int destroyed = 0;
  script.destroyed = [&] { ++destroyed; };
  auto check = make(add(script), "stuck");
  {
    TestRun run = new_run();
    check->start(run);
    run_until_busy(1);
    check->cancel(run);
    check->abandon(run);
    EXPECT_FALSE(run.status);
  }
  EXPECT_TRUE(check->wedged());
  EXPECT_EQ(pool.load().written_off, 1u);
  gate.open();
  run_until([&] { return !check->wedged(); });
  EXPECT_EQ(pool.load().written_off, 0u);
  EXPECT_THAT(log.all(), testing::Contains(HasSubstr("check 'stuck': its call came back")));

  TestRun next = new_run();
  check->start(next);
  run_until_finished(next);
  EXPECT_EQ(next.status, Status::ok);
  check.reset();
  EXPECT_EQ(destroyed, 1);
}

TEST_F(Worker, EmitFromAnAbandonedCallIsStale) {
  ScriptedModule script(VIRGO_ON_WORKER);
  std::atomic<virgo_status> emitted = VIRGO_OK;
  script.collect = [&](const virgo_host* h, virgo_run run) {
    ++begun;
    EXPECT_TRUE(gate.pass());
    virgo_sample s{};
    s.type = VIRGO_I64;
    emitted = h->run->emit(h, run, &s, 1, sizeof s);
    return VIRGO_OK;
  };
  auto check = make(add(script));
  {
    TestRun run = new_run();
    check->start(run);
    run_until_busy(1);
    check->abandon(run);
  }
  gate.open();
  run_until([&] { return !check->wedged(); });
  EXPECT_EQ(emitted, VIRGO_ERR_STALE);
}

TEST_F(Worker, ADestroyedCheckLeavesAnExecutingInstanceBehind) {
  LogLines log;
  ScriptedModule script(VIRGO_ON_WORKER);
  ScriptedModule::Instance instance{&script, nullptr, 0};  // so that it is no leak
  script.create = [&](void** out) {
    *out = &instance;
    return VIRGO_OK;
  };
  hold(script);
  bool destroyed = false;
  script.destroyed = [&] { destroyed = true; };
  auto check = make(add(script), "stuck");
  TestRun run = new_run();
  check->start(run);
  run_until_busy(1);
  check->abandon(run);
  check.reset();
  EXPECT_FALSE(destroyed);
  EXPECT_THAT(log.all(), testing::Contains(HasSubstr("check 'stuck': a call of its plugin still")));
  gate.open();
  EXPECT_EQ(pool.shutdown(std::chrono::seconds(20)), 0u);
}

// n checks of one module, all of them stuck.
TEST_F(Worker, TooManyOverdueCallsPutTheModuleInQuarantineUntilAllCameBack) {
  LogLines log;
  ScriptedModule script(VIRGO_ON_WORKER);
  hold(script);
  auto& type = add(script);
  auto healthy = make(type, "healthy");
  std::vector<std::unique_ptr<check::Check>> stuck;
  const unsigned limit = agent.options().wedged_limit;
  for (unsigned i = 0; i < limit; ++i) {
    EXPECT_EQ(log.all().size(), 0u);
    stuck.push_back(make(type, "stuck"));
    TestRun run = new_run();
    stuck.back()->start(run);
    run_until_busy(i + 1);
    stuck.back()->abandon(run);
  }
  ASSERT_EQ(log.all().size(), 1u);
  EXPECT_THAT(log.all()[0], HasSubstr("module test.module: quarantined: 4 overdue calls"));

  TestRun refused = new_run();
  healthy->start(refused);
  EXPECT_EQ(refused.status, Status::quarantined);
  EXPECT_THAT(refused.explanation,
              HasSubstr("4 overdue calls of module test.module have not come back"));

  gate.open();
  run_until([&] {
    for (auto& c : stuck)
      if (c->wedged()) return false;
    return true;
  });
  TestRun accepted = new_run();
  healthy->start(accepted);
  run_until_finished(accepted);
  EXPECT_EQ(accepted.status, Status::ok);
  EXPECT_THAT(log.all(), testing::Contains(HasSubstr("all its calls came back")));
}

TEST_F(Worker, SerialModulesRunOneCheckAtATime) {
  ScriptedModule script(VIRGO_ON_WORKER, VIRGO_CHECK_SERIAL);
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  script.collect = [&](const virgo_host*, virgo_run) {
    most = std::max(most.load(), ++inside);
    std::this_thread::yield();
    --inside;
    return VIRGO_OK;
  };
  auto& type = add(script);
  std::vector<std::unique_ptr<check::Check>> checks;
  std::vector<std::unique_ptr<TestRun>> runs;
  for (int i = 0; i < 50; ++i) {
    checks.push_back(make(type));
    runs.push_back(std::make_unique<TestRun>(system_clock().now() + kLong));
    checks.back()->start(*runs.back());
  }
  for (auto& run : runs) {
    run_until_finished(*run);
    EXPECT_EQ(run->status, Status::ok);
  }
  EXPECT_EQ(most, 1);
}

TEST_F(Worker, ASerialCheckThatWaitsCanBeCancelledAbandonedAndDestroyed) {
  ScriptedModule script(VIRGO_ON_WORKER, VIRGO_CHECK_SERIAL);
  hold(script);
  auto& type = add(script);
  auto first = make(type, "first");
  auto cancelled = make(type, "cancelled");
  auto abandoned = make(type, "abandoned");
  auto destroyed = make(type, "destroyed");
  auto last = make(type, "last");
  TestRun r1 = new_run(), r2 = new_run(), r3 = new_run(), r4 = new_run(), r5 = new_run();
  first->start(r1);
  cancelled->start(r2);
  abandoned->start(r3);
  destroyed->start(r4);
  last->start(r5);
  run_until_busy(1);
  cancelled->cancel(r2);
  EXPECT_EQ(r2.status, Status::cancelled);
  EXPECT_THAT(r2.explanation, HasSubstr("another check of module test.module"));
  abandoned->abandon(r3);
  EXPECT_FALSE(abandoned->wedged());
  destroyed.reset();
  gate.open();
  run_until_finished(r1);
  run_until_finished(r5);
  EXPECT_EQ(r5.status, Status::ok);
  EXPECT_EQ(begun, 2u);
}

TEST_F(Worker, OneOverdueCallIsEnoughForASerialModule) {
  ScriptedModule script(VIRGO_ON_WORKER, VIRGO_CHECK_SERIAL);
  hold(script);
  auto& type = add(script);
  auto stuck = make(type, "stuck");
  auto other = make(type, "other");
  auto waiting = make(type, "waiting");
  TestRun r1 = new_run(), r2 = new_run(), r3 = new_run();
  stuck->start(r1);
  run_until_busy(1);
  waiting->start(r3);
  stuck->abandon(r1);
  other->start(r2);
  EXPECT_EQ(r2.status, Status::quarantined);
  gate.open();
  run_until_finished(r3);  // was in line already
  EXPECT_EQ(r3.status, Status::ok);
}

TEST_F(Worker, WorkAfterThePoolHasShutDownIsCancelled) {
  ScriptedModule script(VIRGO_ON_WORKER);
  auto check = make(add(script));
  pool.shutdown({});
  TestRun run = new_run();
  check->start(run);
  EXPECT_EQ(run.status, Status::cancelled);
  EXPECT_FALSE(check->wedged());
}

TEST_F(Worker, ManyThreadsMayEmitAtOnce) {
  ScriptedModule script(VIRGO_ON_LOOP);
  std::vector<std::thread> threads;
  script.collect = [&](const virgo_host* h, virgo_run run) {
    auto left = std::make_shared<std::atomic<int>>(8);
    for (int t = 0; t < 8; ++t)
      threads.emplace_back([=] {
        virgo_sample s{};
        s.type = VIRGO_I64;
        for (int i = 0; i < 100; ++i) EXPECT_EQ(h->run->emit(h, run, &s, 1, sizeof s), VIRGO_OK);
        if (--*left == 0) h->run->complete(h, run, VIRGO_OK);
      });
    return VIRGO_PENDING;
  };
  auto check = make(add(script));
  TestRun run = new_run();
  check->start(run);
  run_until_finished(run);
  for (auto& t : threads) t.join();
  EXPECT_EQ(run.samples().size(), 800u);
}

}  // namespace
}  // namespace virgo::native
