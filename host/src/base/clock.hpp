// Time, as an interface, so that schedulers and timeouts can be tested without
// waiting. Monotonic time orders things; wall time only labels them.
// Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>

namespace virgo {

using Duration = std::chrono::nanoseconds;
// Monotonic; does not advance while the machine is suspended (CLOCK_MONOTONIC).
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;
// Nanoseconds since 1970-01-01 UTC.
using WallTime = std::int64_t;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;
  virtual WallTime wall() const = 0;
  // How long the machine has been suspended since boot (CLOCK_BOOTTIME minus
  // CLOCK_MONOTONIC). Only differences mean anything.
  virtual Duration suspended() const = 0;
};

// The machine's clocks.
const Clock& system_clock();

// A clock that moves only when told to. For tests.
class FakeClock : public Clock {
 public:
  TimePoint now() const override { return now_; }
  WallTime wall() const override { return wall_; }
  Duration suspended() const override { return suspended_; }

  void advance(Duration by) {
    now_ += by;
    wall_ += by.count();
  }
  void step_wall(Duration by) { wall_ += by.count(); }
  void suspend(Duration by) {
    suspended_ += by;
    wall_ += by.count();
  }

 private:
  TimePoint now_{std::chrono::hours(1)};
  WallTime wall_ = 1'760'000'000'000'000'000;
  Duration suspended_{0};
};

}  // namespace virgo
