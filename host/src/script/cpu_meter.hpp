// Processor time within a minute: a bucket that fills evenly. Plain value.
#pragma once

#include <algorithm>

#include "base/clock.hpp"

namespace virgo::script {

class CpuMeter {
 public:
  // `per_minute` may be used at once, and again as time passes.
  CpuMeter(Duration per_minute, TimePoint now) : full_(per_minute), left_(full_), filled_(now) {}

  // At most zero: it is used up.
  Duration left(TimePoint now) {
    const double passed = std::chrono::duration<double>(now - filled_).count();
    const auto gained =
        Duration(static_cast<std::int64_t>(passed / 60.0 * static_cast<double>(full_.count())));
    if (gained.count() > 0) {
      left_ = std::min(full_, left_ + gained);
      filled_ = now;
    }
    return left_;
  }
  void use(Duration cpu) { left_ -= cpu; }
  Duration per_minute() const { return full_; }

 private:
  Duration full_;
  Duration left_;
  TimePoint filled_;
};

}  // namespace virgo::script
