// The last words of a process, each in a process of its own.
#include "agent/crash_handler.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>

#include "base/alternate_stack.hpp"
#include "base/file.hpp"
#include "native/call_note.hpp"
#include "native/crash_record.hpp"

namespace virgo::agent {
namespace {

using native::CallScope;
using native::CodeMark;
using testing::HasSubstr;
using testing::KilledBySignal;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

volatile int* nowhere = nullptr;
volatile int sink = 0;

int down(volatile int* above) {  // NOLINT(misc-no-recursion)
  volatile int here[256];
  here[0] = *above + 1;
  return down(here) + here[0];
}

struct CrashHandlerDeathTest : ::testing::Test {
  const CodeMark mark{"com.acme", "/p/a.so", "7.1"};
  std::string dir;
  void SetUp() override {
    if (kSanitized) GTEST_SKIP() << "crashes are the sanitizer's there";
    char path[] = "/tmp/virgo-crash-XXXXXX";
    ASSERT_NE(mkdtemp(path), nullptr);
    dir = path;
  }
  void TearDown() override {
    if (!dir.empty()) std::filesystem::remove_all(dir);
  }
  static void no_core() {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
  }
  // In the process that is to die.
  void install() const {
    no_core();
    install_crash_handler(
        open((dir + "/crashes").c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  }
  native::Crashes crashes() const {
    const auto text = read_regular_file(dir + "/crashes", 1 << 20);
    EXPECT_TRUE(text.ok());
    return text ? native::parse_crashes(*text) : native::Crashes{};
  }
};

TEST_F(CrashHandlerDeathTest, WritesItsRecordAlsoWhenTheFileStaysLocked) {
  const Descriptor locked(open((dir + "/crashes").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(flock(locked.get(), LOCK_EX), 0);
  EXPECT_EXIT(
      {
        install();
        const CallScope scope(mark, "disk", "collect");
        *nowhere = 1;
      },
      KilledBySignal(SIGSEGV), "SIGSEGV");
  EXPECT_EQ(crashes().records.size(), 1u);
}

TEST_F(CrashHandlerDeathTest, NamesTheCall) {
  EXPECT_EXIT(
      {
        install();
        const CallScope scope(mark, "disk", "collect");
        *nowhere = 1;
      },
      KilledBySignal(SIGSEGV),
      HasSubstr("virgo: crashed (SIGSEGV at 0x0) in module com.acme (/p/a.so), check 'disk', "
                "collect()\n"));
  const auto found = crashes();
  ASSERT_EQ(found.records.size(), 1u);
  EXPECT_EQ(found.unreadable, 0u);
  const native::CrashRecord& r = found.records[0];
  EXPECT_EQ(r.signal, SIGSEGV);
  EXPECT_EQ(r.identity, "7.1");
  EXPECT_EQ(r.module, "com.acme");
  EXPECT_EQ(r.check, "disk");
  EXPECT_EQ(r.function, "collect");
  EXPECT_EQ(r.file, "/p/a.so");
  EXPECT_LE(r.at, time(nullptr) + 1);  // which is of a coarser clock
  EXPECT_GT(r.at, time(nullptr) - 3600);
}

TEST_F(CrashHandlerDeathTest, OfEverySignal) {
  EXPECT_EXIT(
      {
        install();
        const CallScope scope(mark, "", "load");
        abort();
      },
      KilledBySignal(SIGABRT),
      HasSubstr("virgo: crashed (SIGABRT) in module com.acme (/p/a.so), load()\n"));
  EXPECT_EXIT(
      {
        install();
        const CallScope scope(mark, "disk", "collect");
        raise(SIGFPE);  // not every processor traps when one divides by zero
      },
      KilledBySignal(SIGFPE), HasSubstr("virgo: crashed (SIGFPE) in module com.acme"));
  EXPECT_EXIT(
      {
        install();
        const CallScope scope(mark, "disk", "collect");
        __builtin_trap();
      },
      KilledBySignal(SIGILL), HasSubstr("virgo: crashed (SIGILL at 0x"));
  EXPECT_EQ(crashes().records.size(), 3u);
}

TEST_F(CrashHandlerDeathTest, OfTheAgentItself) {
  EXPECT_EXIT(
      {
        install();
        { const CallScope over(mark, "disk", "collect"); }
        *nowhere = 1;
      },
      KilledBySignal(SIGSEGV),
      HasSubstr("virgo: crashed (SIGSEGV at 0x0) in the agent itself, not in a plugin\n"));
  EXPECT_TRUE(crashes().records.empty());
}

TEST_F(CrashHandlerDeathTest, AFullStackIsNoReasonToBeSilent) {
  EXPECT_EXIT(
      {
        install();
        const AlternateStack stack;
        const CallScope scope(mark, "disk", "collect");
        volatile int top = 0;
        sink = down(&top);
      },
      KilledBySignal(SIGSEGV), HasSubstr("check 'disk', collect()\n"));
  EXPECT_EQ(crashes().records.size(), 1u);
}

TEST_F(CrashHandlerDeathTest, OnAnotherThreadWhileThisOneIsInAPlugin) {
  EXPECT_EXIT(
      {
        install();
        const CallScope scope(mark, "disk", "collect");
        pthread_t thread;
        const auto crash = [](void*) -> void* {
          *nowhere = 1;
          return nullptr;
        };
        if (pthread_create(&thread, nullptr, crash, nullptr) == 0) pthread_join(thread, nullptr);
      },
      KilledBySignal(SIGSEGV), HasSubstr("in the agent itself"));
  EXPECT_TRUE(crashes().records.empty());
}

TEST_F(CrashHandlerDeathTest, NamesCannotForgeLinesOrFields) {
  const CodeMark bad{"a\tb\nc", "/p/x\ny.so", "1"};
  EXPECT_EXIT(
      {
        install();
        const CallScope scope(bad, "it\n2\t", "collect");
        *nowhere = 1;
      },
      KilledBySignal(SIGSEGV),
      HasSubstr("in module a?b?c (/p/x?y.so), check 'it?2?', collect()\n"));
  ASSERT_EQ(crashes().records.size(), 1u);
  EXPECT_EQ(crashes().records[0].file, "/p/x?y.so");
}

TEST_F(CrashHandlerDeathTest, ALongPathStillMakesALine) {
  const CodeMark bad{"com.acme", "/" + std::string(20'000, 'x'), "1"};
  EXPECT_EXIT(
      {
        install();
        const CallScope scope(bad, "disk", "collect");
        *nowhere = 1;
      },
      KilledBySignal(SIGSEGV), HasSubstr("xxx\n"));
  EXPECT_EQ(crashes().records.size(), 1u);
}

TEST_F(CrashHandlerDeathTest, WithoutAFileForRecords) {
  EXPECT_EXIT(
      {
        no_core();
        install_crash_handler(-1);
        const CallScope scope(mark, "disk", "collect");
        *nowhere = 1;
      },
      KilledBySignal(SIGSEGV), HasSubstr("in module com.acme"));
}

}  // namespace
}  // namespace virgo::agent
