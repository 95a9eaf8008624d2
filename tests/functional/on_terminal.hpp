// A process with a pseudo-terminal, for the tests of what people see.
#pragma once

#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "functional/world.hpp"

namespace virgo::functional {

// A process with a terminal of its own, of which it is the foreground group.
class OnTerminal {
 public:
  using Environment = std::vector<std::pair<std::string, std::string>>;
  OnTerminal(std::vector<std::string> argv, const Environment& environment) {
    winsize size{40, 160, 0, 0};
    std::vector<char*> args;
    for (std::string& a : argv) args.push_back(a.data());
    args.push_back(nullptr);
    pid_ = forkpty(&master_, nullptr, nullptr, &size);
    if (pid_ == 0) {
      for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
      execv(args[0], args.data());
      _exit(127);
    }
    EXPECT_GT(pid_, 0);
  }
  OnTerminal(std::vector<std::string> argv, const std::string& tmp)
      : OnTerminal(std::move(argv), Environment{{"TMPDIR", tmp}}) {}
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
  // Whether keys are echoed and put together to lines, as outside of an editor.
  bool is_cooked() const {
    termios mode{};
    return tcgetattr(master_, &mode) == 0 && (mode.c_lflag & ICANON) != 0 &&
           (mode.c_lflag & ECHO) != 0;
  }
  // The signal it ended by, after wait(); 0 = none.
  int signal() const { return status_ && WIFSIGNALED(*status_) ? WTERMSIG(*status_) : 0; }
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

// A chroot without /dev/pts has no terminals.
inline bool have_terminals() {
  int master = -1;
  int slave = -1;
  if (openpty(&master, &slave, nullptr, nullptr, nullptr) != 0) return false;
  close(master);
  close(slave);
  return true;
}

}  // namespace virgo::functional
