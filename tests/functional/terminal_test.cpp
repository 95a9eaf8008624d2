// `virgo demo` on a terminal: the table that is redrawn, and Ctrl-C.
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "functional/world.hpp"

namespace virgo::functional {
namespace {

// A process with a terminal of its own, of which it is the foreground group.
class OnTerminal {
 public:
  OnTerminal(std::vector<std::string> argv, const std::string& tmp) {
    winsize size{40, 160, 0, 0};
    std::vector<char*> args;
    for (std::string& a : argv) args.push_back(a.data());
    args.push_back(nullptr);
    pid_ = forkpty(&master_, nullptr, nullptr, &size);
    if (pid_ == 0) {
      setenv("TMPDIR", tmp.c_str(), 1);
      execv(args[0], args.data());
      _exit(127);
    }
    EXPECT_GT(pid_, 0);
  }
  ~OnTerminal() {
    if (!status_ && pid_ > 0) {
      kill(-pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    close(master_);
  }
  OnTerminal(const OnTerminal&) = delete;
  OnTerminal& operator=(const OnTerminal&) = delete;

  pid_t pid() const { return pid_; }
  const std::string& screen() const { return screen_; }
  void type(const std::string& keys) {
    EXPECT_EQ(write(master_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
  }
  // Reads what is shown until `condition` holds.
  bool until(const std::function<bool()>& condition) {
    return eventually([&] {
      read_some();
      return condition();
    });
  }
  // Exit code; -1 if it did not end, or ended by a signal.
  int wait() {
    until([&] {
      int status = 0;
      if (!status_ && waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
      return status_.has_value();
    });
    read_some();
    return status_ && WIFEXITED(*status_) ? WEXITSTATUS(*status_) : -1;
  }

 private:
  void read_some() {
    timeval now{0, 1000};
    fd_set set;
    FD_ZERO(&set);
    FD_SET(master_, &set);
    if (select(master_ + 1, &set, nullptr, nullptr, &now) != 1) return;
    char buffer[65536];
    const ssize_t n = read(master_, buffer, sizeof buffer);
    if (n > 0) screen_.append(buffer, static_cast<std::size_t>(n));
  }
  int master_ = -1;
  pid_t pid_ = -1;
  std::optional<int> status_;
  std::string screen_;
};

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

// A chroot without /dev/pts has no terminals.
bool have_terminals() {
  int master = -1;
  int slave = -1;
  if (openpty(&master, &slave, nullptr, nullptr, nullptr) != 0) return false;
  close(master);
  close(slave);
  return true;
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
