// The clock that stands still until it is told to move.
#include "sdk/scripted.hpp"

namespace virgo::fake {
namespace {

using namespace std::chrono_literals;

struct FakeTime : ::testing::Test {
  Host host;
  Scripted script;
};

TEST_F(FakeTime, MovesOnlyWhenTold) {
  script.collect = [](virgo_run) { return VIRGO_PENDING; };
  Check check(host, script.type());
  const uint64_t before = host.now_ns();
  const Outcome run = check.start(3s);
  EXPECT_FALSE(host.run_until([] { return false; }, 10ms));
  EXPECT_EQ(host.now_ns(), before);
  EXPECT_EQ(script.time_left(run.id()), 3000000000u);
  host.advance(1s);
  EXPECT_EQ(script.host->now_ns(script.host), before + 1000000000u);
  EXPECT_EQ(script.time_left(run.id()), 2000000000u);
}

TEST_F(FakeTime, TheDeadlineCancels) {
  script.collect = [](virgo_run) { return VIRGO_PENDING; };
  script.cancel = [&](virgo_run run) {
    EXPECT_EQ(script.time_left(run), 0u);
    script.complete(run, VIRGO_ERR_TIMEOUT);
  };
  Check check(host, script.type());
  const Outcome run = check.start(3s);
  host.advance(2999ms);
  EXPECT_FALSE(run.ended());
  host.advance(1ms);
  EXPECT_TRUE(run.ended());
  EXPECT_FALSE(run.abandoned());
  EXPECT_EQ(run.status(), VIRGO_ERR_TIMEOUT);
  EXPECT_EQ(host.misuse_text(), "");
}

TEST_F(FakeTime, AfterTheGraceTheRunIsAbandonedAndLateCallsAreAllowed) {
  script.collect = [](virgo_run) { return VIRGO_PENDING; };
  Check check(host, script.type());
  const Outcome run = check.start(3s);
  host.advance(3249ms);
  EXPECT_FALSE(run.ended());
  host.advance(1ms);
  EXPECT_TRUE(run.abandoned());
  EXPECT_EQ(run.status(), VIRGO_ERR_TIMEOUT);
  EXPECT_EQ(script.emit(run.id(), 1), VIRGO_ERR_STALE);
  EXPECT_EQ(script.complete(run.id()), VIRGO_ERR_STALE);
  EXPECT_EQ(script.time_left(run.id()), 0u);
  EXPECT_EQ(run.late_calls(), 2u);
  EXPECT_EQ(run.samples().size(), 0u);
  EXPECT_EQ(host.misuse_text(), "");
  check.start();  // and the next run is possible
}

TEST_F(FakeTime, ACheckThatGoesTakesItsOpenRunAlong) {
  script.collect = [](virgo_run) { return VIRGO_PENDING; };
  auto check = std::make_unique<Check>(host, script.type());
  const Outcome run = check->start();
  check.reset();
  EXPECT_TRUE(run.abandoned());
  EXPECT_EQ(run.status(), VIRGO_ERR_CANCELLED);
}

}  // namespace
}  // namespace virgo::fake
