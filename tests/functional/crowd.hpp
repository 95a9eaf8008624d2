// A crowded host: many processes, and a network namespace with many interfaces.
#pragma once

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "functional/world.hpp"

namespace virgo::functional {

class Crowd {
 public:
  // Takes the calling thread into a network namespace of its own, for good; what is
  // started from here on is in it. why() tells if that was not possible.
  Crowd(int processes, int interfaces) {
    if (unshare(CLONE_NEWNET) != 0) {
      why_ = std::string("no network namespace of one's own: ") + std::strerror(errno);
      return;
    }
    std::string batch = "link set lo up\n";
    for (int i = 0; i < interfaces / 2; ++i)
      batch += "link add left" + std::to_string(i) + " type veth peer name right" +
               std::to_string(i) + "\n";
    write_file(dir_.file("batch"), batch);
    if (std::system(("ip -batch " + dir_.file("batch")).c_str()) != 0)
      why_ = "ip(8) cannot make interfaces here";
    for (int i = 0; i < processes; ++i) {
      const pid_t pid = fork();
      if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) pause();
      }
      if (pid > 0) pids_.push_back(pid);
    }
    if (pids_.size() < static_cast<std::size_t>(processes)) why_ = "too few processes allowed";
  }
  ~Crowd() {
    for (const pid_t pid : pids_) ::kill(pid, SIGKILL);
    for (const pid_t pid : pids_) waitpid(pid, nullptr, 0);
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;
  const std::string& why() const { return why_; }

 private:
  TempDir dir_;
  std::vector<pid_t> pids_;
  std::string why_;
};

}  // namespace virgo::functional
