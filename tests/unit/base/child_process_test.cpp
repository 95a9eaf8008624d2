#include "base/child_process.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

namespace virgo {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

// Only keeps a broken test from hanging.
constexpr Duration kLong = std::chrono::seconds(60);

ChildResult shell(const std::string& script, Duration timeout = kLong, ChildLimits limits = {}) {
  auto result = run_child({"/bin/sh", "-c", script}, timeout, limits);
  EXPECT_TRUE(result.ok()) << (result ? "" : result.error().message);
  return result ? *result : ChildResult{};
}

TEST(ChildProcess, GivesBothStreamsAndTheExitCode) {
  const ChildResult r = shell("echo to out; echo to err >&2; exit 7");
  EXPECT_EQ(r.exit_code, 7);
  EXPECT_EQ(r.signal, 0);
  EXPECT_FALSE(r.timed_out);
  EXPECT_EQ(r.out, "to out\n");
  EXPECT_EQ(r.err, "to err\n");
}

TEST(ChildProcess, NamesTheSignalThatEndedIt) {
  const ChildResult r = shell("echo before; kill -SEGV $$");
  EXPECT_EQ(r.exit_code, -1);
  EXPECT_EQ(r.signal, SIGSEGV);
  EXPECT_FALSE(r.timed_out);
  EXPECT_EQ(r.out, "before\n");
  EXPECT_EQ(signal_name(r.signal), "SIGSEGV");
}

TEST(ChildProcess, ArgumentsReachItUnchanged) {
  const auto r = run_child({"printf", "%s|", "two words", "", "$HOME", "*"}, kLong);
  ASSERT_TRUE(r.ok()) << r.error().message;
  EXPECT_EQ(r->out, "two words||$HOME|*|");
}

TEST(ChildProcess, WhatCannotBeStartedIsAnErrorThatNamesIt) {
  const auto r = run_child({"/nowhere/to/be/found"}, kLong);
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().code, Errc::not_found);
  EXPECT_THAT(r.error().message, HasSubstr("/nowhere/to/be/found: No such file"));
  EXPECT_FALSE(run_child({}, kLong).ok());
}

TEST(ChildProcess, AFullPipeOfEitherStreamBlocksNobody) {
  // Far more than two pipes hold, first all of one and then all of the other.
  const ChildResult r = shell("head -c 1000000 /dev/zero >&2; head -c 1000000 /dev/zero");
  EXPECT_EQ(r.exit_code, 0);
  EXPECT_EQ(r.out.size(), 1000000u);
  EXPECT_EQ(r.err.size(), 1000000u);
}

TEST(ChildProcess, OutputBeyondTheLimitIsDroppedAndTheChildGoesOn) {
  const ChildResult r =
      shell("printf abc; head -c 1000000 /dev/zero; printf end >&2; exit 3", kLong, {.output = 4});
  EXPECT_EQ(r.exit_code, 3);
  EXPECT_EQ(r.out, std::string("abc\0", 4));
  EXPECT_EQ(r.err, "end");
}

TEST(ChildProcess, AtTheTimeoutItIsKilledAndItsOutputKept) {
  // It says so before it hangs; the timeout is long enough for that on any machine.
  const ChildResult r = shell("echo here; exec sleep 1000", std::chrono::seconds(3));
  EXPECT_TRUE(r.timed_out);
  EXPECT_EQ(r.signal, SIGKILL);
  EXPECT_EQ(r.exit_code, -1);
  EXPECT_EQ(r.out, "here\n");
}

TEST(ChildProcess, AFloodDoesNotHideTheTimeout) {
  const ChildResult r = shell("exec yes", milliseconds(100), {.output = 10});
  EXPECT_TRUE(r.timed_out);
  EXPECT_LE(r.out.size(), 10u);
}

