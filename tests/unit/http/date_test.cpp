#include "http/date.hpp"

#include <gtest/gtest.h>

#include <ctime>
#include <random>
#include <string>

namespace virgo::http {
namespace {

std::string date(std::int64_t seconds) {
  const auto text = format_date(seconds);
  return {text.data(), text.size()};
}

TEST(HttpDate, IsWrittenAsTheStandardSays) {
  EXPECT_EQ(date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(date(951782399), "Mon, 28 Feb 2000 23:59:59 GMT");
  EXPECT_EQ(date(951782400), "Tue, 29 Feb 2000 00:00:00 GMT");
  EXPECT_EQ(date(4107542399), "Sun, 28 Feb 2100 23:59:59 GMT");
  EXPECT_EQ(date(4107542400), "Mon, 01 Mar 2100 00:00:00 GMT");
  EXPECT_EQ(date(253402300799), "Fri, 31 Dec 9999 23:59:59 GMT");
}

TEST(HttpDate, StaysInTheYearsThatHaveFourDigits) {
  EXPECT_EQ(date(-1), date(0));
  EXPECT_EQ(date(INT64_MIN), date(0));
  EXPECT_EQ(date(253402300800), date(253402300799));
  EXPECT_EQ(date(INT64_MAX), date(253402300799));
}

TEST(HttpDate, AgreesWithTheLibrary) {
  std::mt19937_64 random(4);
  for (int i = 0; i < 20'000; ++i) {
    const auto seconds = static_cast<std::time_t>(random() % 253402300800);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char expected[64];
    std::strftime(expected, sizeof expected, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    ASSERT_EQ(date(seconds), expected);
  }
}

TEST(HttpDate, TheCacheFollowsTheClock) {
  FakeClock clock;
  DateCache cache(clock);
  const std::string before(cache.now());
  EXPECT_EQ(before, date(clock.wall() / 1'000'000'000));
  clock.advance(std::chrono::milliseconds(999));
  EXPECT_EQ(cache.now(), before);
  clock.advance(std::chrono::milliseconds(1));
  EXPECT_NE(cache.now(), before);
  clock.step_wall(-std::chrono::seconds(1));
  EXPECT_EQ(cache.now(), before);
}

}  // namespace
}  // namespace virgo::http
