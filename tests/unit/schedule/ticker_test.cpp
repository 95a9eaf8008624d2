#include "schedule/ticker.hpp"

#include "unit/loop_fixture.hpp"
#include "unit/schedule/schedule_world.hpp"

namespace virgo::schedule {
namespace {

using namespace testing;

// Real time and a real loop; what is asserted holds however slow the machine is.
class TickerTest : public virgo::testing::LoopTest {
 protected:
  std::size_t add(Script& script, Timing timing, const std::string& name = "check") {
    return scheduler.add({name, "t", "native"}, std::make_unique<ScriptedCheck>(script), timing);
  }
  RecordingSink sink;
  Scheduler scheduler{system_clock(), sink, "host"};
};

TEST_F(TickerTest, DrivesTheSchedulerAndIsNeverEarly) {
  Script check;
  {
    const Ticker ticker(loop, system_clock(), scheduler);
    add(check, {2ms, 1s, Duration(0)});
    run_until([&] { return sink.reports.size() >= 10; });
  }
  for (const auto& r : sink.reports) EXPECT_GE(r.lateness, Duration(0));
  sink.expect_complete();
}

// Counts the calls of advance(), each of which asks for the suspended time.
class CountingClock final : public Clock {
 public:
  TimePoint now() const override { return system_clock().now(); }
  WallTime wall() const override { return system_clock().wall(); }
  Duration suspended() const override {
    ++asked;
    return Duration(0);
  }
  mutable int asked = 0;
};

TEST_F(TickerTest, WakesOncePerTick) {
  const CountingClock clock;
  Scheduler counted(clock, sink, "host");
  Script check;
  const Ticker ticker(loop, clock, counted);
  counted.add({"c", "t", "native"}, std::make_unique<ScriptedCheck>(check),
              {5'300'000ns, 1s, Duration(0)});
  run_until([&] { return sink.reports.size() >= 20; });
  // Twice as many would mean that each timer fires a little too early first.
  EXPECT_LE(clock.asked, 24);
}

TEST_F(TickerTest, SeesADeadlineThatComesBeforeTheNextTick) {
  Script check;
  check.start = [](check::Run&) {};
  const Ticker ticker(loop, system_clock(), scheduler);
  add(check, {1h, 5ms, Duration(0)});
  run_until([&] { return check.cancels == 1; });
  check.current->finish(Status::ok);
  EXPECT_EQ(sink.reports.at(0).status, Status::timeout);
}

TEST_F(TickerTest, AChangeFromOutsideArmsItAnew) {
  Script slow;
  Script fast;
  const Ticker ticker(loop, system_clock(), scheduler);
  add(slow, {1h, 1s, Duration(0)}, "slow");
  run_until([&] { return slow.starts == 1; });
  add(fast, {1h, 1s, Duration(0)}, "fast");
  run_until([&] { return fast.starts == 1; });
}

// Checks that together take longer than their intervals are always due; the loop
// gets to its other work nevertheless.
TEST_F(TickerTest, LeavesTheLoopATurnWhenItCannotKeepUp) {
  const virgo::testing::LogCapture quiet;
  Script hogs[2];
  int seen = 0;  // starts when the loop came to its own
  const auto hold = [&](check::Run& run) {
    const int starts = hogs[0].starts + hogs[1].starts;
    if (starts == 1) loop.post([&] { seen = hogs[0].starts + hogs[1].starts; });
    const auto end = std::chrono::steady_clock::now() + 25ms;
    while (starts < 100 && std::chrono::steady_clock::now() < end) {
    }
    run.finish(Status::ok);
  };
  const Ticker ticker(loop, system_clock(), scheduler);
  for (Script& hog : hogs) {
    hog.start = hold;
    add(hog, {10ms, 1s, Duration(0)}, &hog == hogs ? "a" : "b");
  }
  run_until([&] { return seen > 0; });
  EXPECT_LE(seen, 4);
}

TEST_F(TickerTest, LetsTheLoopEndWhenTheSchedulerIsStopped) {
  Script check;
  check.start = [](check::Run&) {};
  const Ticker ticker(loop, system_clock(), scheduler);
  add(check, {1h, 1h, Duration(0)});
  run_until([&] { return check.starts == 1; });
  bool idle = false;
  scheduler.stop([&] { idle = true; });
  loop.run();  // returns: nothing is due any more
  EXPECT_TRUE(idle);
  EXPECT_EQ(check.abandons, 1);
}

TEST_F(TickerTest, StoppingAnIdleSchedulerLetsTheLoopEndToo) {
  Script check;
  const Ticker ticker(loop, system_clock(), scheduler);
  add(check, {1h, 1s, Duration(0)});
  run_until([&] { return check.starts == 1; });
  bool idle = false;
  scheduler.stop([&] { idle = true; });
  EXPECT_TRUE(idle);
  loop.run();  // returns at once
}

}  // namespace
}  // namespace virgo::schedule
