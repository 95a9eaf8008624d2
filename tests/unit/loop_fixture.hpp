// A test with a loop of its own, which must close without an open handle.
#pragma once

#include <gtest/gtest.h>

#include <chrono>

#include "uv/loop.hpp"
#include "uv/timer.hpp"

namespace virgo::testing {

class LoopTest : public ::testing::Test {
 protected:
  // Turns the loop until `done()`; fails the test when that takes 20 s, which
  // only a hang does.
  template <class F>
  void run_until(F done) {
    const TimePoint late = system_clock().now() + std::chrono::seconds(20);
    // libuv may run timers and then wait in one turn: never for long.
    uv::Timer pulse(loop, [] {});
    pulse.start(std::chrono::milliseconds(1), std::chrono::milliseconds(1));
    while (!done() && system_clock().now() < late) loop.run_once(true);
    ASSERT_TRUE(done()) << "what was waited for did not happen";
  }
  // A few turns, for what must not happen.
  void turn(int times = 20) {
    for (int i = 0; i < times; ++i) loop.run_once(false);
  }
  void TearDown() override {
    const auto open = loop.close();
    EXPECT_TRUE(open.empty()) << open.size() << " handles open, the first a " << open.front();
  }

  uv::Loop loop;
};

}  // namespace virgo::testing
