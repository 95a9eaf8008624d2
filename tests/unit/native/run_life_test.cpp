// The life of a run: how it begins, how it may end, and that late words change
// nothing.
#include <atomic>
#include <thread>

#include "unit/native/native_world.hpp"

namespace virgo::native {
namespace {

using metric::Status;

virgo_status emit_one(const virgo_host* host, virgo_run run, std::int64_t value) {
  virgo_sample s{};
  s.type = VIRGO_I64;
  s.value.i64 = value;
  return host->run->emit(host, run, &s, 1, sizeof s);
}

class RunLife : public NativeTest, public testing::WithParamInterface<std::uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Threads, RunLife, testing::Values(VIRGO_ON_LOOP, VIRGO_ON_WORKER),
                         [](const auto& i) {
                           return i.param == VIRGO_ON_LOOP ? "loop" : "worker";
                         });

TEST_P(RunLife, OkEndsItWithItsSamples) {
  ScriptedModule script(GetParam());
  script.collect = [](const virgo_host* host, virgo_run run) {
    EXPECT_EQ(emit_one(host, run, 7), VIRGO_OK);
    EXPECT_EQ(host->run->explain(host, run, virgo_cstr("fine")), VIRGO_OK);
    EXPECT_GT(host->run->time_left(host, run), 0u);
    return VIRGO_OK;
  };
  auto check = make(add(script));
  for (int i = 0; i < 3; ++i) {
    TestRun run = new_run();
    check->start(run);
    run_until_finished(run);
    EXPECT_EQ(run.status, Status::ok);
    EXPECT_EQ(run.explanation, "fine");
    ASSERT_EQ(run.samples().size(), 1u);
    EXPECT_EQ(run.samples().value(0).i64, 7);
    EXPECT_EQ(run.samples().metric(0).name, "test.value");
  }
}

TEST_P(RunLife, EachStatusIsReportedAsWhatItMeans) {
  const std::pair<virgo_status, Status> cases[] = {{VIRGO_ERR_FAILED, Status::failed},
                                                   {VIRGO_ERR_INVALID, Status::invalid},
                                                   {VIRGO_ERR_UNSUPPORTED, Status::unsupported},
                                                   {VIRGO_ERR_NO_MEMORY, Status::failed},
                                                   {VIRGO_ERR_UNREACHABLE, Status::unreachable},
                                                   {VIRGO_ERR_TIMEOUT, Status::timeout},
                                                   {VIRGO_ERR_CANCELLED, Status::cancelled},
                                                   {VIRGO_ERR_LIMIT, Status::limit},
                                                   {-1000, Status::failed},
                                                   {1000, Status::ok}};
  ScriptedModule script(GetParam());
  virgo_status answer = VIRGO_OK;
  script.collect = [&](const virgo_host*, virgo_run) { return answer; };
  auto check = make(add(script));
  for (const auto& [status, reported] : cases) {
    answer = status;
    TestRun run = new_run();
    check->start(run);
    run_until_finished(run);
    EXPECT_EQ(run.status, reported) << status;
  }
}

TEST_P(RunLife, PendingEndsWithCompleteFromAnotherThread) {
  ScriptedModule script(GetParam());
  Gate returned;
  std::thread other;
  script.collect = [&](const virgo_host* host, virgo_run run) {
    other = std::thread([&, host, run] {
      ASSERT_TRUE(returned.pass());
      EXPECT_EQ(emit_one(host, run, 1), VIRGO_OK);
      EXPECT_EQ(host->run->complete(host, run, VIRGO_PENDING), VIRGO_ERR_INVALID);
      EXPECT_EQ(host->run->complete(host, run, VIRGO_ERR_UNREACHABLE), VIRGO_OK);
    });
    return VIRGO_PENDING;
  };
  auto check = make(add(script));
  TestRun run = new_run();
  check->start(run);
  EXPECT_FALSE(run.status);
  returned.open();
  run_until_finished(run);
  other.join();
  EXPECT_EQ(run.status, Status::unreachable);
  EXPECT_EQ(run.samples().size(), 1u);
}

TEST_P(RunLife, CompleteBeforeTheReturnWinsOverIt) {
  ScriptedModule script(GetParam());
  virgo_status returned = VIRGO_OK;
  script.collect = [&](const virgo_host* host, virgo_run run) {
    EXPECT_EQ(host->run->complete(host, run, VIRGO_ERR_UNREACHABLE), VIRGO_OK);
    return returned;
  };
  auto check = make(add(script));
  for (const virgo_status r : {VIRGO_OK, VIRGO_PENDING, VIRGO_ERR_FAILED}) {
    returned = r;
    TestRun run = new_run();
    check->start(run);
    run_until_finished(run);
    EXPECT_EQ(run.status, Status::unreachable);
  }
}

TEST_P(RunLife, WhatComesAfterCompleteIsStale) {
  ScriptedModule script(GetParam());
  script.collect = [](const virgo_host* host, virgo_run run) {
    EXPECT_EQ(host->run->complete(host, run, VIRGO_OK), VIRGO_OK);
    EXPECT_EQ(host->run->complete(host, run, VIRGO_ERR_FAILED), VIRGO_ERR_STALE);
    EXPECT_EQ(emit_one(host, run, 1), VIRGO_ERR_STALE);
    EXPECT_EQ(host->run->explain(host, run, virgo_cstr("late")), VIRGO_ERR_STALE);
    EXPECT_EQ(host->run->time_left(host, run), 0u);
    return VIRGO_OK;
  };
  auto check = make(add(script));
  TestRun run = new_run();
  check->start(run);
  run_until_finished(run);
  EXPECT_EQ(run.status, Status::ok);
  EXPECT_EQ(run.samples().size(), 0u);
  EXPECT_EQ(run.explanation, "");
}

TEST_P(RunLife, AHandleOfAnEarlierRunDoesNotReachTheNext) {
  ScriptedModule script(GetParam());
  virgo_run first = 0;
  script.collect = [&](const virgo_host* host, virgo_run run) {
    if (first == 0) {
      first = run;
      return VIRGO_OK;
    }
    EXPECT_NE(run, first);
    EXPECT_EQ(emit_one(host, first, 1), VIRGO_ERR_STALE);
    EXPECT_EQ(host->run->complete(host, first, VIRGO_ERR_FAILED), VIRGO_ERR_STALE);
    return VIRGO_OK;
  };
  auto check = make(add(script));
  for (int i = 0; i < 2; ++i) {
    TestRun run = new_run();
    check->start(run);
    run_until_finished(run);
    EXPECT_EQ(run.status, Status::ok);
    EXPECT_EQ(run.samples().size(), 0u);
  }
}

TEST_P(RunLife, AnAbandonedPendingRunIsStaleAndTheNextOneWorks) {
  ScriptedModule script(GetParam());
  const virgo_host* host_table = nullptr;
  virgo_run pending = 0;
  Gate called;
  script.collect = [&](const virgo_host* h, virgo_run run) {
    host_table = h;
    pending = run;
    called.open();
    return VIRGO_PENDING;
  };
  int cancelled = 0;
  script.cancel = [&](const virgo_host* h, virgo_run run) {
    ++cancelled;
    EXPECT_EQ(run, pending);
    EXPECT_EQ(h->run->time_left(h, run), 0u);
  };
  auto check = make(add(script));
  {
    TestRun run = new_run();
    check->start(run);
    ASSERT_TRUE(called.pass());
    // A worker's return reaches the loop as a task.
    spin_until([&] { return pool.load().busy == 0; });
    run_posted();
    check->cancel(run);
    EXPECT_EQ(cancelled, 1);
    check->abandon(run);
    EXPECT_FALSE(run.status);
  }
  EXPECT_EQ(emit_one(host_table, pending, 1), VIRGO_ERR_STALE);
  EXPECT_EQ(host_table->run->complete(host_table, pending, VIRGO_OK), VIRGO_ERR_STALE);
  EXPECT_FALSE(check->wedged());

  script.collect = [](const virgo_host* h, virgo_run run) { return emit_one(h, run, 5); };
  TestRun next = new_run();
  check->start(next);
  run_until_finished(next);
  EXPECT_EQ(next.status, Status::ok);
  EXPECT_EQ(next.samples().size(), 1u);
}

TEST_P(RunLife, ThrownExceptionsFailTheRunAndTheInstanceGoesOn) {
  ScriptedModule script(GetParam());
  int runs = 0;
  script.collect = [&](const virgo_host*, virgo_run) -> virgo_status {
    if (++runs == 1) throw std::runtime_error("boom");
    if (runs == 2) throw 42;
    return VIRGO_OK;
  };
  auto check = make(add(script));
  const std::pair<Status, const char*> expected[] = {
      {Status::failed, "threw an exception across the ABI: boom"},
      {Status::failed, "threw an exception across the ABI that is no std::exception"},
      {Status::ok, ""}};
  for (const auto& [status, explanation] : expected) {
    TestRun run = new_run();
    check->start(run);
    run_until_finished(run);
    EXPECT_EQ(run.status, status);
    EXPECT_EQ(run.explanation, explanation);
  }
}

TEST_P(RunLife, CancelMayCompleteTheRun) {
  ScriptedModule script(GetParam());
  Gate cancelled;
  std::atomic<bool> begun = false;
  script.collect = [&](const virgo_host*, virgo_run) {
    begun = true;
    if (GetParam() == VIRGO_ON_WORKER) {
      EXPECT_TRUE(cancelled.pass());
    }
    return VIRGO_PENDING;
  };
  script.cancel = [&](const virgo_host* h, virgo_run run) {
    EXPECT_EQ(h->run->complete(h, run, VIRGO_ERR_CANCELLED), VIRGO_OK);
    cancelled.open();
  };
  auto check = make(add(script));
  TestRun run = new_run();
  check->start(run);
  // On a worker, only a call that has begun is told.
  spin_until([&] { return begun.load(); });
  check->cancel(run);
  run_until_finished(run);
  EXPECT_EQ(run.status, Status::cancelled);
}

TEST_F(NativeTest, DestroyingACheckDestroysItsInstanceOnce) {
  ScriptedModule script(VIRGO_ON_LOOP);
  int destroyed = 0;
  script.destroyed = [&] { ++destroyed; };
  auto& type = add(script);
  { auto check = make(type); }
  EXPECT_EQ(destroyed, 1);
}

TEST_F(NativeTest, DestroyingACheckMakesItsPendingRunStale) {
  ScriptedModule script(VIRGO_ON_LOOP);
  const virgo_host* table = nullptr;
  virgo_run id = 0;
  script.collect = [&](const virgo_host* h, virgo_run run) {
    table = h;
    id = run;
    return VIRGO_PENDING;
  };
  TestRun run = new_run();
  auto check = make(add(script));
  check->start(run);
  ASSERT_NE(id, 0u);
  EXPECT_EQ(emit_one(table, id, 1), VIRGO_OK);
  check.reset();
  EXPECT_EQ(emit_one(table, id, 1), VIRGO_ERR_STALE);
  EXPECT_EQ(table->run->complete(table, id, VIRGO_OK), VIRGO_ERR_STALE);
  EXPECT_FALSE(run.status);
}

TEST_F(NativeTest, CompletionOnItsWayToADestroyedCheckIsDropped) {
  ScriptedModule script(VIRGO_ON_LOOP);
  script.collect = [&](const virgo_host*, virgo_run) { return VIRGO_PENDING; };
  virgo_run id = 0;
  const virgo_host* table = nullptr;
  script.cancel = [&](const virgo_host* h, virgo_run run) {
    table = h;
    id = run;
  };
  TestRun run = new_run();
  auto check = make(add(script));
  check->start(run);
  check->cancel(run);
  EXPECT_EQ(table->run->complete(table, id, VIRGO_OK), VIRGO_OK);  // posted
  check.reset();
  run_posted();
  EXPECT_FALSE(run.status);
}

TEST_F(NativeTest, AfterTheHostIsGoneEverythingIsStale) {
  ScriptedModule script(VIRGO_ON_LOOP);
  const virgo_host* table = nullptr;
  virgo_run id = 0;
  script.collect = [&](const virgo_host* h, virgo_run run) {
    table = h;
    id = run;
    return VIRGO_PENDING;
  };
  {
    Host short_lived{loop, pool, system_clock(), {}};
    auto module = Module::open(short_lived, "scripted.so", script.raw());
    ASSERT_TRUE(module.ok());
    auto made = NativeCheckType::all_of(short_lived, *module);
    config::Problems problems;
    auto check = (*made)[0]->create(spec("test.scripted"), problems);
    TestRun run = new_run();
    check->start(run);
    check->abandon(run);
  }
  EXPECT_EQ(table->run->complete(table, id, VIRGO_OK), VIRGO_ERR_STALE);
  EXPECT_GT(table->now_ns(table), 0u);
  table->log(table, 0, VIRGO_LOG_DEBUG, virgo_cstr("still here"));
}

TEST_F(NativeTest, HostFunctionsAnswerNullAndNonsense) {
  ScriptedModule script(VIRGO_ON_LOOP);
  script.collect = [&](const virgo_host* h, virgo_run run) {
    EXPECT_EQ(h->run->emit(nullptr, run, nullptr, 0, 0), VIRGO_ERR_INVALID);
    EXPECT_EQ(h->run->emit(h, 0, nullptr, 0, 0), VIRGO_ERR_STALE);
    EXPECT_EQ(h->run->emit(h, run, nullptr, 0, 0), VIRGO_OK);
    EXPECT_EQ(h->run->emit(h, run, nullptr, 1, sizeof(virgo_sample)), VIRGO_ERR_INVALID);
    virgo_sample s{};
    EXPECT_EQ(h->run->emit(h, run, &s, 1, sizeof(virgo_sample) - 1), VIRGO_ERR_INVALID);
    EXPECT_EQ(h->run->explain(h, run, {nullptr, 10}), VIRGO_OK);
    EXPECT_EQ(h->run->complete(nullptr, run, VIRGO_OK), VIRGO_ERR_INVALID);
    EXPECT_EQ(h->get_extension(h, "virgo.none/1"), nullptr);
    EXPECT_EQ(h->get_extension(h, nullptr), nullptr);
    return VIRGO_OK;
  };
  auto check = make(add(script));
  TestRun run = new_run();
  check->start(run);
  EXPECT_EQ(run.status, Status::ok);
}

}  // namespace
}  // namespace virgo::native
