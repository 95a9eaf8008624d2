#include "uv/process.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "children.hpp"
#include "unit/loop_fixture.hpp"

namespace virgo::uv {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

// Only a broken test waits so long.
constexpr Duration kLong = 60s;

class ProcessTest : public testing::LoopTest {
 protected:
  void SetUp() override {
    char name[] = "/tmp/virgo-process-XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  void TearDown() override {
    process_.reset();
    LoopTest::TearDown();
    EXPECT_EQ(live_children(), 0u);
    EXPECT_TRUE(proc::children_of(getpid()).empty());
    std::filesystem::remove_all(folder_);
  }

  std::string file(const std::string& name, const std::string& text, mode_t mode = 0755) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path) << text;
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return path;
  }

  static SpawnOptions shell(const std::string& script) {
    return {{"/bin/sh", "-c", script}, {"PATH=/usr/bin:/bin"}, "", false};
  }

  void start(const SpawnOptions& what, ProcessOptions options = {}) {
    result_.reset();
    auto started = Process::start(loop, what, std::move(options),
                                  [this](ProcessResult r) { result_ = std::move(r); });
    ASSERT_TRUE(started.ok()) << started.error().message;
    process_ = std::move(started).value();
  }
  ProcessResult finish() {
    run_until([this] { return result_.has_value(); });
    return result_.value_or(ProcessResult{});
  }
  ProcessResult run(const SpawnOptions& what, ProcessOptions options = {}) {
    start(what, std::move(options));
    return finish();
  }
  std::string error_of(const SpawnOptions& what) {
    const auto spawned = spawn(what);
    EXPECT_FALSE(spawned.ok());
    return spawned ? ""
                   : std::string(errc_name(spawned.error().code)) + " " + spawned.error().message;
  }
  // Until `path` has something in it, which its writer does with a rename or at once.
  void run_until_written(const std::string& path) {
    run_until(
        [&] { return std::filesystem::exists(path) && std::filesystem::file_size(path) > 0; });
  }
  static int number_in(const std::string& path) {
    int n = 0;
    std::ifstream(path) >> n;
    return n;
  }
  static bool lives(pid_t pid) {
    const char state = proc::process_state(pid).state;
    return state != '?' && state != 'Z';
  }

  std::string folder_;
  std::optional<ProcessResult> result_;
  std::unique_ptr<Process> process_;
};

TEST_F(ProcessTest, GivesBothStreamsAndTheExitCode) {
  const ProcessResult r = run(shell("echo to out; echo to err >&2; exit 7"));
  EXPECT_EQ(r.exit_code, 7);
  EXPECT_EQ(r.signal, 0);
  EXPECT_EQ(r.out, "to out\n");
  EXPECT_EQ(r.err, "to err\n");
  EXPECT_FALSE(r.out_cut || r.err_cut || r.stopped || r.left_behind);
  EXPECT_GT(r.duration, 0ns);
}

TEST_F(ProcessTest, NamesTheSignalThatEndedIt) {
  const ProcessResult r = run(shell("echo before; kill -SEGV $$"));
  EXPECT_EQ(r.exit_code, -1);
  EXPECT_EQ(r.signal, SIGSEGV);
  EXPECT_EQ(r.out, "before\n");
}

TEST_F(ProcessTest, ArgumentsAndEnvironmentArriveUnchangedAndNothingElse) {
  EXPECT_EQ(run({{"/usr/bin/printf", "%s|", "two words", "", "$HOME", "*"}, {}, "", false}).out,
            "two words||$HOME|*|");
  EXPECT_EQ(run({{"/usr/bin/env"}, {"A=1", "B=x = y", "C="}, "", false}).out, "A=1\nB=x = y\nC=\n");
}

TEST_F(ProcessTest, LeadsASessionAndHasItsFolder) {
  SpawnOptions what = shell("pwd; read line < /proc/$$/stat; echo $$ $line");
  what.cwd = folder_;
  const ProcessResult r = run(what);
  int pid = 0;
  int group = 0;
  int session = 0;
  char folder[256];
  ASSERT_EQ(
      sscanf(r.out.c_str(), "%255s %d %*d (%*[^)]) %*c %*d %d %d", folder, &pid, &group, &session),
      4)
      << r.out;
  EXPECT_EQ(folder, folder_);
  EXPECT_EQ(group, pid);
  EXPECT_EQ(session, pid);
}

