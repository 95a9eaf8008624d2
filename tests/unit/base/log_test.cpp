#include "base/log.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>
#include <vector>

#include "unit/log_capture.hpp"

namespace virgo {
namespace {

using testing::LogCapture;

struct Level {
  ~Level() { set_log_level(LogLevel::info); }
};

std::string logged(std::string_view message) {
  const LogCapture log;
  log_message(LogLevel::error, "t", message);
  const auto lines = log.lines();
  EXPECT_EQ(lines.size(), 1u);
  return lines.empty() ? "" : lines[0].substr(std::string("ERROR t: ").size());
}

TEST(Log, FormatsLevelsAndComponents) {
  const LogCapture log;
  log_error("loop", "{} of {}", 1, "two");
  log_warn("net", "w");
  log_info("net", "i");
  EXPECT_EQ(log.lines(),
            (std::vector<std::string>{"ERROR loop: 1 of two", "WARN  net: w", "INFO  net: i"}));
}

TEST(Log, LeavesOutWhatIsBelowTheLevel) {
  const Level restore;
  const LogCapture log;
  log_debug("t", "not at info");
  EXPECT_EQ(log.lines().size(), 0u);
  set_log_level(LogLevel::debug);
  log_debug("t", "at debug");
  EXPECT_EQ(log.lines().size(), 1u);
  set_log_level(LogLevel::error);
  log_warn("t", "not at error");
  EXPECT_EQ(log.lines().size(), 1u);
  EXPECT_TRUE(log_enabled(LogLevel::error));
  EXPECT_FALSE(log_enabled(LogLevel::warn));
}

TEST(Log, NobodyForgesLines) {
  EXPECT_EQ(logged("a\nb"), "a\n    b");  // indented: no line of its own
  EXPECT_EQ(logged("a\rb"), "a\\x0db");
  EXPECT_EQ(logged(std::string("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(logged("\x1b[31mred\x7f"), "\\x1b[31mred\\x7f");
  EXPECT_EQ(logged("a\tb"), "a\tb");
}

TEST(Log, EightBitControlCharactersAreShownToo) {
  EXPECT_EQ(logged("a\xc2\x9b"
                   "31m"),
            "a\\x9b31m");
  EXPECT_EQ(logged("\xc2\xa0\xc3\xbc"), "\xc2\xa0\xc3\xbc");  // no-break space, u umlaut
}

TEST(Log, CutsLongMessagesAtTheLimit) {
  const std::string fits(4096, 'x');
  EXPECT_EQ(logged(fits), fits);
  EXPECT_EQ(logged(fits + "y"), fits + "...");
}

TEST(Log, DoesNotCutThroughACharacter) {
  const std::string start(4095, 'x');
  EXPECT_EQ(logged(start + "\xc3\xbc"
                           "abc"),
            start + "...");
  const std::string long_start(4093, 'x');
  EXPECT_EQ(logged(long_start + "\xf0\x9f\x98\x80"
                                "abc"),
            long_start + "...");
}

TEST(Log, WritesOneLineToStandardError) {
  ::testing::internal::CaptureStderr();
  log_warn("net", "hello");
  const std::string text = ::testing::internal::GetCapturedStderr();
  // 2026-01-31T12:00:00.123Z WARN  net: hello
  ASSERT_EQ(text.size(), 24 + std::string(" WARN  net: hello\n").size()) << text;
  EXPECT_EQ(text.substr(24), " WARN  net: hello\n");
  EXPECT_EQ(text[10], 'T');
  EXPECT_EQ(text[19], '.');
  EXPECT_EQ(text[23], 'Z');
}

TEST(Log, IsThreadSafe) {
  const LogCapture log;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([] {
      for (int i = 0; i < 500; ++i) log_info("t", "line {}", i);
    });
  for (auto& t : threads) t.join();
  EXPECT_EQ(log.lines().size(), 2000u);
}

}  // namespace
}  // namespace virgo
