// "virgo.loop/1" of the fake host.
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "sdk/scripted.hpp"

namespace virgo::fake {
namespace {

using namespace std::chrono_literals;

// Something callable behind a void*.
using Task = std::function<void()>;
void call(void* user) {
  (*static_cast<Task*>(user))();
}
void call_timer(void* user, virgo_timer) {
  call(user);
}
using Ready = std::function<void(uint32_t)>;
void call_watch(void* user, virgo_watch, virgo_fd, uint32_t events) {
  (*static_cast<Ready*>(user))(events);
}

struct FakeLoop : ::testing::Test {
  FakeLoop() {
    script.collect = [](virgo_run) { return VIRGO_PENDING; };
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  }
  ~FakeLoop() override {
    for (const int fd : ends)
      if (fd >= 0) close(fd);
  }
  virgo_status timer(virgo_run run, Duration delay, Duration period, Task& task,
                     virgo_timer* out = nullptr) {
    return script.loop->timer_start(script.host, script.self, run,
                                    static_cast<uint64_t>(delay.count()),
                                    static_cast<uint64_t>(period.count()), &call_timer, &task, out);
  }
  virgo_status watch(virgo_run run, uint32_t events, Ready& ready, virgo_watch* out = nullptr) {
    return script.loop->watch_start(script.host, script.self, run, ends[0], events, &call_watch,
                                    &ready, out);
  }
  virgo_status post(virgo_run run, Task& task, Task* release = nullptr) {
    return script.loop->post(script.host, script.self, run, &call, release ? &call : nullptr,
                             release ? static_cast<void*>(release) : &task);
  }

