// How often a plugin may speak: a token bucket per check and per module. A check
// that complains at every sample must not fill the disk, nor drown the others.
// Not thread-safe; the owner locks.
#pragma once

#include <cstdint>

#include "base/clock.hpp"

namespace virgo::native {

class LogBudget {
 public:
  static constexpr unsigned kBurst = 10;
  static constexpr Duration kRefill = std::chrono::seconds(1);  // one line more per

  // True when a line may be written now. Then `suppressed` is how many were not
  // since the last that was.
  bool take(TimePoint now, std::uint64_t& suppressed) {
    refill(now);
    if (lines_ == 0) {
      ++suppressed_;
      return false;
    }
    --lines_;
    suppressed = suppressed_;
    suppressed_ = 0;
    return true;
  }

 private:
  void refill(TimePoint now) {
    if (lines_ == kBurst) {
      since_ = now;
      return;
    }
    const auto more = (now - since_) / kRefill;
    if (more <= 0) return;
    since_ += more * kRefill;
    lines_ = more >= kBurst ? kBurst : lines_ + static_cast<unsigned>(more);
    if (lines_ > kBurst) lines_ = kBurst;
  }

  unsigned lines_ = kBurst;
  std::uint64_t suppressed_ = 0;
  TimePoint since_{};
};

}  // namespace virgo::native
