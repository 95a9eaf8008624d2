// Drives a Scheduler from the loop: one libuv timer, set to the scheduler's next
// wake-up. Loop thread only.
#pragma once

#include "base/clock.hpp"
#include "schedule/scheduler.hpp"
#include "uv/timer.hpp"

namespace virgo::schedule {

class Ticker {
 public:
  // Both outlive the ticker.
  Ticker(uv::Loop& loop, const Clock& clock, Scheduler& scheduler);
  ~Ticker();

 private:
  void arm();
  const Clock& clock_;
  Scheduler& scheduler_;
  uv::Timer timer_;
};

}  // namespace virgo::schedule