TEST_F(ProcessTest, HasNoInputAndNoneOfOurFiles) {
  const int leak = open("/dev/null", O_RDONLY);  // not close-on-exec
  ASSERT_GE(leak, 3);
  const ProcessResult r = run(shell("read line; echo read=$?; ls -1 /proc/self/fd | wc -l"));
  close(leak);
  // 0, 1, 2, and the one `ls` reads the folder with.
  EXPECT_EQ(r.out, "read=1\n4\n");
}

TEST_F(ProcessTest, StartsWithSignalsAsTheyAreByDefault) {
  const auto profiler = signal(SIGPROF, SIG_IGN);  // as the watchdog of Lua has it
  const auto pipe = signal(SIGPIPE, SIG_IGN);
  sigset_t term;
  sigset_t mask;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  sigaddset(&term, SIGPROF);
  pthread_sigmask(SIG_BLOCK, &term, &mask);
  const ProcessResult r = run(shell("grep -E '^Sig(Blk|Ign)' /proc/self/status"));
  pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  signal(SIGPROF, profiler);
  signal(SIGPIPE, pipe);
  unsigned long long blocked = 1;
  unsigned long long ignored = 1;
  ASSERT_EQ(sscanf(r.out.c_str(), "SigBlk: %llx SigIgn: %llx", &blocked, &ignored), 2) << r.out;
  EXPECT_EQ(blocked, 0u);
  EXPECT_EQ(ignored & 0x7fffffffu, 0u);  // 32 and 33 are the C library's own
}

TEST_F(ProcessTest, InputIsWrittenAndEnds) {
  std::string text(3u << 20, 'i');
  SpawnOptions what{{"/bin/cat"}, {}, "", true};
  const ProcessResult r = run(what, {.input = text, .max_out = 4u << 20});
  EXPECT_TRUE(r.out == text);
  EXPECT_EQ(run(what, {.input = ""}).out, "");
  // Who does not read it is no failure of ours.
  EXPECT_EQ(run({{"/bin/true"}, {}, "", true}, {.input = text}).exit_code, 0);
}

TEST_F(ProcessTest, OutputIsKeptUpToTheLimit) {
  const auto zeros = [&](std::size_t n) {
    return shell("head -c " + std::to_string(n) + " /dev/zero; head -c 7 /dev/zero >&2; exit 3");
  };
  const std::size_t most = 100'000;
  ProcessResult r = run(zeros(most), {.max_out = most, .max_err = 7});
  EXPECT_EQ(r.out.size(), most);
  EXPECT_FALSE(r.out_cut || r.err_cut);
  r = run(zeros(most + 1), {.max_out = most, .max_err = 6});
  EXPECT_EQ(r.out.size(), most);
  EXPECT_EQ(r.err.size(), 6u);
  EXPECT_TRUE(r.out_cut && r.err_cut);
  // It goes on to its end, however much comes.
  r = run(zeros(1'000'000), {.max_out = 0});
  EXPECT_EQ(r.out, "");
  EXPECT_TRUE(r.out_cut);
  EXPECT_EQ(r.exit_code, 3);
}

TEST_F(ProcessTest, AFloodIsHeldUp) {
  const TimePoint begun = system_clock().now();
  start({{"/usr/bin/yes"}, {}, "", false}, {.max_out = 1000});
  std::uint64_t written = 0;
  std::int64_t pauses = 0;
  Timer stop(loop, [&] {
    std::ifstream io("/proc/" + std::to_string(process_->pid()) + "/io");
    std::string word;
    while (io >> word && word != "wchar:") {
    }
    io >> written;
    pauses = (system_clock().now() - begun) / 10ms;
    process_->stop();
  });
  stop.start(200ms);
  const ProcessResult r = finish();
  EXPECT_TRUE(r.out_cut);
  EXPECT_EQ(r.out.size(), 1000u);
  EXPECT_EQ(r.signal, SIGTERM);
  // One read of a full pipe in each pause, what was kept, and what the pipe holds.
  EXPECT_LE(written, static_cast<std::uint64_t>(pauses + 6) * 64 * 1024);
}

