// virgo/ext/loop.h as a plugin meets it: who owns what, and that nothing of an
// owner that has ended calls back.
#include "virgo/ext/loop.h"

#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "native/loop_objects.hpp"
#include "unit/native/native_world.hpp"

namespace virgo::native {
namespace {

using metric::Status;
using Task = std::function<void()>;

constexpr std::uint64_t kMs = 1'000'000;
constexpr std::uint64_t kHour = 3600 * 1000 * kMs;

// As C callbacks; user is a Task.
void run_task(void* user) {
  (*static_cast<Task*>(user))();
}
void run_timer(void* user, virgo_timer) {
  run_task(user);
}
void run_watch(void* user, virgo_watch, virgo_fd, std::uint32_t) {
  run_task(user);
}

class LoopExtension : public NativeTest {
 protected:
  // An instance whose collect() leaves the run open, and tells the test its handle.
  explicit LoopExtension(std::uint32_t thread = VIRGO_ON_LOOP) : script(thread) {
    script.collect = [this](const virgo_host*, virgo_run run) {
      open_run = run;
      return collect ? collect(run) : VIRGO_PENDING;
    };
    check = make(add(script));
    ext = static_cast<const virgo_loop*>(script.host->get_extension(script.host, VIRGO_EXT_LOOP));
  }
  void start(TestRun& run) {
    check->start(run);
    run_until([this] { return open_run != 0; });
  }
  virgo_status complete(virgo_status status = VIRGO_OK) {
    return script.host->run->complete(script.host, open_run, status);
  }
  virgo_status timer(virgo_run run, std::uint64_t delay, Task& fn, std::uint64_t period = 0,
                     virgo_timer* out = nullptr) {
    return ext->timer_start(script.host, script.self, run, delay, period, &run_timer, &fn, out);
  }
  virgo_status post(virgo_run run, Task& fn, Task* release = nullptr) {
    return ext->post(script.host, script.self, run, &run_task, release ? &run_release : nullptr,
                     release ? static_cast<void*>(keep(fn, *release)) : &fn);
  }
  virgo_status work(virgo_run run, Task& fn, Task* done, Task* release) {
    Pair* pair = keep(fn, *release);
    pair->done = done;
    return ext->work(script.host, script.self, run, &run_task, done ? &run_done : nullptr,
                     &run_release, pair);
  }

  // A task first, so that run_task() takes it.
  struct Pair {
    Task fn;
    Task release;
    Task* done = nullptr;
  };
  Pair* keep(Task& fn, Task& release) {
    pairs.push_back(std::make_unique<Pair>(Pair{fn, release, nullptr}));
    return pairs.back().get();
  }
  static void run_release(void* user) { static_cast<Pair*>(user)->release(); }
  static void run_done(void* user) { (*static_cast<Pair*>(user)->done)(); }

