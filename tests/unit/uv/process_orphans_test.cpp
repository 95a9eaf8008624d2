#include "uv/process_orphans.hpp"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "children.hpp"
#include "unit/loop_fixture.hpp"
#include "uv/process.hpp"

namespace virgo::uv {
namespace {

constexpr int kNotPermitted = 77;

bool turn_until(Loop& loop, const std::function<bool()>& done) {
  const TimePoint late = system_clock().now() + std::chrono::seconds(20);
  Timer pulse(loop, [] {});
  pulse.start(std::chrono::milliseconds(1), std::chrono::milliseconds(1));
  while (!done() && system_clock().now() < late) loop.run_once(true);
  return done();
}

// Process 1 of a namespace: 0 if it did right, or the line where it did not.
int be_first() {
  Loop loop;
  const OrphanReaper reaper(loop);
  const pid_t own = fork();  // of our session, and ours to wait for
  if (own == 0) _exit(5);
  bool done = false;
  ProcessResult result;
  auto started = Process::start(
      loop,
      {{"/bin/sh", "-c", "for i in 1 2 3; do setsid sh -c 'sleep 0.01' & done; exit 4"},
       {"PATH=/usr/bin:/bin"},
       "",
       false},
      {}, [&](ProcessResult r) {
        result = std::move(r);
        done = true;
      });
  if (!started || !turn_until(loop, [&] { return done; })) return __LINE__;
  if (result.exit_code != 4) return __LINE__;  // whoever it was that reaped it
  if (!turn_until(loop, [] { return proc::children_of(1).size() == 1; })) return __LINE__;
  int status = 0;
  if (waitpid(own, &status, 0) != own || WEXITSTATUS(status) != 5) return __LINE__;
  return 0;
}

TEST(OrphanReaper, ReapsWhoWasAdoptedAndNobodyElse) {
  const pid_t outer = fork();
  if (outer == 0) {
    if (unshare(CLONE_NEWPID | CLONE_NEWNS) != 0) _exit(kNotPermitted);
    const pid_t first = fork();
    if (first == 0) {
      mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
      if (mount("proc", "/proc", "proc", 0, nullptr) != 0) _exit(kNotPermitted);
      setsid();
      _exit(be_first());
    }
    int status = 0;
    waitpid(first, &status, 0);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 255);
  }
  int status = 0;
  ASSERT_EQ(waitpid(outer, &status, 0), outer);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kNotPermitted) GTEST_SKIP() << "PID namespaces are not permitted here";
  EXPECT_EQ(WEXITSTATUS(status), 0) << "the line of be_first() that failed, modulo 256";
}

}  // namespace
}  // namespace virgo::uv
