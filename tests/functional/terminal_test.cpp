// `virgo demo` on a terminal: the table that is redrawn, and Ctrl-C.
#include <signal.h>
#include <unistd.h>

#include <filesystem>

#include <gtest/gtest.h>

#include "functional/on_terminal.hpp"
#include "functional/world.hpp"

namespace virgo::functional {
namespace {

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

// Processes whose command line contains `word`, but for our own.
int processes_with(const std::string& word) {
  int n = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string pid = entry.path().filename();
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    if (std::stoi(pid) == getpid()) continue;
    if (read_file("/proc/" + pid + "/environ").find(word) != std::string::npos &&
        read_file("/proc/" + pid + "/cmdline").find("virgo") != std::string::npos)
      ++n;
  }
  return n;
}

TEST(Terminal, DemoRedrawsItsTableUntilCtrlC) {
  if (!have_terminals()) GTEST_SKIP() << "no pseudo-terminals here (/dev/pts)";
  const TempDir tmp;
  OnTerminal demo({virgo_binary(), "demo"}, tmp.path());
  // Home, and the table below it, at least three times.
  EXPECT_TRUE(demo.until([&] {
    return demo.screen().find("system.cpu.time") != std::string::npos &&
           demo.screen().find("virgo.tcp.connect.duration") != std::string::npos &&
           count(demo.screen(), "\x1b[H") >= 3;
  })) << demo.screen();
  EXPECT_EQ(processes_with(tmp.path()), 2);
  for (const char* word : {"CHECK", "METRIC", "native", "lua", "(Ctrl-C stops)"})
    EXPECT_NE(demo.screen().find(word), std::string::npos) << word;
  demo.type("\x03");
  EXPECT_EQ(demo.wait(), 0) << demo.screen();
  // The cursor is back, nothing runs any more, and nothing is left on the disk.
  EXPECT_GT(demo.screen().rfind("\x1b[?25h"), demo.screen().rfind("\x1b[?25l"));
  EXPECT_EQ(processes_with(tmp.path()), 0);
  EXPECT_TRUE(std::filesystem::is_empty(tmp.path()));
}

TEST(Terminal, TheAgentGoesWithItsDemo) {
  if (!have_terminals()) GTEST_SKIP() << "no pseudo-terminals here (/dev/pts)";
  const TempDir tmp;
  OnTerminal demo({virgo_binary(), "demo"}, tmp.path());
  EXPECT_TRUE(demo.until([&] { return processes_with(tmp.path()) == 2; }));
  EXPECT_TRUE(demo.until([&] { return demo.screen().find("uptime") != std::string::npos; }));
  kill(demo.pid(), SIGKILL);
  EXPECT_EQ(demo.wait(), -1);
  EXPECT_TRUE(eventually([&] { return processes_with(tmp.path()) == 0; }));
}

// What goes wrong in the agent is not hidden by the table.
TEST(Terminal, AnAgentThatDiesEndsTheDemo) {
  if (!have_terminals()) GTEST_SKIP() << "no pseudo-terminals here (/dev/pts)";
  const TempDir tmp;
  OnTerminal demo({virgo_binary(), "demo"}, tmp.path());
  EXPECT_TRUE(demo.until([&] { return demo.screen().find("uptime") != std::string::npos; }));
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string pid = entry.path().filename();
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    if (read_file("/proc/" + pid + "/environ").find(tmp.path()) != std::string::npos &&
        read_file("/proc/" + pid + "/cmdline").find("--exit-with-parent") != std::string::npos)
      kill(std::stoi(pid), SIGKILL);
  }
  EXPECT_EQ(demo.wait(), 1) << demo.screen();
  EXPECT_NE(demo.screen().find("the agent ended early (exit code 0, signal 9)"), std::string::npos)
      << demo.screen();
}

}  // namespace
}  // namespace virgo::functional