TEST(ChildProcess, AtTheTimeoutItIsKilledInWhateverGroupItIs) {
  const std::string script =
      "setpgrp(0, getpgrp(getppid())) or die; $| = 1; print qq(moved\\n); sleep 1000";
  ChildResult r;
  // Long enough for it to have moved, on any machine.
  for (int seconds = 1; r.out.empty() && seconds < 100; seconds *= 4) {
    const auto run = run_child({"perl", "-e", script}, std::chrono::seconds(seconds));
    if (!run && run.error().code == Errc::not_found) GTEST_SKIP() << "there is no perl";
    ASSERT_TRUE(run.ok()) << run.error().message;
    r = *run;
  }
  EXPECT_EQ(r.out, "moved\n") << r.err;
  EXPECT_TRUE(r.timed_out);
  EXPECT_EQ(r.signal, SIGKILL);
}

// Grandchildren hold a FIFO open: it reports end-of-file when all are gone.
struct Grandchildren : ::testing::Test {
  std::string dir;
  int reader = -1;
  void SetUp() override {
    char path[] = "/tmp/virgo-child-XXXXXX";
    ASSERT_NE(mkdtemp(path), nullptr);
    dir = path;
    ASSERT_EQ(mkfifo((dir + "/fifo").c_str(), 0600), 0);
    reader = open((dir + "/fifo").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ASSERT_GE(reader, 0);
  }
  void TearDown() override {
    close(reader);
    std::filesystem::remove_all(dir);
  }
  // Hangs until ctest ends it, if one lives on.
  void expect_all_gone() const {
    fcntl(reader, F_SETFL, 0);  // a read that waits for the end of the last writer
    char byte = 0;
    while (read(reader, &byte, 1) == 1) {
    }
  }
};

TEST_F(Grandchildren, GoWithTheChildAtTheTimeout) {
  const ChildResult r = shell("exec 3>" + dir + "/fifo; printf x >&3; sleep 1000 & sleep 1000; :",
                              std::chrono::seconds(2));
  EXPECT_TRUE(r.timed_out);
  expect_all_gone();
}

TEST_F(Grandchildren, AreNotWaitedForWhenTheChildEnds) {
  // The sleeper has the pipes of the child: their end is not what ends the wait.
  const ChildResult r = shell("exec 3>" + dir + "/fifo; printf x >&3; sleep 1000 & echo done");
  EXPECT_FALSE(r.timed_out);
  EXPECT_EQ(r.exit_code, 0);
  EXPECT_EQ(r.out, "done\n");
  expect_all_gone();
}

TEST(ChildProcess, HasNoInputAndNoneOfOurFiles) {
  const int leak = open("/dev/null", O_RDONLY);  // not close-on-exec
  ASSERT_GE(leak, 3);
  const ChildResult r = shell("read line; echo read=$?; ls -1 /proc/self/fd | wc -l");
  close(leak);
  // 0, 1, 2, and the one `ls` reads the folder with.
  EXPECT_EQ(r.out, "read=1\n4\n");
}

TEST(ChildProcess, StartsWithSignalsAsTheyAreByDefault) {
  const auto before = signal(SIGPIPE, SIG_IGN);
  sigset_t term;
  sigset_t mask;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &term, &mask);
  const ChildResult r = shell("grep -E '^Sig(Blk|Ign)' /proc/self/status");
  pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  signal(SIGPIPE, before);
  unsigned long long blocked = 1;
  unsigned long long ignored = 1;
  ASSERT_EQ(sscanf(r.out.c_str(), "SigBlk: %llx SigIgn: %llx", &blocked, &ignored), 2) << r.out;
  EXPECT_EQ(blocked, 0u);
  // 32 and 33 are the C library's own; whoever started us may have ignored them.
  EXPECT_EQ(ignored & 0x7fffffffu, 0u);
}

TEST(ChildProcess, ManyThreadsAtOnce) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([i] {
      for (int n = 0; n < 5; ++n)
        EXPECT_EQ(shell("echo " + std::to_string(i)).out, std::to_string(i) + "\n");
    });
  for (std::thread& t : threads) t.join();
}

TEST(ChildProcess, OwnProgramIsThisTest) {
  EXPECT_THAT(own_program(), testing::EndsWith("/unit_base"));
  EXPECT_EQ(access(own_program().c_str(), X_OK), 0);
}

}  // namespace
}  // namespace virgo
