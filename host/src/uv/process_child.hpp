// A child from its start until it is reaped; its owner may go sooner. Loop thread only.
// Internal to uv/.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>

#include "base/file.hpp"
#include "uv/loop.hpp"
#include "uv/poll.hpp"
#include "uv/process_spawn.hpp"
#include "uv/timer.hpp"

namespace virgo::uv {

// Kept by the loop until it has been reaped. A loop that closes sooner kills it, and
// waits a second for that at most.
class ProcessChild : public std::enable_shared_from_this<ProcessChild> {
 public:
  // `ended` is called once, from the loop, when the child has ended. It is reaped when
  // that returns, but others of its group go on until reap(). `grace`: between stop() and the
  // signal that cannot be ignored. `token` is kept as long as the child is not reaped.
  static std::shared_ptr<ProcessChild> watch(Loop& loop, pid_t pid, Duration grace,
                                             std::shared_ptr<void> token,
                                             std::function<void()> ended);
  ~ProcessChild();
  ProcessChild(const ProcessChild&) = delete;

  bool ended() const { return ended_; }
  // SIGTERM to its group, and when the grace is over SIGKILL. Twice is once.
  void stop();
  // After it ended: kills what is left of its group. What waitpid(2) said.
  int reap();
  // Nobody waits for it any more: it is stopped, and reaped when it has ended.
  void let_go();

 private:
  ProcessChild(Loop& loop, pid_t pid, Duration grace, std::shared_ptr<void> token,
               std::function<void()> ended);
  void start();
  void look();
  void kill_all();

  Loop& loop_;
  pid_t pid_;  // -1 = it and its group are done with
  const Duration grace_;
  std::shared_ptr<void> token_;
  std::function<void()> told_;
  std::uint64_t adopted_ = 0;
  bool ended_ = false;
  bool waited_ = false;  // its status is known, its group may go on
  int status_ = -1;
  bool stopping_ = false;
  Timer timer_;
  Timer look_again_;  // where the system cannot tell when a child has ended
  Descriptor pidfd_;
  std::unique_ptr<Poll> poll_;
};

}  // namespace virgo::uv
