// How long to wait before connecting again: exponential with full jitter. Each
// delay is drawn evenly from 0 to a ceiling that starts at `min` and doubles up
// to `max`; reset() after success. Not thread-safe.
#pragma once

#include <algorithm>
#include <functional>

#include "base/clock.hpp"

namespace virgo::endpoint {

class Backoff {
 public:
  // `random` gives numbers from [0, 1).
  Backoff(Duration min, Duration max, std::function<double()> random)
      : min_(std::min(min, max)), max_(max), ceiling_(min_), random_(std::move(random)) {}

  Duration next() {
    const auto delay =
        Duration(static_cast<std::int64_t>(random_() * static_cast<double>(ceiling_.count())));
    ceiling_ = ceiling_ > max_ / 2 ? max_ : ceiling_ * 2;
    return delay;
  }
  void reset() { ceiling_ = min_; }

 private:
  Duration min_;
  Duration max_;
  Duration ceiling_;
  std::function<double()> random_;
};

}  // namespace virgo::endpoint
