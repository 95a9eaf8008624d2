// What a plugin file may write into the log: so many lines at once, and again as time
// passes; what was left out is counted. Loop thread only.
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
  LogLimiter(const Clock& clock, std::uint32_t per_minute)
      : clock_(clock), per_minute_(per_minute), left_(per_minute), filled_(clock.now()) {}

  // False if the line was left out.
  bool write(LogLevel level, std::string_view who, std::string_view text) {
    if (!log_enabled(level)) return true;
    const TimePoint now = clock_.now();
    const double minutes = std::chrono::duration<double>(now - filled_).count() / 60;
    left_ = std::min<double>(per_minute_, left_ + minutes * per_minute_);
    filled_ = now;
    if (left_ < 1) {
      ++left_out_;
      return false;
    }
    left_ -= 1;
    if (left_out_ > 0) {
      log_message(level, "lua",
                  format("{}: ({} lines left out: limits.lua_log_lines is {} a minute)", who,
                         left_out_, per_minute_));
      left_out_ = 0;
    }
    log_message(level, "lua", format("{}: {}", who, text));
    return true;
  }
  std::uint32_t per_minute() const { return per_minute_; }

 private:
  const Clock& clock_;
  const std::uint32_t per_minute_;
  double left_;
  TimePoint filled_;
  std::uint64_t left_out_ = 0;
};

}  // namespace virgo::script
