#include "uv/worker_pool.hpp"

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace virgo::uv {
namespace {

constexpr auto kPatience = std::chrono::seconds(20);

// A count that can be waited for, and a gate that can be opened.
class Latch {
 public:
  void add(int n = 1) {
    const std::lock_guard lock(mutex_);
    count_ += n;
    changed_.notify_all();
  }
  bool reaches(int n) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return count_ >= n; });
  }
  int count() const {
    const std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

// Bookkeeping follows the end of a task by a moment.
template <class Condition>
bool soon(Condition condition) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

TEST(WorkerPool, RunsEveryTaskOnceOffTheCallersThread) {
  WorkerPool pool{{.threads = 3}};
  Latch done;
  std::atomic<bool> on_caller = false;
  const auto caller = std::this_thread::get_id();
  for (int i = 0; i < 1000; ++i)
    EXPECT_NE(pool.submit([&] {
      if (std::this_thread::get_id() == caller) on_caller = true;
      done.add();
    }),
              0u);
  ASSERT_TRUE(done.reaches(1000));
  EXPECT_EQ(pool.shutdown(kPatience), 0u);
  EXPECT_EQ(done.count(), 1000);
  EXPECT_FALSE(on_caller);
}

TEST(WorkerPool, StartsNoMoreThreadsThanAllowedAndReusesThem) {
  WorkerPool pool{{.threads = 3}};
  Latch begun, gate;
  for (int i = 0; i < 10; ++i)
    pool.submit([&] {
      begun.add();
      EXPECT_TRUE(gate.reaches(1));
    });
  ASSERT_TRUE(begun.reaches(3));
  const auto load = pool.load();
  EXPECT_EQ(load.threads, 3u);
  EXPECT_EQ(load.busy, 3u);
  EXPECT_EQ(load.queued, 7u);
  EXPECT_EQ(load.written_off, 0u);
  gate.add();
  ASSERT_TRUE(begun.reaches(10));
  EXPECT_TRUE(soon([&] { return pool.load().busy == 0; }));
  EXPECT_EQ(pool.load().threads, 3u);
}

TEST(WorkerPool, StartsNoThreadBeforeThereIsWork) {
  WorkerPool pool{{.threads = 3}};
  EXPECT_EQ(pool.load().threads, 0u);
  Latch done;
  pool.submit([&] { done.add(); });
  ASSERT_TRUE(done.reaches(1));
  EXPECT_EQ(pool.load().threads, 1u);
}

TEST(WorkerPool, TasksBeginInTheOrderTheyCame) {
  WorkerPool pool{{.threads = 1}};
  std::vector<int> order;  // one thread writes it
  Latch done;
  for (int i = 0; i < 100; ++i)
    pool.submit([&, i] {
      order.push_back(i);
      done.add();
    });
  ASSERT_TRUE(done.reaches(100));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST(WorkerPool, WithdrawTakesBackWhatHasNotBegunAndNothingElse) {
  WorkerPool pool{{.threads = 1}};
  Latch begun, gate, others;
  const auto running = pool.submit([&] {
    begun.add();
    EXPECT_TRUE(gate.reaches(1));
  });
  ASSERT_TRUE(begun.reaches(1));
  auto held = std::make_shared<int>(1);
  const auto queued = pool.submit([held, &others] { others.add(100); });
  const auto last = pool.submit([&] { others.add(); });
  EXPECT_EQ(held.use_count(), 2);
  EXPECT_FALSE(pool.withdraw(running));
  EXPECT_FALSE(pool.withdraw(0));
  EXPECT_FALSE(pool.withdraw(9999));
  EXPECT_TRUE(pool.withdraw(queued));
  EXPECT_EQ(held.use_count(), 1) << "its captures are gone";
  EXPECT_FALSE(pool.withdraw(queued));
  gate.add();
  ASSERT_TRUE(others.reaches(1));
  EXPECT_FALSE(pool.withdraw(last));
  EXPECT_EQ(others.count(), 1);
}

TEST(WorkerPool, CapturesOfATaskEndWithIt) {
  WorkerPool pool{{.threads = 1}};
  auto held = std::make_shared<int>(1);
  Latch done;
  pool.submit([held, &done] { done.add(); });
  ASSERT_TRUE(done.reaches(1));
  EXPECT_TRUE(soon([&] { return held.use_count() == 1; }));
}

TEST(WorkerPool, AWrittenOffCallIsReplacedAndItsThreadEndsWhenItComesBack) {
  WorkerPool pool{{.threads = 1}};
  Latch begun, gate, done;
  const auto stuck = pool.submit([&] {
    begun.add();
    EXPECT_TRUE(gate.reaches(1));
  });
  ASSERT_TRUE(begun.reaches(1));
  pool.submit([&] { done.add(); });
  EXPECT_EQ(done.count(), 0);
  EXPECT_TRUE(pool.write_off(stuck));
  EXPECT_TRUE(pool.write_off(stuck)) << "twice is once";
  ASSERT_TRUE(done.reaches(1)) << "the next task runs on a new thread";
  EXPECT_EQ(pool.load().written_off, 1u);
  EXPECT_EQ(pool.load().threads, 1u);
  gate.add();
  EXPECT_TRUE(soon([&] { return pool.load().written_off == 0; }));
  EXPECT_EQ(pool.load().threads, 1u) << "one too many; it ended";
  pool.submit([&] { done.add(); });
  EXPECT_TRUE(done.reaches(2));
}

TEST(WorkerPool, AWrittenOffThreadThatComesBackUnreplacedCountsAgain) {
  WorkerPool pool{{.threads = 2}};
  Latch begun, gate, done;
  const auto stuck = pool.submit([&] {
    begun.add();
    EXPECT_TRUE(gate.reaches(1));
  });
  ASSERT_TRUE(begun.reaches(1));
  EXPECT_TRUE(pool.write_off(stuck));
  EXPECT_EQ(pool.load().threads, 0u);
  gate.add();
  EXPECT_TRUE(soon([&] { return pool.load().threads == 1; }));
  pool.submit([&] { done.add(); });
  EXPECT_TRUE(done.reaches(1));
  EXPECT_EQ(pool.load().threads, 1u);
}

TEST(WorkerPool, OnlySoManyMayBeWrittenOff) {
  WorkerPool pool{{.threads = 1, .max_written_off = 2}};
  Latch begun, gate;
  std::vector<WorkerPool::Ticket> stuck;
  for (int i = 0; i < 3; ++i) {
    stuck.push_back(pool.submit([&] {
      begun.add();
      EXPECT_TRUE(gate.reaches(1));
    }));
    ASSERT_TRUE(begun.reaches(i + 1));
    EXPECT_EQ(pool.write_off(stuck.back()), i < 2) << i;
  }
  EXPECT_EQ(pool.load().written_off, 2u);
  EXPECT_EQ(pool.load().threads, 1u);
  EXPECT_EQ(pool.load().busy, 1u);
  gate.add();
  EXPECT_EQ(pool.shutdown(kPatience), 0u);
}

TEST(WorkerPool, WritingOffWhatHasEndedIsNothing) {
  WorkerPool pool{{.threads = 1}};
  Latch done;
  const auto ticket = pool.submit([&] { done.add(); });
  ASSERT_TRUE(done.reaches(1));
  ASSERT_TRUE(soon([&] { return pool.load().busy == 0; }));
  EXPECT_TRUE(pool.write_off(ticket));
  EXPECT_EQ(pool.load().written_off, 0u);
}

TEST(WorkerPool, ShutdownDropsTheQueueAndCountsWhoDoesNotComeBack) {
  auto gate = std::make_shared<Latch>();
  auto begun = std::make_shared<Latch>();
  auto held = std::make_shared<int>(1);
  std::atomic<bool> ran = false;
  auto ended = std::make_shared<Latch>();
  {
    WorkerPool pool{{.threads = 1}};
    pool.submit([=] {
      begun->add();
      EXPECT_TRUE(gate->reaches(1));
      ended->add();
    });
    ASSERT_TRUE(begun->reaches(1));
    pool.submit([&ran, held] { ran = true; });
    EXPECT_EQ(pool.shutdown(std::chrono::milliseconds(1)), 1u);
    EXPECT_EQ(held.use_count(), 1);
    EXPECT_EQ(pool.submit([] {}), 0u);
    EXPECT_EQ(pool.shutdown(Duration(0)), 1u);
  }
  // The pool is gone; the thread finds everything it needs when it wakes up.
  gate->add();
  EXPECT_TRUE(ended->reaches(1));
  EXPECT_TRUE(soon([&] { return gate.use_count() == 1; }));
  EXPECT_FALSE(ran);
}

TEST(WorkerPool, ThreadsHaveANameAndTakeNoSignalsButTheirOwnFaults) {
  WorkerPool pool{{.threads = 1}};
  Latch done;
  std::string name;
  sigset_t blocked;
  pool.submit([&] {
    char text[32] = "";
    pthread_getname_np(pthread_self(), text, sizeof text);
    name = text;
    pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    done.add();
  });
  ASSERT_TRUE(done.reaches(1));
  EXPECT_EQ(name, "virgo-worker");
  for (const int s : {SIGTERM, SIGINT, SIGHUP, SIGPROF, SIGCHLD})
    EXPECT_EQ(sigismember(&blocked, s), 1) << s;
  // What a task does wrong itself has to reach the crash handler.
  for (const int s : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT})
    EXPECT_EQ(sigismember(&blocked, s), 0) << s;
  sigset_t own;
  pthread_sigmask(SIG_SETMASK, nullptr, &own);
  EXPECT_EQ(sigismember(&own, SIGTERM), 0) << "the caller's mask is as before";
}

TEST(WorkerPool, SubmitWithdrawAndWriteOffInAnyOrder) {
  WorkerPool pool{{.threads = 4, .max_written_off = 3}};
  Latch ran;
  int withdrawn = 0;
  std::vector<WorkerPool::Ticket> tickets;
  for (int i = 0; i < 5000; ++i) {
    tickets.push_back(pool.submit([&] { ran.add(); }));
    if (i % 3 == 0) withdrawn += pool.withdraw(tickets[static_cast<std::size_t>(i) / 2]);
    if (i % 7 == 0) pool.write_off(tickets[static_cast<std::size_t>(i) * 9 / 10]);
  }
  ASSERT_TRUE(ran.reaches(5000 - withdrawn));
  EXPECT_TRUE(soon([&] { return pool.load().busy == 0 && pool.load().written_off == 0; }));
  EXPECT_LE(pool.load().threads, 4u);
  EXPECT_EQ(pool.shutdown(kPatience), 0u);
  EXPECT_EQ(ran.count(), 5000 - withdrawn);
}

// From now on this process gets no more threads. False where that cannot be arranged.
bool refuse_threads() {
  const auto refuse = static_cast<unsigned>(SECCOMP_RET_ERRNO | EAGAIN);
  const sock_filter code[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                              BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 1, 0),
                              BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 1),
                              BPF_STMT(BPF_RET | BPF_K, refuse),
                              BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const sock_fprog program{5, const_cast<sock_filter*>(code)};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

// As under a bound on a service's tasks. In a process of its own: the filter stays.
TEST(WorkerPool, WhenTheSystemGivesNoMoreThreadsThoseThereDoTheWork) {
  const pid_t child = fork();
  if (child == 0) {
    WorkerPool pool{{.threads = 3}};
    Latch first;
    Latch all;
    Latch go;
    pool.submit([&] {
      first.add();
      go.reaches(1);
      all.add();
    });
    if (!first.reaches(1)) _exit(1);
    if (!refuse_threads()) _exit(77);
    for (int i = 0; i < 3; ++i) pool.submit([&] { all.add(); });
    if (pool.load().threads != 1 || pool.load().queued != 3) _exit(2);
    go.add();
    _exit(all.reaches(4) ? 0 : 3);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "no seccomp filters here";
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace virgo::uv