  std::vector<std::unique_ptr<Pair>> pairs;
  ScriptedModule script;
  std::function<virgo_status(virgo_run)> collect;
  std::unique_ptr<check::Check> check;
  const virgo_loop* ext = nullptr;
  std::atomic<virgo_run> open_run = 0;
};

TEST_F(LoopExtension, IsOfferedByItsIdAlone) {
  ASSERT_NE(ext, nullptr);
  EXPECT_EQ(ext->struct_size, sizeof(virgo_loop));
  EXPECT_EQ(script.host->get_extension(script.host, "virgo.loop/2"), nullptr);
  EXPECT_EQ(script.host->get_extension(script.host, nullptr), nullptr);
}

TEST_F(LoopExtension, ATimerEndsARun) {
  Task fire = [this] { complete(); };
  collect = [&](virgo_run run) {
    EXPECT_EQ(timer(run, 3 * kMs, fire), VIRGO_OK);
    return VIRGO_PENDING;
  };
  for (int i = 0; i < 3; ++i) {
    TestRun run = new_run();
    const TimePoint before = system_clock().now();
    check->start(run);
    run_until_finished(run);
    EXPECT_EQ(run.status, Status::ok);
    EXPECT_GE(system_clock().now() - before, std::chrono::milliseconds(3));
  }
}

TEST_F(LoopExtension, ATimerRepeatsUntilItIsStoppedInItsOwnCallback) {
  TestRun run = new_run();
  start(run);
  int fired = 0;
  virgo_timer handle = 0;
  Task fire = [&] {
    if (++fired < 5) return;
    EXPECT_EQ(ext->timer_stop(script.host, handle), VIRGO_OK);
    EXPECT_EQ(ext->timer_stop(script.host, handle), VIRGO_ERR_STALE);
    complete();
  };
  ASSERT_EQ(timer(open_run, 0, fire, 1, &handle), VIRGO_OK);
  EXPECT_NE(handle, 0u);
  run_until_finished(run);
  EXPECT_EQ(fired, 5);
}

// Both are due; the first ends the run, so the second must not come.
TEST_F(LoopExtension, NothingOfARunCallsBackOnceItIsComplete) {
  TestRun run = new_run();
  start(run);
  int fired = 0;
  Task end = [&] {
    ++fired;
    EXPECT_EQ(complete(), VIRGO_OK);
  };
  for (int i = 0; i < 5; ++i) ASSERT_EQ(timer(open_run, kMs, end), VIRGO_OK);
  run_until_finished(run);
  TestRun next = new_run();
  start(next);
  Task again = [this] { complete(); };
  ASSERT_EQ(timer(open_run, 3 * kMs, again), VIRGO_OK);
  run_until_finished(next);
  EXPECT_EQ(fired, 1);
}

// The plugin may close the descriptor right after complete(), and its number be used
// again before the loop turns.
TEST_F(LoopExtension, CompleteEndsWatchesAtOnce) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  TestRun run = new_run();
  start(run);
  Task none = [] { FAIL() << "its run has ended"; };
  ASSERT_EQ(ext->watch_start(script.host, script.self, open_run, ends[0], VIRGO_WRITABLE,
                             &run_watch, &none, nullptr),
            VIRGO_OK);
  ASSERT_EQ(complete(), VIRGO_OK);
  virgo_watch again = 0;
  int seen = 0;
  Task count = [&seen] { ++seen; };
  ASSERT_EQ(ext->watch_start(script.host, script.self, 0, ends[0], VIRGO_WRITABLE, &run_watch,
                             &count, &again),
            VIRGO_OK);
  run_until_finished(run);
  run_until([&] { return seen > 0; });
  EXPECT_EQ(ext->watch_stop(script.host, again), VIRGO_OK);
  close(ends[0]);
  close(ends[1]);
}

TEST_F(LoopExtension, AnAbandonedRunsTimersEndAndTheChecksGoOn) {
  TestRun run = new_run();
  start(run);
  int of_run = 0;
  int of_check = 0;
  Task run_fires = [&] { ++of_run; };
  Task check_fires = [&] { ++of_check; };
  ASSERT_EQ(timer(open_run, kMs, run_fires, kMs), VIRGO_OK);
  ASSERT_EQ(timer(0, kMs, check_fires, kMs), VIRGO_OK);
  check->abandon(run);
  EXPECT_EQ(timer(open_run, 0, run_fires), VIRGO_ERR_STALE);
  run_until([&] { return of_check >= 5; });
  EXPECT_EQ(of_run, 0);
  check.reset();
  const int before = of_check;
  TestRun none = new_run();
  run_posted();
  loop.run();  // nothing of it is on the loop any more
  EXPECT_EQ(of_check, before);
}

TEST_F(LoopExtension, AWatchTellsWhatHappens) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  TestRun run = new_run();
  start(run);
  virgo_watch handle = 0;
  struct Seen {
    LoopExtension* test;
    std::uint32_t events = 0;
    virgo_fd fd = -1;
    int times = 0;
  } seen{this};
  const auto ready = [](void* user, virgo_watch, virgo_fd fd, std::uint32_t events) {
    auto* s = static_cast<Seen*>(user);
    s->events = events;
    s->fd = fd;
    ++s->times;
  };
  ASSERT_EQ(ext->watch_start(script.host, script.self, open_run, ends[0], VIRGO_READABLE, ready,
                             &seen, &handle),
            VIRGO_OK);
  // One per descriptor.
  EXPECT_EQ(ext->watch_start(script.host, script.self, open_run, ends[0], VIRGO_READABLE, ready,
                             &seen, nullptr),
            VIRGO_ERR_INVALID);
  ASSERT_EQ(write(ends[1], "x", 1), 1);
  run_until([&] { return seen.times >= 2; });
  EXPECT_EQ(seen.events, std::uint32_t{VIRGO_READABLE});
  EXPECT_EQ(seen.fd, ends[0]);
  // Unknown bits are ignored.
  ASSERT_EQ(ext->watch_modify(script.host, handle, VIRGO_WRITABLE | 0x8000), VIRGO_OK);
  run_until([&] { return seen.events == VIRGO_WRITABLE; });
  ASSERT_EQ(ext->watch_modify(script.host, handle, 0), VIRGO_OK);
  const int paused = seen.times;
  run_posted();
  run_posted();
  EXPECT_EQ(seen.times, paused);
  // A timer's function does not take a watch.
  EXPECT_EQ(ext->timer_stop(script.host, handle), VIRGO_ERR_STALE);
  ASSERT_EQ(ext->watch_stop(script.host, handle), VIRGO_OK);
  EXPECT_EQ(ext->watch_stop(script.host, handle), VIRGO_ERR_STALE);
  EXPECT_EQ(ext->watch_modify(script.host, handle, VIRGO_READABLE), VIRGO_ERR_STALE);
  complete();
  run_until_finished(run);
  close(ends[0]);
  close(ends[1]);
}

