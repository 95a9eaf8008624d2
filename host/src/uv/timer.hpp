// A timer on the loop. Millisecond steps; late by up to one, never early. Loop
// thread only.
#pragma once

#include <functional>
#include <memory>

#include "base/clock.hpp"
#include "uv/handle.hpp"
#include "uv/loop.hpp"

namespace virgo::uv {

class Timer {
 public:
  Timer(Loop& loop, std::function<void()> fired);

  // Starts anew, also when running. Fires once, or every `period` if not zero.
  // The callback may destroy the timer.
  void start(Duration delay, Duration period = {});
  void stop();
  bool active() const;
  // From now on it does not keep Loop::run() going.
  void unref() { uv_unref(handle_.base()); }

 private:
  HandleBox<uv_timer_t, Timer> handle_;
  std::shared_ptr<const std::function<void()>> fired_;
};

}  // namespace virgo::uv