TEST_F(ProcessTest, WhatCannotBeRunIsAnErrorThatSaysWhy) {
  const auto program = [](const std::string& path) { return SpawnOptions{{path}, {}, "", false}; };
  EXPECT_EQ(error_of(program("/nowhere/x")), "not_found /nowhere/x: No such file or directory");
  EXPECT_EQ(error_of(program("/tmp")), "invalid /tmp is a folder, not a program");
  EXPECT_EQ(error_of(program("/dev/null")), "invalid /dev/null is not a regular file");
  const std::string plain = file("plain", "echo", 0644);
  EXPECT_EQ(error_of(program(plain)), "denied " + plain + " is not executable (its mode is 0644)");
  const std::string lost = file("lost", "#! /no/such/shell -e\necho\n");
  EXPECT_EQ(error_of(program(lost)),
            "not_found " + lost +
                ": the interpreter in its first line, '/no/such/shell': No such file or directory");
  const std::string alien = file("alien", std::string("\x7f"
                                                      "ELF\x02\x01\x01\0\0",
                                                      9));
  EXPECT_EQ(error_of(program(alien)),
            "invalid " + alien + " is neither a script nor a program for this machine");
  EXPECT_EQ(error_of(program("true")),
            "invalid 'true' is not an absolute path; programs are not looked for");
  EXPECT_EQ(error_of({}), "invalid no program to run");
  EXPECT_EQ(error_of({{"/bin/true", std::string("a\0b", 3)}, {}, "", false}),
            "invalid /bin/true: an argument with a NUL byte in it");
  EXPECT_THAT(error_of({{"/bin/true"}, {"=x"}, "", false}), HasSubstr("(NAME=value)"));
  EXPECT_THAT(error_of({{"/bin/true"}, {"x"}, "", false}), HasSubstr("(NAME=value)"));
  EXPECT_EQ(error_of({{"/bin/true"}, {}, "/no/folder", false}),
            "not_found /bin/true: there is no folder /no/folder to run it in");
  EXPECT_EQ(error_of({{"/bin/true", std::string(4u << 20, 'x')}, {}, "", false}),
            "io /bin/true: Argument list too long");
}

TEST_F(ProcessTest, ATextWithoutAnInterpreterIsGivenToTheShell) {
  EXPECT_EQ(run({{file("bare", "echo bare $1\n"), "word"}, {}, "", false}).out, "bare word\n");
  const std::string broken = "#/usr/sbin/env bash\necho runs all the same\n";
  EXPECT_EQ(run({{file("broken", broken)}, {}, "", false}).out, "runs all the same\n");
}

TEST_F(ProcessTest, StopAsksFirst) {
  start(shell("trap 'echo told; exit 4' TERM; echo ready > " + folder_ +
              "/ready; "
              "while :; do sleep 0.01; done"),
        {.grace = kLong});
  run_until_written(folder_ + "/ready");
  process_->stop();
  process_->stop();
  const ProcessResult r = finish();
  EXPECT_TRUE(r.stopped);
  EXPECT_EQ(r.exit_code, 4);
  EXPECT_EQ(r.out, "told\n");
}

TEST_F(ProcessTest, StopWakesWhoIsHalted) {
  start(shell("kill -STOP $$"), {.grace = kLong});
  run_until([this] { return proc::process_state(process_->pid()).state == 'T'; });
  process_->stop();
  EXPECT_EQ(finish().signal, SIGTERM);
}

TEST_F(ProcessTest, WhoDoesNotListenIsKilledWithAllOfItsGroup) {
  const std::string other = folder_ + "/other";
  start(shell("trap '' TERM; (echo $(exec sh -c 'echo $PPID') > " + other +
              "; while :; do sleep 1; done) & while :; do sleep 1; done"),
        {.grace = 50ms});
  run_until_written(other);
  const pid_t second = number_in(other);
  process_->stop();
  const ProcessResult r = finish();
  EXPECT_TRUE(r.stopped);
  EXPECT_EQ(r.signal, SIGKILL);
  run_until([&] { return !lives(second); });
}

TEST_F(ProcessTest, WhoHoldsThePipesIsKilledWhenTheLingerIsOver) {
  const std::string other = folder_ + "/other";
  const ProcessResult r =
      run(shell("echo first; sleep 1000 & echo $! > " + other + "; exit 2"), {.linger = 50ms});
  EXPECT_TRUE(r.left_behind);
  EXPECT_FALSE(r.stopped);
  EXPECT_EQ(r.exit_code, 2);
  EXPECT_EQ(r.out, "first\n");
  const pid_t second = number_in(other);
  ASSERT_GT(second, 0);
  run_until([&] { return !lives(second); });
}