TEST_F(LoopExtension, WhatCannotBeWatchedIsRefused) {
  Task none = [] {};
  const auto watch = [&](virgo_fd fd) {
    return ext->watch_start(script.host, script.self, 0, fd, VIRGO_READABLE, &run_watch, &none,
                            nullptr);
  };
  FILE* file = tmpfile();
  EXPECT_EQ(watch(fileno(file)), VIRGO_ERR_UNSUPPORTED);
  fclose(file);
  EXPECT_EQ(watch(-1), VIRGO_ERR_INVALID);
  EXPECT_EQ(watch(1'000'000), VIRGO_ERR_INVALID);
  EXPECT_EQ(watch(virgo_fd{1} << 40), VIRGO_ERR_INVALID);
}

TEST_F(LoopExtension, LoopFunctionsRefuseOtherThreads) {
  TestRun run = new_run();
  start(run);
  Task none = [] {};
  virgo_timer handle = 0;
  ASSERT_EQ(timer(open_run, kHour, none, 0, &handle), VIRGO_OK);
  std::thread([&] {
    EXPECT_EQ(timer(open_run, 0, none), VIRGO_ERR_WRONG_THREAD);
    EXPECT_EQ(ext->timer_stop(script.host, handle), VIRGO_ERR_WRONG_THREAD);
    EXPECT_EQ(
        ext->watch_start(script.host, script.self, open_run, 0, 1, &run_watch, &none, nullptr),
        VIRGO_ERR_WRONG_THREAD);
    EXPECT_EQ(ext->watch_modify(script.host, handle, 1), VIRGO_ERR_WRONG_THREAD);
    EXPECT_EQ(ext->watch_stop(script.host, handle), VIRGO_ERR_WRONG_THREAD);
    EXPECT_EQ(ext->work(script.host, script.self, open_run, &run_task, nullptr, nullptr, &none),
              VIRGO_ERR_WRONG_THREAD);
  }).join();
  EXPECT_EQ(ext->timer_stop(script.host, handle), VIRGO_OK);
  check->abandon(run);
}

