// What a script may write into the log: a burst, then one line a second; what
// was left out is counted. Loop thread only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/format.hpp"
#include "base/log.hpp"

namespace virgo::script {

class LogLimiter {
 public:
  explicit LogLimiter(const Clock& clock) : clock_(clock), filled_(clock.now()) {}

  void write(LogLevel level, std::string_view who, std::string_view text) {
    if (!log_enabled(level)) return;
    const TimePoint now = clock_.now();
    tokens_ = std::min(kBurst, tokens_ + std::chrono::duration<double>(now - filled_).count());
    filled_ = now;
    if (tokens_ < 1) {
      ++left_out_;
      return;
    }
    tokens_ -= 1;
    if (left_out_ > 0) {
      log_message(level, "lua",
                  format("{}: ({} lines left out: more than one a second)", who, left_out_));
      left_out_ = 0;
    }
    log_message(level, "lua", format("{}: {}", who, text));
  }

 private:
  static constexpr double kBurst = 20;
  const Clock& clock_;
  TimePoint filled_;
  double tokens_ = kBurst;
  std::uint64_t left_out_ = 0;
};

}  // namespace virgo::script
