// The value of the Date field (RFC 9110, section 5.6.7).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/clock.hpp"

namespace virgo::http {

inline constexpr std::size_t kDateSize = 29;

// "Sun, 06 Nov 1994 08:49:37 GMT" of seconds since 1970; years 1970 to 9999, others
// are brought into that range.
std::array<char, kDateSize> format_date(std::int64_t unix_seconds);

// The current date, formatted once a second. One for all sessions of a server. Not
// thread-safe.
class DateCache {
 public:
  explicit DateCache(const Clock& clock = system_clock()) : clock_(clock) {}
  // Valid until the next call.
  std::string_view now();

 private:
  const Clock& clock_;
  std::int64_t second_ = -1;
  std::array<char, kDateSize> text_{};
};

}  // namespace virgo::http