TEST_F(ProcessTest, WhoStaysInTheGroupWithoutThePipesIsKilledAtTheEnd) {
  const std::string other = folder_ + "/other";
  const ProcessResult r =
      run(shell("sleep 1000 >/dev/null 2>&1 & echo $! > " + other + ""), {.linger = kLong});
  EXPECT_FALSE(r.left_behind);
  const pid_t second = number_in(other);
  ASSERT_GT(second, 0);
  run_until([&] { return !lives(second); });
}

TEST_F(ProcessTest, OutputThatComesInTheLingerIsKept) {
  const ProcessResult r = run(shell("(sleep 0.05; echo late) & echo early"), {.linger = kLong});
  EXPECT_EQ(r.out, "early\nlate\n");
  EXPECT_FALSE(r.left_behind);
}

// Its session is not ours to kill, but nobody waits for it.
TEST_F(ProcessTest, ADaemonIsNotWaitedFor) {
  const std::string other = folder_ + "/other";
  const ProcessResult r =
      run(shell("setsid sh -c 'echo $$ > " + other + ".new; mv " + other + ".new " + other +
                "; exec sleep 1000' & while [ ! -e " + other + " ]; do sleep 0.01; done"),
          {.linger = 50ms});
  EXPECT_TRUE(r.left_behind);
  EXPECT_EQ(r.exit_code, 0);
  const pid_t daemon = number_in(other);
  ASSERT_GT(daemon, 0);
  EXPECT_TRUE(lives(daemon));
  kill(daemon, SIGKILL);
}

TEST_F(ProcessTest, WhoClosesItsOutputAndHangsIsWaitedForAndStopped) {
  start(shell("exec >/dev/null 2>&1; echo x > " + folder_ + "/ready; exec sleep 1000"));
  run_until_written(folder_ + "/ready");
  turn();
  EXPECT_FALSE(result_.has_value());
  process_->stop();
  EXPECT_EQ(finish().signal, SIGTERM);
}

TEST_F(ProcessTest, DestroyedItNeitherWaitsNorCallsBack) {
  start(shell("trap '' TERM; echo x > " + folder_ + "/ready; while :; do sleep 1; done"),
        {.grace = 50ms});
  run_until_written(folder_ + "/ready");
  const pid_t pid = process_->pid();
  process_.reset();
  EXPECT_TRUE(lives(pid));
  EXPECT_EQ(live_children(), 1u);
  loop.run();  // until the child is reaped, or the test's time is over
  run_until([] { return live_children() == 0; });
  EXPECT_EQ(proc::process_state(pid).pid, 0);
  EXPECT_FALSE(result_.has_value());
}

TEST_F(ProcessTest, DestroyedInTheLingerItIsReapedAtOnce) {
  start(shell("sleep 1000 & exit 0"), {.linger = kLong});
  run_until([this] { return proc::process_state(process_->pid()).pid == 0; });
  EXPECT_EQ(live_children(), 1u);
  turn();
  process_.reset();
  EXPECT_EQ(live_children(), 0u);
}

TEST_F(ProcessTest, StoppedAfterItsEndItStaysAsItIs) {
  start(shell("echo x"));
  EXPECT_EQ(finish().out, "x\n");
  const pid_t other = fork();  // nobody else is waited for instead
  if (other == 0) _exit(3);
  process_->stop();
  bool later = false;
  Timer timer(loop, [&] { later = true; });
  timer.start(5ms);
  run_until([&] { return later; });
  int status = 0;
  EXPECT_EQ(waitpid(other, &status, 0), other);
}

TEST_F(ProcessTest, MayBeDestroyedByItsCallback) {
  bool done = false;
  auto started = Process::start(loop, shell("echo x"), {}, [&](ProcessResult r) {
    process_.reset();
    done = r.out == "x\n";
  });
  ASSERT_TRUE(started.ok());
  process_ = std::move(started).value();
  run_until([&] { return done; });
}