TEST_F(LoopExtension, WhatIsMissingOrEndedIsRefused) {
  Task none = [] {};
  EXPECT_EQ(ext->timer_start(script.host, script.self, 0, 0, 0, nullptr, &none, nullptr),
            VIRGO_ERR_INVALID);
  EXPECT_EQ(ext->timer_start(nullptr, script.self, 0, 0, 0, &run_timer, &none, nullptr),
            VIRGO_ERR_INVALID);
  EXPECT_EQ(ext->watch_start(script.host, script.self, 0, 0, 1, nullptr, &none, nullptr),
            VIRGO_ERR_INVALID);
  EXPECT_EQ(ext->post(script.host, script.self, 0, nullptr, nullptr, &none), VIRGO_ERR_INVALID);
  EXPECT_EQ(ext->work(script.host, script.self, 0, nullptr, nullptr, nullptr, &none),
            VIRGO_ERR_INVALID);
  EXPECT_EQ(timer(12345, 0, none), VIRGO_ERR_STALE);
  EXPECT_EQ(post(12345, none), VIRGO_ERR_STALE);
  EXPECT_EQ(ext->timer_stop(script.host, 0), VIRGO_ERR_STALE);
  // A run of another check is none of this one's.
  auto other = make(*types[0], "other");
  const virgo_check other_self = script.self;
  TestRun run = new_run();
  start(run);  // of `check`
  EXPECT_EQ(ext->timer_start(script.host, other_self, open_run, 0, 0, &run_timer, &none, nullptr),
            VIRGO_ERR_STALE);
  EXPECT_EQ(ext->post(script.host, other_self, open_run, &run_task, nullptr, &none),
            VIRGO_ERR_STALE);
  check->abandon(run);
  check.reset();
  other.reset();
  EXPECT_EQ(ext->timer_start(script.host, other_self, 0, 0, 0, &run_timer, &none, nullptr),
            VIRGO_ERR_STALE);
}

TEST_F(LoopExtension, TimersAndWatchesAreLimited) {
  Task none = [] {};
  virgo_timer first = 0;
  for (std::size_t i = 0; i < LoopObjects::kMaxTimersAndWatches; ++i)
    ASSERT_EQ(timer(0, kHour, none, 0, i == 0 ? &first : nullptr), VIRGO_OK);
  EXPECT_EQ(timer(0, kHour, none), VIRGO_ERR_LIMIT);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  EXPECT_EQ(ext->watch_start(script.host, script.self, 0, ends[0], 1, &run_watch, &none, nullptr),
            VIRGO_ERR_LIMIT);
  EXPECT_EQ(ext->timer_stop(script.host, first), VIRGO_OK);
  EXPECT_EQ(timer(0, kHour, none), VIRGO_OK);
  check.reset();  // before what it watches is closed
  close(ends[0]);
  close(ends[1]);
}

// ---- post

