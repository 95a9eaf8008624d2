#include "base/clock.hpp"

#include <gtest/gtest.h>

namespace virgo {
namespace {

using namespace std::chrono_literals;

TEST(SystemClock, MonotonicTimeNeverGoesBack) {
  const Clock& clock = system_clock();
  TimePoint before = clock.now();
  for (int i = 0; i < 1000; ++i) {
    const TimePoint now = clock.now();
    EXPECT_GE(now, before);
    before = now;
  }
}

TEST(SystemClock, WallTimeIsNanosecondsSince1970) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const std::int64_t expected = std::chrono::duration_cast<Duration>(now).count();
  EXPECT_LT(std::abs(system_clock().wall() - expected), Duration(60s).count());
}

// Two clocks are read for it, one after the other; being put off in between
// must not look like a suspend.
TEST(SystemClock, SuspendedTimeIsSteadyOnAMachineThatDoesNotSleep) {
  const Duration first = system_clock().suspended();
  EXPECT_GE(first, Duration(-1ms));
  for (int i = 0; i < 20'000; ++i)
    ASSERT_LT(system_clock().suspended() - first, Duration(50ms)) << "after " << i;
}

TEST(FakeClock, MovesOnlyWhenTold) {
  FakeClock clock;
  const TimePoint now = clock.now();
  const WallTime wall = clock.wall();
  clock.advance(5s);
  EXPECT_EQ(clock.now() - now, Duration(5s));
  EXPECT_EQ(clock.wall() - wall, Duration(5s).count());
  clock.step_wall(-1h);
  EXPECT_EQ(clock.now() - now, Duration(5s));
  EXPECT_EQ(clock.wall() - wall, Duration(5s - 1h).count());
  clock.suspend(10s);
  EXPECT_EQ(clock.now() - now, Duration(5s));
  EXPECT_EQ(clock.suspended(), Duration(10s));
}

}  // namespace
}  // namespace virgo