TEST_F(ProcessTest, ALoopThatClosesTakesItsChildrenWithIt) {
  pid_t pid = -1;
  {
    Loop other;
    auto started = Process::start(other, shell("trap '' TERM; while :; do sleep 1; done"),
                                  {.grace = kLong}, [](const ProcessResult&) {});
    ASSERT_TRUE(started.ok());
    pid = (*started)->pid();
  }
  EXPECT_EQ(proc::process_state(pid).pid, 0);
}

TEST_F(ProcessTest, SpawnedAndNotLookedAfterIsKilled) {
  pid_t pid = -1;
  {
    const auto spawned = spawn(shell("sleep 1000"));
    ASSERT_TRUE(spawned.ok());
    pid = spawned->pid();
    EXPECT_TRUE(lives(pid));
  }
  EXPECT_EQ(proc::process_state(pid).pid, 0);
}

TEST_F(ProcessTest, AllCanBeKilledAtOnce) {
  std::vector<std::unique_ptr<Process>> all;
  for (int i = 0; i < 5; ++i) {
    auto started = Process::start(loop, shell("trap '' TERM; sleep 1000; sleep 1000"),
                                  {.grace = kLong}, [](const ProcessResult&) {});
    ASSERT_TRUE(started.ok());
    all.push_back(std::move(started).value());
  }
  EXPECT_EQ(live_children(), 5u);
  EXPECT_EQ(kill_children(20s), 0u);
  EXPECT_EQ(live_children(), 0u);
  EXPECT_TRUE(proc::children_of(getpid()).empty());
  turn();  // a loop that goes on is told that they are gone
}

// In a process of its own, which can spawn nothing afterwards.
TEST_F(ProcessTest, NothingIsStartedOnceThatIsOver) {
  const auto spawn_late = [] {
    end_children();
    const auto late = spawn(shell("exit 0"));
    if (late.ok() || late.error().code != Errc::cancelled) _exit(1);
    std::fputs(late.error().message.c_str(), stderr);
    _exit(0);
  };
  EXPECT_EXIT(spawn_late(), ::testing::ExitedWithCode(0), "^/bin/sh: the agent is stopping$");
}

std::size_t open_descriptors() {
  std::size_t n = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
    n += entry.path().empty() ? 0 : 1;
  return n;
}

// Some end, some are stopped, some ignore that, some are let go of, some cannot start.
TEST_F(ProcessTest, HundredsLeaveNothing) {
  run(shell("exit 0"));
  const std::size_t files = open_descriptors();
  const char* const kScripts[] = {"exit 3", "kill -KILL $$", "exec sleep 1000",
                                  "trap '' TERM; sleep 1000; sleep 1000", "sleep 1000 & exit 0"};
  std::size_t ended = 0;
  std::vector<std::unique_ptr<Process>> all;
  for (int i = 0; i < 300; ++i) {
    const int kind = i % 5;
    auto started = Process::start(loop, shell(kScripts[kind]), {.grace = 5ms, .linger = 5ms},
                                  [&](const ProcessResult&) { ++ended; });
    ASSERT_TRUE(started.ok());
    if (kind == 2 || kind == 3) (*started)->stop();
    if (i % 7 != 0) all.push_back(std::move(started).value());
    EXPECT_FALSE(spawn({{"/nowhere/x"}, {}, "", false}).ok());
    loop.run_once(false);
    if (i % 50 == 49) run_until([&] { return live_children() == 0; });
  }
  EXPECT_GE(ended, all.size());
  all.clear();
  turn();
  EXPECT_EQ(proc::zombies_of(getpid()), 0u);
  EXPECT_EQ(open_descriptors(), files);
}

// In a process of its own: the filter stays.
TEST_F(ProcessTest, EndsAreSeenWhereTheSystemDoesNotTellThem) {
  const pid_t child = fork();
  if (child == 0) {
    const sock_filter code[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
                                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
                                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const sock_fprog program{4, const_cast<sock_filter*>(code)};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) _exit(77);
    Loop own;
    int code_seen = -1;
    auto started = Process::start(own, shell("exit 9"), {},
                                  [&](const ProcessResult& r) { code_seen = r.exit_code; });
    while (code_seen < 0) own.run_once(true);
    _exit(code_seen == 9 && live_children() == 0 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "no seccomp filters here";
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace virgo::uv
