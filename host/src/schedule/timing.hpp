// How often a check runs, and for how long. Plain value.
#pragma once

#include <algorithm>

#include "base/clock.hpp"

namespace virgo::schedule {

struct Timing {
  // Of each of them: sums with the clock stay far from overflow.
  static constexpr Duration kLongest = std::chrono::hours(24 * 366 * 10);

  Duration interval{};
  Duration timeout{};
  Duration splay{};  // the window within the interval that phases spread over

  // Within what can be scheduled: an interval of 1 ms at least.
  Timing bounded() const {
    return {std::clamp<Duration>(interval, std::chrono::milliseconds(1), kLongest),
            std::clamp<Duration>(timeout, Duration(0), kLongest), splay};
  }
};

}  // namespace virgo::schedule