TEST_F(LoopExtension, PostsOfAThreadRunOnTheLoopInTheirOrder) {
  std::vector<int> order;
  std::vector<Task> tasks;
  int released = 0;
  Task release = [&] { ++released; };
  for (int i = 0; i < 100; ++i)
    tasks.emplace_back([&order, i, loop_thread = std::this_thread::get_id()] {
      EXPECT_EQ(std::this_thread::get_id(), loop_thread);
      order.push_back(i);
    });
  std::thread([&] {
    for (Task& t : tasks) EXPECT_EQ(post(0, t, &release), VIRGO_OK);
  }).join();
  run_until([&] { return released == 100; });
  ASSERT_EQ(order.size(), 100u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_F(LoopExtension, APostOfAnEndedOwnerIsReleasedWithoutRunning) {
  TestRun run = new_run();
  start(run);
  int ran = 0;
  int released = 0;
  Task count = [&] { ++ran; };
  Task release = [&] { ++released; };
  ASSERT_EQ(post(open_run, count, &release), VIRGO_OK);
  check->abandon(run);
  EXPECT_EQ(post(open_run, count, &release), VIRGO_ERR_STALE);
  run_until([&] { return released == 1; });
  EXPECT_EQ(ran, 0);
  // And of a check that goes: before its destroy().
  bool destroyed = false;
  Task release_first = [&] {
    EXPECT_FALSE(destroyed);
    ++released;
  };
  script.destroyed = [&] { destroyed = true; };
  ASSERT_EQ(post(0, count, &release_first), VIRGO_OK);
  check.reset();
  EXPECT_TRUE(destroyed);
  EXPECT_EQ(released, 2);
  run_posted();
  EXPECT_EQ(ran, 0);
}

TEST_F(LoopExtension, PostsThatWaitAreLimited) {
  int ran = 0;
  Task count = [&] { ++ran; };
  for (std::size_t i = 0; i < Handles::kMaxPosts; ++i) ASSERT_EQ(post(0, count), VIRGO_OK);
  EXPECT_EQ(post(0, count), VIRGO_ERR_LIMIT);
  run_until([&] { return ran == static_cast<int>(Handles::kMaxPosts); });
  EXPECT_EQ(post(0, count), VIRGO_OK);
  run_until([&] { return ran == static_cast<int>(Handles::kMaxPosts) + 1; });
}

TEST_F(LoopExtension, APostThatPostsLetsTheLoopTurn) {
  bool timer_came = false;
  Task fire = [&] { timer_came = true; };
  Task again;
  again = [&] {
    if (!timer_came) {
      EXPECT_EQ(post(0, again), VIRGO_OK);
    }
  };
  ASSERT_EQ(timer(0, kMs, fire), VIRGO_OK);
  ASSERT_EQ(post(0, again), VIRGO_OK);
  run_until([&] { return timer_came; });
}

// ---- work

TEST_F(LoopExtension, AWorkRunsOnAWorkerAndItsEndOnTheLoop) {
  TestRun run = new_run();
  start(run);
  const auto here = std::this_thread::get_id();
  std::string order;
  Task fn = [&] {
    EXPECT_NE(std::this_thread::get_id(), here);
    order += "work ";
  };
  Task done = [&] {
    EXPECT_EQ(std::this_thread::get_id(), here);
    order += "done ";
    complete();
  };
  Task release = [&] {
    EXPECT_EQ(std::this_thread::get_id(), here);
    order += "release";
  };
  ASSERT_EQ(work(open_run, fn, &done, &release), VIRGO_OK);
  run_until_finished(run);
  EXPECT_EQ(order, "work done release");
  EXPECT_FALSE(check->wedged());
}

TEST_F(LoopExtension, AWorkThatOutlastsItsRunKeepsTheCheckAndLosesItsEnd) {
  Gate gate;
  std::atomic<bool> begun = false;
  int released = 0;
  Task fn = [&] {
    begun = true;
    EXPECT_TRUE(gate.pass());
  };
  Task done = [] { FAIL() << "its run has ended"; };
  Task release = [&] { ++released; };
  TestRun run = new_run();
  start(run);
  ASSERT_EQ(work(open_run, fn, &done, &release), VIRGO_OK);
  spin_until([&] { return begun.load(); });
  check->cancel(run);
  check->abandon(run);
  EXPECT_TRUE(check->wedged());
  EXPECT_EQ(pool.load().written_off, 1u);
  gate.open();
  run_until([&] { return released == 1; });
  EXPECT_FALSE(check->wedged());
  spin_until([&] { return pool.load().written_off == 0; });
}

TEST_F(LoopExtension, DestroyWaitsForAWorkThatExecutes) {
  Gate gate;
  std::atomic<bool> begun = false;
  std::string order;
  Task fn = [&] {
    begun = true;
    EXPECT_TRUE(gate.pass());
  };
  Task done = [] { FAIL() << "the check has gone"; };
  Task release = [&] { order += "release "; };
  script.destroyed = [&] { order += "destroy"; };
  ASSERT_EQ(work(0, fn, &done, &release), VIRGO_OK);
  spin_until([&] { return begun.load(); });
  EXPECT_FALSE(check->wedged());  // it is the check's own, and no run waits for it
  check.reset();
  EXPECT_EQ(order, "");
  gate.open();
  run_until([&] { return !order.empty(); });
  EXPECT_EQ(order, "release destroy");
}

TEST_F(LoopExtension, WorksAreLimitedAndThoseNotBegunAreDropped) {
  Gate gate;
  std::atomic<int> ran = 0;
  int released = 0;
  Task fn = [&] {
    ++ran;
    EXPECT_TRUE(gate.pass());
  };
  Task release = [&] { ++released; };
  TestRun run = new_run();
  start(run);
  for (std::size_t i = 0; i < LoopObjects::kMaxWorks; ++i)
    ASSERT_EQ(work(open_run, fn, nullptr, &release), VIRGO_OK);
  EXPECT_EQ(work(open_run, fn, nullptr, &release), VIRGO_ERR_LIMIT);
  spin_until([&] { return ran == 2; });  // the pool has two threads
  complete();
  run_until_finished(run);
  EXPECT_EQ(released, static_cast<int>(LoopObjects::kMaxWorks) - 2);
  EXPECT_TRUE(check->wedged());
  gate.open();
  run_until([&] { return released == static_cast<int>(LoopObjects::kMaxWorks); });
  EXPECT_EQ(ran, 2);
}

TEST_F(LoopExtension, AStoppedPoolTakesNoWork) {
  Task none = [] {};
  Task release = [] { FAIL() << "user is still the caller's"; };
  pool.shutdown(std::chrono::seconds(1));
  EXPECT_EQ(work(0, none, nullptr, &release), VIRGO_ERR_CANCELLED);
}

// The pool drops them, whoever waits for them.
TEST_F(LoopExtension, WorksThatWaitWhenThePoolStopsAreReleasedOnce) {
  Gate gate;
  std::atomic<int> begun = 0;
  int released = 0;
  Task fn = [&] {
    ++begun;
    EXPECT_TRUE(gate.pass());
  };
  Task release = [&] { ++released; };
  for (int i = 0; i < 6; ++i) ASSERT_EQ(work(0, fn, nullptr, &release), VIRGO_OK);
  spin_until([&] { return begun == 2; });
  pool.shutdown(std::chrono::milliseconds(1));
  EXPECT_EQ(released, 4);
  gate.open();
  check.reset();
  run_until([&] { return released == 6; });
}

TEST_F(LoopExtension, ARunThatEndsInOrderDoesNotKeepAThreadForItsWork) {
  Gate gate;
  std::atomic<bool> begun = false;
  Task fn = [&] {
    begun = true;
    EXPECT_TRUE(gate.pass());
  };
  int released = 0;
  Task release = [&] { ++released; };
  TestRun run = new_run();
  start(run);
  ASSERT_EQ(work(open_run, fn, nullptr, &release), VIRGO_OK);
  spin_until([&] { return begun.load(); });
  complete();
  run_until_finished(run);
  EXPECT_EQ(pool.load().written_off, 0u);
  run_until([&] { return pool.load().written_off == 1; });  // a grace period later
  gate.open();
  run_until([&] { return released == 1; });
  spin_until([&] { return pool.load().written_off == 0; });
}

// ---- At the ends of an instance's life

class LoopExtensionLife : public NativeTest {
 protected:
  static const virgo_loop* ext_of(const virgo_host* host) {
    return static_cast<const virgo_loop*>(host->get_extension(host, VIRGO_EXT_LOOP));
  }
};

TEST_F(LoopExtensionLife, CreateMayStartThingsAndFail) {
  ScriptedModule script(VIRGO_ON_LOOP);
  int released = 0;
  std::atomic<int> worked = 0;
  Task work = [&] { ++worked; };
  Task count = [&] { ++released; };
  script.create = [&](void**) -> virgo_status {
    const virgo_loop* ext = ext_of(script.host);
    EXPECT_EQ(ext->work(script.host, script.self, 0, &run_task, nullptr, nullptr, &work), VIRGO_OK);
    EXPECT_EQ(ext->post(script.host, script.self, 0, &run_task, &run_task, &count), VIRGO_OK);
    EXPECT_EQ(ext->timer_start(script.host, script.self, 0, 0, 0, &run_timer, &count, nullptr),
              VIRGO_OK);
    return VIRGO_ERR_UNSUPPORTED;
  };
  config::Problems problems;
  EXPECT_EQ(add(script).create(spec("test.scripted"), problems), nullptr);
  EXPECT_EQ(problems.size(), 1u);
  EXPECT_EQ(released, 1);  // the post's release; it did not run
  // The work was taken back, or is let go to its end.
  spin_until([&] { return pool.load().busy + pool.load().queued == 0; });
  run_posted();
  EXPECT_EQ(released, 1);
}

TEST_F(LoopExtensionLife, ACheckThatGoesOwnsNothingNew) {
  ScriptedModule script(VIRGO_ON_LOOP);
  auto check = make(add(script));
  Task none = [] { FAIL() << "its check has gone"; };
  int asked = 0;
  Task ask = [&] {
    const virgo_loop* ext = ext_of(script.host);
    EXPECT_EQ(ext->timer_start(script.host, script.self, 0, 0, 0, &run_timer, &none, nullptr),
              VIRGO_ERR_STALE);
    EXPECT_EQ(ext->work(script.host, script.self, 0, &run_task, nullptr, nullptr, &none),
              VIRGO_ERR_STALE);
    EXPECT_EQ(ext->post(script.host, script.self, 0, &run_task, nullptr, &none), VIRGO_ERR_STALE);
    std::thread([&] {
      EXPECT_EQ(ext->post(script.host, script.self, 0, &run_task, nullptr, &none), VIRGO_ERR_STALE);
    }).join();
    ++asked;
  };
  script.destroyed = ask;
  // Asked in a release, too.
  ASSERT_EQ(ext_of(script.host)->post(script.host, script.self, 0, &run_task, &run_task, &ask),
            VIRGO_OK);
  check.reset();
  EXPECT_EQ(asked, 2);
  run_posted();
}

TEST_F(LoopExtension, InQuarantineNothingGoesOnBetweenRuns) {
  int fired = 0;
  int released = 0;
  Task count = [&] { ++fired; };
  Task release = [&] { ++released; };
  ASSERT_EQ(timer(0, 0, count, kMs), VIRGO_OK);
  run_until([&] { return fired > 0; });
  ASSERT_EQ(post(0, count, &release), VIRGO_OK);
  check->quarantine();
  const int before = fired;
  EXPECT_EQ(timer(0, 0, count), VIRGO_ERR_CANCELLED);
  run_until([&] { return released == 1; });
  bool turned = false;
  uv::Timer later(loop, [&turned] { turned = true; });
  later.start(std::chrono::milliseconds(5));
  run_until([&] { return turned; });
  EXPECT_EQ(fired, before);
}

// ---- What goes wrong in callbacks

// libuv would end the process.
TEST_F(LoopExtension, ADescriptorThatWasClosedIsToldAsHangup) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  std::uint32_t seen = 0;
  const auto ready = [](void* user, virgo_watch, virgo_fd, std::uint32_t events) {
    *static_cast<std::uint32_t*>(user) |= events;
  };
  virgo_watch handle = 0;
  ASSERT_EQ(
      ext->watch_start(script.host, script.self, 0, ends[0], VIRGO_READABLE, ready, &seen, &handle),
      VIRGO_OK);
  close(ends[0]);
  run_until([&] { return seen != 0; });
  EXPECT_NE(seen & VIRGO_HANGUP, 0u);
  EXPECT_EQ(ext->watch_modify(script.host, handle, VIRGO_WRITABLE), VIRGO_ERR_INVALID);
  EXPECT_EQ(ext->watch_stop(script.host, handle), VIRGO_OK);
  close(ends[1]);
}

TEST_F(LoopExtension, APausedWatchKeepsItsDescriptor) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  int fired = 0;
  Task count = [&fired] { ++fired; };
  virgo_watch handle = 0;
  const auto watch = [&](std::uint32_t events, virgo_watch* out) {
    return ext->watch_start(script.host, script.self, 0, ends[0], events, &run_watch, &count, out);
  };
  ASSERT_EQ(watch(0, &handle), VIRGO_OK);
  EXPECT_EQ(watch(VIRGO_WRITABLE, nullptr), VIRGO_ERR_INVALID);
  EXPECT_EQ(ext->watch_modify(script.host, handle, VIRGO_WRITABLE), VIRGO_OK);
  run_until([&] { return fired > 0; });
  EXPECT_EQ(ext->watch_stop(script.host, handle), VIRGO_OK);
  EXPECT_EQ(watch(VIRGO_WRITABLE, &handle), VIRGO_OK);
  check.reset();
  close(ends[0]);
  close(ends[1]);
}

