#include "uv/timer.hpp"

#include <memory>
#include <random>

#include "unit/loop_fixture.hpp"

namespace virgo::uv {
namespace {

using namespace std::chrono_literals;

class TimerTest : public testing::LoopTest {};

TEST_F(TimerTest, FiresOnce) {
  int fired = 0;
  Timer timer(loop, [&] { ++fired; });
  EXPECT_FALSE(timer.active());
  timer.start(1ms);
  EXPECT_TRUE(timer.active());
  loop.run();
  EXPECT_EQ(fired, 1);
  EXPECT_FALSE(timer.active());
}

// libuv's own rounding lets a timer fire up to a millisecond early.
TEST_F(TimerTest, IsNeverEarly) {
  std::mt19937 random(5);
  for (int i = 0; i < 60; ++i) {
    const Duration delay(1 + random() % 4'000'000);
    TimePoint fired{};
    Timer timer(loop, [&] { fired = system_clock().now(); });
    const TimePoint start = system_clock().now();
    timer.start(delay);
    loop.run();
    ASSERT_GE(fired - start, delay);
  }
}

TEST_F(TimerTest, ZeroAndLessMeanAsSoonAsTheLoopHadATurn) {
  int fired = 0;
  Timer zero(loop, [&] { ++fired; });
  Timer less(loop, [&] { ++fired; });
  zero.start(0ms);
  less.start(-5s);
  loop.run();
  EXPECT_EQ(fired, 2);
}

// Also when several timers that take long start themselves anew.
TEST_F(TimerTest, LeavesTheLoopATurn) {
  int fired = 0;
  int seen = 0;
  const auto hold = [&](Timer& timer) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(5);
    while (std::chrono::steady_clock::now() < end) {
    }
    if (++fired == 1) loop.post([&] { seen = fired; });
    if (fired < 100) timer.start({});
  };
  Timer a(loop, [&] { hold(a); });
  Timer b(loop, [&] { hold(b); });
  a.start({});
  b.start({});
  run_until([&] { return fired >= 100; });
  EXPECT_GE(seen, 1);
  EXPECT_LE(seen, 4);  // a turn runs timers before and after it polls
}

TEST_F(TimerTest, RepeatsUntilStopped) {
  int fired = 0;
  Timer timer(loop, [&] {
    if (++fired == 3) timer.stop();
  });
  timer.start(1ms, 1ns);  // a period is a millisecond at least
  loop.run();
  EXPECT_EQ(fired, 3);
}

TEST_F(TimerTest, StartsAnew) {
  int fired = 0;
  Timer timer(loop, [&] { ++fired; });
  timer.start(1h);
  timer.start(1ms);
  loop.run();
  EXPECT_EQ(fired, 1);
}

TEST_F(TimerTest, TheLongestDelaysDoNotWrapAround) {
  int fired = 0;
  Timer timer(loop, [&] { ++fired; });
  timer.start(Duration::max(), Duration::max());
  turn();
  EXPECT_EQ(fired, 0);
  EXPECT_TRUE(timer.active());
}

TEST_F(TimerTest, MayBeDestroyedByItsCallback) {
  std::unique_ptr<Timer> timer;
  std::string text = "captured by value, so that a destroyed function shows";
  std::string seen;
  timer = std::make_unique<Timer>(loop, [&timer, &seen, text] {
    timer.reset();
    seen = text;
  });
  timer->start(0ms, 1ms);
  loop.run();
  EXPECT_EQ(seen, text);
}

TEST_F(TimerTest, KeepsItsFunctionsState) {
  std::vector<int> seen;
  Timer timer(loop, [&seen, n = std::make_shared<int>(0)] { seen.push_back(++*n); });
  timer.start(1ms, 1ms);
  run_until([&] { return seen.size() >= 3; });
  timer.stop();
  seen.resize(3);  // a slow turn of the loop may have had more
  EXPECT_EQ(seen, (std::vector<int>{1, 2, 3}));
}

TEST_F(TimerTest, IsSilentAfterDestruction) {
  int fired = 0;
  {
    Timer timer(loop, [&] { ++fired; });
    timer.start(0ms);
  }
  loop.run();
  EXPECT_EQ(fired, 0);
}

}  // namespace
}  // namespace virgo::uv
