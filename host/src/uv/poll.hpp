// Waits for a descriptor to become ready. Sockets, pipes and what else epoll takes;
// not regular files. Loop thread only.
#pragma once

#include <functional>
#include <memory>

#include "base/result.hpp"
#include "uv/handle.hpp"
#include "uv/loop.hpp"

namespace virgo::uv {

class Poll {
 public:
  enum Events : unsigned { kReadable = 1, kWritable = 2, kHangup = 4 };
  // What is ready now, of Events. A descriptor in error is reported as everything
  // that was asked for and kHangup: reading from it tells what is wrong.
  using Ready = std::function<void(unsigned events)>;

  // The descriptor becomes non-blocking and stays the caller's, who closes it after
  // this has gone. `invalid` when the loop watches it already, `unsupported` when it
  // is of a kind that cannot be polled, `io` when it is not open.
  static Result<std::unique_ptr<Poll>> open(Loop& loop, int fd, Ready ready);

  ~Poll();
  // Level-triggered: told at each turn of the loop as long as it holds, errors
  // included. May be called again, to wait for something else. False if the
  // descriptor is not open any more, or somebody else watches it.
  bool start(unsigned events);
  void stop();
  // From now on it does not keep Loop::run() going.
  void unref() { uv_unref(handle_.base()); }

 private:
  friend class Loop;
  Poll(Loop& loop, int fd, Ready ready);
  void told(int status, int events);
  void failed();
  // Before the loop sleeps: libuv ends the process for a descriptor that was closed
  // since start().
  void look_at_descriptor();

  Loop& loop_;
  const int fd_;

  HandleBox<uv_poll_t, Poll> handle_;
  std::shared_ptr<const Ready> ready_;
  unsigned wanted_ = 0;
};

}  // namespace virgo::uv