// Many small posts are not one long one.
TEST_F(LoopExtension, PostsTakeTurnsWithTheRest) {
  constexpr auto kEach = std::chrono::milliseconds(2);
  int ran = 0;
  int at_turn = 0;
  Task busy = [&] {
    const TimePoint until = system_clock().now() + kEach;
    while (system_clock().now() < until) {
    }
    if (++ran == 1) loop.post([&] { at_turn = ran; });
  };
  for (int i = 0; i < 20; ++i) ASSERT_EQ(post(0, busy), VIRGO_OK);
  run_until([&] { return ran == 20; });
  EXPECT_GT(at_turn, 0);
  EXPECT_LT(at_turn, 20);
}

TEST_F(LoopExtension, WhatACallbackThrowsEndsItsRun) {
  Task throws = [] { throw std::runtime_error("boo"); };
  Task release = [] {};
  const std::pair<const char*, std::function<virgo_status()>> cases[] = {
      {"its timer threw an exception across the ABI: boo",
       [&] { return timer(open_run, 0, throws); }},
      {"its post threw an exception across the ABI: boo", [&] { return post(open_run, throws); }},
      {"its work threw an exception across the ABI: boo",
       [&] { return work(open_run, throws, nullptr, &release); }}};
  for (const auto& [text, begin] : cases) {
    open_run = 0;
    TestRun run = new_run();
    start(run);
    ASSERT_EQ(begin(), VIRGO_OK);
    run_until_finished(run);
    EXPECT_EQ(run.status, Status::failed);
    EXPECT_EQ(run.explanation, text);
  }
  const LogLines log;
  int released = 0;
  Task count = [&] { ++released; };
  ASSERT_EQ(post(0, throws, &count), VIRGO_OK);
  run_until([&] { return released == 1; });
  ASSERT_EQ(log.all().size(), 1u);
  EXPECT_EQ(log.all()[0], "native: check 'it': its post threw an exception across the ABI: boo");
}

