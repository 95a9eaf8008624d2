#include "http/date.hpp"

#include <algorithm>

namespace virgo::http {
namespace {

constexpr std::int64_t kDay = 86400;
constexpr std::int64_t kLastSecond = 253402300799;           // of the year 9999
constexpr std::string_view kDays = "ThuFriSatSunMonTueWed";  // 1970 began on a Thursday
constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";

struct Date {
  unsigned year;
  unsigned month;  // 0 to 11
  unsigned day;    // 1 to 31
};

// Years are counted from March, so that the leap day is the last one; 400 of them have
// 146097 days.
Date date_of(std::int64_t days_since_1970) {
  const auto days = static_cast<unsigned>(days_since_1970 + 719468);  // since 0000-03-01
  const unsigned era = days / 146097;
  const unsigned in_era = days % 146097;
  const unsigned year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
  const unsigned in_year = in_era - (365 * year + year / 4 - year / 100);
  const unsigned from_march = (5 * in_year + 2) / 153;
  const unsigned month = (from_march + 2) % 12;
  return {era * 400 + year + (month < 2 ? 1 : 0), month, in_year - (153 * from_march + 2) / 5 + 1};
}

char* put(char* at, std::string_view text) {
  return std::copy(text.begin(), text.end(), at);
}

char* put_two(char* at, unsigned value) {
  *at++ = static_cast<char>('0' + value / 10 % 10);
  *at++ = static_cast<char>('0' + value % 10);
  return at;
}

}  // namespace

std::array<char, kDateSize> format_date(std::int64_t unix_seconds) {
  unix_seconds = std::clamp<std::int64_t>(unix_seconds, 0, kLastSecond);
  const std::int64_t days = unix_seconds / kDay;
  const auto second = static_cast<unsigned>(unix_seconds % kDay);
  const Date date = date_of(days);
  std::array<char, kDateSize> text{};
  char* at = text.data();
  at = put(at, kDays.substr(static_cast<std::size_t>(days % 7) * 3, 3));
  at = put_two(put(at, ", "), date.day);
  at = put(put(at, " "), kMonths.substr(std::size_t{date.month} * 3, 3));
  at = put_two(put_two(put(at, " "), date.year / 100), date.year % 100);
  at = put_two(put(at, " "), second / 3600);
  at = put_two(put(at, ":"), second / 60 % 60);
  at = put_two(put(at, ":"), second % 60);
  put(at, " GMT");
  return text;
}

std::string_view DateCache::now() {
  const std::int64_t second = clock_.wall() / 1'000'000'000;
  if (second != second_) {
    second_ = second;
    text_ = format_date(second);
  }
  return {text_.data(), text_.size()};
}

}  // namespace virgo::http