  Host host;
  Scripted script;
  int ends[2] = {-1, -1};
};

TEST_F(FakeLoop, TimersFireInTheOrderOfTheirTime) {
  Check check(host, script.type());
  std::string order;
  Task late = [&] { order += "late "; };
  Task soon = [&] { order += "soon "; };
  Task tick = [&] { order += "tick "; };
  EXPECT_EQ(timer(0, 50ms, 0s, late), VIRGO_OK);
  EXPECT_EQ(timer(0, 10ms, 0s, soon), VIRGO_OK);
  virgo_timer ticking = 0;
  EXPECT_EQ(timer(0, 20ms, 20ms, tick, &ticking), VIRGO_OK);
  host.advance(9ms);
  EXPECT_EQ(order, "");
  host.advance(51ms);
  EXPECT_EQ(order, "soon tick tick late tick ");
  EXPECT_EQ(script.loop->timer_stop(script.host, ticking), VIRGO_OK);
  EXPECT_EQ(script.loop->timer_stop(script.host, ticking), VIRGO_ERR_STALE);
  host.advance(1h);
  EXPECT_EQ(order, "soon tick tick late tick ");
  EXPECT_EQ(host.misuse_text(), "");
}

TEST_F(FakeLoop, WhatBelongsToARunEndsWithIt) {
  Check check(host, script.type());
  const Outcome run = check.start();
  int of_run = 0;
  int of_check = 0;
  Task mine = [&] { ++of_run; };
  Task ours = [&] { ++of_check; };
  Ready ready = [&](uint32_t) { ++of_run; };
  timer(run.id(), 1ms, 0s, mine);
  timer(0, 1ms, 0s, ours);
  watch(run.id(), VIRGO_WRITABLE, ready);
  script.complete(run.id());
  host.advance(1s);
  EXPECT_EQ(of_run, 0);
  EXPECT_EQ(of_check, 1);
  EXPECT_EQ(timer(run.id(), 1ms, 0s, mine), VIRGO_ERR_STALE);
  EXPECT_EQ(host.misuse_text(), "");
}

TEST_F(FakeLoop, WatchesAreLevelTriggeredAndTellOfTheEnd) {
  Check check(host, script.type());
  uint32_t seen = 0;
  int calls = 0;
  Ready ready = [&](uint32_t events) {
    seen = events;
    ++calls;
  };
  virgo_watch id = 0;
  ASSERT_EQ(watch(0, VIRGO_READABLE | VIRGO_HANGUP, ready, &id), VIRGO_OK);
  host.turn();
  EXPECT_EQ(calls, 0);
  ASSERT_EQ(write(ends[1], "x", 1), 1);
  EXPECT_TRUE(host.run_until([&] { return calls >= 3; }));
  EXPECT_EQ(seen, uint32_t{VIRGO_READABLE});
  char c;
  EXPECT_EQ(read(ends[0], &c, 1), 1);
  EXPECT_EQ(read(ends[0], &c, 1), -1) << "it became non-blocking";
  close(ends[1]);
  ends[1] = -1;
  EXPECT_TRUE(host.run_until([&] { return (seen & VIRGO_HANGUP) != 0; }));
  EXPECT_EQ(script.loop->watch_modify(script.host, id, 0), VIRGO_OK);
  const int before = calls;
  host.turn();
  EXPECT_EQ(calls, before) << "a pause";
  EXPECT_EQ(script.loop->watch_stop(script.host, id), VIRGO_OK);
  EXPECT_EQ(script.loop->watch_stop(script.host, id), VIRGO_ERR_STALE);
  EXPECT_EQ(host.misuse_text(), "");
}

TEST_F(FakeLoop, PostsOfAThreadComeInOrderOnTheLoop) {
  Check check(host, script.type());
  std::vector<int> order;
  const auto loop_thread = std::this_thread::get_id();
  Task first = [&] {
    EXPECT_EQ(std::this_thread::get_id(), loop_thread);
    order.push_back(1);
  };
  Task second = [&] { order.push_back(2); };
  std::thread other([&] {
    EXPECT_EQ(post(0, first), VIRGO_OK);
    EXPECT_EQ(post(0, second), VIRGO_OK);
  });
  EXPECT_TRUE(host.run_until([&] { return order.size() == 2; }));
  other.join();
  EXPECT_THAT(order, ElementsAre(1, 2));
}

TEST_F(FakeLoop, ReleaseIsCalledOnceWhetherThePostWasOrNot) {
  auto check = std::make_unique<Check>(host, script.type());
  struct Box {
    int called = 0;
    int released = 0;
  } kept, dropped, last;
  const auto send = [&](virgo_run run, Box& box) {
    return script.loop->post(
        script.host, script.self, run, [](void* p) { ++static_cast<Box*>(p)->called; },
        [](void* p) { ++static_cast<Box*>(p)->released; }, &box);
  };
  const Outcome run = check->start();
  EXPECT_EQ(send(0, kept), VIRGO_OK);
  EXPECT_EQ(send(run.id(), dropped), VIRGO_OK);
  script.complete(run.id());
  host.turn();
  EXPECT_EQ(send(0, last), VIRGO_OK);
  EXPECT_EQ(send(run.id(), dropped), VIRGO_ERR_STALE) << "then it is not released";
  check.reset();
  EXPECT_EQ(kept.called, 1);
  EXPECT_EQ(kept.released, 1);
  EXPECT_EQ(dropped.called, 0);
  EXPECT_EQ(dropped.released, 1);
  EXPECT_EQ(last.called, 0);
  EXPECT_EQ(last.released, 1);
  EXPECT_EQ(host.misuse_text(), "");
}

struct Job {
  Gate may_end;
  std::atomic<int> worked{0};
  std::thread::id thread;
  int done = 0;
  int released = 0;
  static void work(void* p) {
    auto* job = static_cast<Job*>(p);
    EXPECT_TRUE(job->may_end.pass());
    job->thread = std::this_thread::get_id();
    ++job->worked;
  }
  static void finish(void* p) { ++static_cast<Job*>(p)->done; }
  static void release(void* p) { ++static_cast<Job*>(p)->released; }
  virgo_status start(const Scripted& s, virgo_run run) {
    return s.loop->work(s.host, s.self, run, &work, &finish, &release, this);
  }
};

TEST_F(FakeLoop, WorkIsDoneElsewhereAndItsEndIsToldOnTheLoop) {
  Check check(host, script.type());
  Job job;
  EXPECT_EQ(job.start(script, 0), VIRGO_OK);
  host.turn();
  EXPECT_EQ(job.done, 0);
  job.may_end.open();
  EXPECT_TRUE(host.run_until([&] { return job.done == 1; }));
  EXPECT_NE(job.thread, std::this_thread::get_id());
  EXPECT_EQ(job.released, 1);
}

TEST_F(FakeLoop, WorkOfARunThatHasEndedHasNoDone) {
  auto check = std::make_unique<Check>(host, script.type());
  Job begun;
  Job not_begun;
  const Outcome run = check->start();
  begun.start(script, run.id());
  host.turn();
  not_begun.start(script, run.id());
  script.complete(run.id());
  begun.may_end.open();
  check.reset();  // waits for the work that executes
  EXPECT_EQ(begun.worked, 1);
  EXPECT_EQ(begun.done, 0);
  EXPECT_EQ(begun.released, 1);
  EXPECT_EQ(not_begun.worked, 0);
  EXPECT_EQ(not_begun.released, 1);
}

TEST_F(FakeLoop, WorkInlineStillIsNotTheLoop) {
  host.run_works_inline();
  Check check(host, script.type());
  virgo_status answer = VIRGO_OK;
  struct Args {
    FakeLoop* test;
    virgo_status* answer;
  } args{this, &answer};
  script.loop->work(
      script.host, script.self, 0,
      [](void* p) {
        auto* a = static_cast<Args*>(p);
        Task none = [] {};
        *a->answer = a->test->timer(0, 1s, 0s, none);
      },
      nullptr, nullptr, &args);
  host.turn();
  EXPECT_EQ(answer, VIRGO_ERR_WRONG_THREAD);
  EXPECT_THAT(host.misuse(), ElementsAre(HasSubstr("timer_start() on another thread")));
}

TEST_F(FakeLoop, TheBoundsOfTheHeader) {
  Check check(host, script.type());
  Task task = [] {};
  for (int i = 0; i < 256; ++i) ASSERT_EQ(timer(0, 1h, 0s, task), VIRGO_OK);
  EXPECT_EQ(timer(0, 1h, 0s, task), VIRGO_ERR_LIMIT);
  for (int i = 0; i < 1024; ++i) ASSERT_EQ(post(0, task), VIRGO_OK);
  EXPECT_EQ(post(0, task), VIRGO_ERR_LIMIT);
  Job job;
  for (int i = 0; i < 16; ++i) ASSERT_EQ(job.start(script, 0), VIRGO_OK);
  EXPECT_EQ(job.start(script, 0), VIRGO_ERR_LIMIT);
}

TEST_F(FakeLoop, AnOlderAgentHasNone) {
  host.without(VIRGO_EXT_LOOP);
  const int table = 7;
  host.offer("acme.test/1", &table);
  const Check check(host, script.type());
  EXPECT_EQ(script.loop, nullptr);
  EXPECT_EQ(script.host->get_extension(script.host, "acme.test/1"), &table);
  EXPECT_EQ(script.host->get_extension(script.host, "virgo.unheard/9"), nullptr);
}

}  // namespace
}  // namespace virgo::fake