class HeldRun final : public check::Run {
 public:
  std::uint64_t number() const override { return 1; }
  TimePoint deadline() const override { return TimePoint::max(); }
  WallTime started() const override { return 1; }
  metric::SampleBuffer& samples() override { return samples_; }
  void explain(std::string_view) override {}
  void held_loop(Duration time) override { held = std::max(held, time); }
  void finish(metric::Status) override { finished = true; }
  Duration held{};
  bool finished = false;

 private:
  metric::SampleBuffer samples_{metric::SampleLimits{}};
};

// Also what a callback took between two runs: the next one is charged with it.
TEST_F(LoopExtension, TheTimeOfCallbacksIsToldToTheRun) {
  constexpr auto kTime = std::chrono::milliseconds(3);
  Task busy = [&] {
    const TimePoint until = system_clock().now() + kTime;
    while (system_clock().now() < until) {
    }
  };
  int ran = 0;
  Task between = [&] {
    busy();
    ++ran;
  };
  ASSERT_EQ(post(0, between), VIRGO_OK);
  run_until([&] { return ran == 1; });
  HeldRun run;
  check->start(run);
  EXPECT_GE(run.held, kTime);
  run.held = {};
  Task end = [&] {
    busy();
    complete();
  };
  ASSERT_EQ(timer(open_run, 0, end), VIRGO_OK);
  run_until([&] { return run.finished; });
  EXPECT_GE(run.held, kTime);
}

