#include "uv/process_child.hpp"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace virgo::uv {
namespace {

// Linux before 5.3, and containers that refuse pidfd_open(2).
constexpr Duration kLookAgain = std::chrono::milliseconds(20);

}  // namespace

ProcessChild::ProcessChild(Loop& loop, pid_t pid, Duration grace, std::shared_ptr<void> token,
                           std::function<void()> ended)
    : loop_(loop),
      pid_(pid),
      grace_(grace),
      token_(std::move(token)),
      told_(std::move(ended)),
      timer_(loop, [this] { kill_all(); }),
      look_again_(loop, [this] { look(); }),
      pidfd_(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))) {}

ProcessChild::~ProcessChild() {
  if (pid_ < 0) return;
  if (waited_) {
    end_group(pid_);
  } else {
    const Spawned abandoned(pid_, Descriptor(-1), Descriptor(-1), Descriptor(-1));
  }
}

std::shared_ptr<ProcessChild> ProcessChild::watch(Loop& loop, pid_t pid, Duration grace,
                                                  std::shared_ptr<void> token,
                                                  std::function<void()> ended) {
  std::shared_ptr<ProcessChild> child(
      new ProcessChild(loop, pid, grace, std::move(token), std::move(ended)));
  child->adopted_ = loop.adopt(child);
  child->start();
  return child;
}

void ProcessChild::start() {
  if (pidfd_) {
    auto poll = Poll::open(loop_, pidfd_.get(), [this](unsigned) { look(); });
    if (poll && (*poll)->start(Poll::kReadable)) {
      poll_ = std::move(poll).value();
      return;
    }
  }
  look_again_.start(kLookAgain, kLookAgain);
}

void ProcessChild::look() {
  if (ended_ || !has_ended(pid_)) return;
  const auto self = shared_from_this();
  ended_ = true;
  poll_.reset();
  look_again_.stop();
  timer_.stop();
  const auto told = std::move(told_);
  if (!told) {
    reap();
    return;
  }
  told();
  if (pid_ < 0) return;
  status_ = wait_child(pid_);
  waited_ = true;
}

void ProcessChild::stop() {
  if (stopping_ || ended_) return;
  stopping_ = true;
  kill(-pid_, SIGTERM);
  kill(-pid_, SIGCONT);  // who is halted would not hear it
  timer_.start(grace_);
}

void ProcessChild::kill_all() {
  kill(-pid_, SIGKILL);
  // One that the system does not let die, as on a dead mount, must not keep us.
  if (poll_) poll_->unref();
  look_again_.unref();
}

int ProcessChild::reap() {
  const auto self = shared_from_this();
  const pid_t pid = std::exchange(pid_, -1);
  if (waited_)
    end_group(pid);
  else
    status_ = reap_child(pid);
  token_.reset();
  loop_.release(adopted_);
  return status_;
}

void ProcessChild::let_go() {
  told_ = nullptr;
  if (pid_ < 0) return;
  if (ended_)
    reap();
  else
    stop();
}

}  // namespace virgo::uv