// A check that is left behind leaves nothing on the loop.
TEST(LoopExtensionEnd, TheHostTakesItsTimersAlong) {
  uv::Loop loop;
  uv::WorkerPool pool{{.threads = 1}};
  auto host = std::make_unique<Host>(loop, pool, system_clock(), Host::Options{});
  ScriptedModule script(VIRGO_ON_LOOP);
  auto module = Module::open(*host, "scripted.so", script.raw());
  ASSERT_TRUE(module.ok());
  auto made = NativeCheckType::all_of(*host, *module);
  ASSERT_TRUE(made.ok());
  config::CheckSpec spec;
  spec.type = "test.scripted";
  config::Problems problems;
  auto check = (*made)[0]->create(spec, problems);
  ASSERT_NE(check, nullptr);
  const auto* ext =
      static_cast<const virgo_loop*>(script.host->get_extension(script.host, VIRGO_EXT_LOOP));
  Task none = [] { FAIL(); };
  ASSERT_EQ(ext->timer_start(script.host, script.self, 0, 0, kMs, &run_timer, &none, nullptr),
            VIRGO_OK);
  // Never destroyed, and reachable: left behind on purpose.
  static const auto* left_behind = new auto(std::make_pair(std::move(*made), std::move(check)));
  ASSERT_NE(left_behind, nullptr);
  host.reset();
  loop.run();
  EXPECT_TRUE(loop.close().empty());
  EXPECT_EQ(ext->timer_start(script.host, script.self, 0, 0, 0, &run_timer, &none, nullptr),
            VIRGO_ERR_STALE);
}

}  // namespace
}  // namespace virgo::native
