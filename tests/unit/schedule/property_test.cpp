// Whatever happens, every tick number appears in exactly one report or gap.
#include <random>

#include "unit/schedule/schedule_world.hpp"

namespace virgo::schedule {
namespace {

using namespace testing;

// A check that takes random times and ends in random ways.
struct RandomScript : Script {
  explicit RandomScript(std::mt19937_64& r) : random(r) {
    start = [this](check::Run& run) {
      EXPECT_EQ(open, nullptr) << "two runs at a time";
      EXPECT_GT(run.number(), last_number);
      last_number = run.number();
      if (random() % 3 == 0) {
        run.finish(random() % 2 == 0 ? Status::ok : Status::failed);
        return;
      }
      open = &run;
      left = random() % 6;  // steps; beyond the timeout it will be cancelled
    };
    cancel = [this](check::Run& run) {
      if (random() % 2 == 0) return;
      open = nullptr;
      run.finish(Status::cancelled);
    };
    abandon = [this](check::Run& run) {
      open = nullptr;
      if (random() % 4 == 0) run.finish(Status::ok);
      wedged = random() % 4 == 0;
    };
  }
  void step() {
    if (wedged && random() % 4 == 0) wedged = false;
    if (open == nullptr || left-- > 0) return;
    check::Run* run = open;
    open = nullptr;
    run->finish(Status::ok);
  }
  std::mt19937_64& random;
  check::Run* open = nullptr;
  std::uint64_t left = 0;
  std::uint64_t last_number = 0;
};

void run_random(unsigned seed, bool suspends) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  const virgo::testing::LogCapture quiet;
  std::mt19937_64 random(seed);
  auto upto = [&](Duration d) {
    return Duration(static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(d.count())));
  };
  FakeClock clock;
  RecordingSink sink;
  Policy policy;
  policy.grace = upto(400ms);
  auto scheduler = std::make_unique<Scheduler>(clock, sink, "host", policy);

  std::vector<std::unique_ptr<RandomScript>> checks;
  const std::size_t count = 1 + random() % 12;
  for (std::size_t i = 0; i < count; ++i) {
    checks.push_back(std::make_unique<RandomScript>(random));
    scheduler->add({"check-" + std::to_string(i), "t", "native"},
                   std::make_unique<ScriptedCheck>(*checks.back()),
                   {50ms + upto(2s), 10ms + upto(2s), random() % 2 == 0 ? Duration(0) : upto(3s)});
  }

  const int steps = static_cast<int>(200 + random() % 400);
  for (int step = 0; step < steps; ++step) {
    const auto wake = scheduler->next_wake();
    ASSERT_TRUE(wake.has_value());
    switch (random() % 8) {
      case 0:
        clock.advance(upto(5s));
        break;  // the loop was held up
      case 1:
        clock.step_wall(upto(10h) - 5h);
        break;
      case 2:
        if (suspends) clock.suspend(upto(10s));
        break;
      case 3:
        clock.advance(upto(20ms));
        break;  // woken for something else
      default:
        if (*wake > clock.now()) clock.advance(*wake - clock.now());
    }
    scheduler->advance();
    ASSERT_GT(*scheduler->next_wake(), clock.now()) << "something due was left undone";
    for (auto& check : checks)
      if (random() % 3 == 0) check->step();
  }

  bool idle = false;
  scheduler->stop([&] { idle = true; });
  for (int i = 0; i < 10 && !idle; ++i) {
    clock.advance(100ms);
    scheduler->advance();
  }
  EXPECT_TRUE(idle);
  EXPECT_EQ(scheduler->open_runs(), 0u);
  sink.expect_complete();

  std::map<std::string, std::uint64_t> skipped;
  for (const auto& g : sink.gaps) skipped[g.check] += g.to - g.from + 1;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = "check-" + std::to_string(i);
    EXPECT_EQ(scheduler->stats(i).skipped, skipped[name]);
    EXPECT_EQ(scheduler->stats(i).runs + skipped[name], sink.ticks(name));
  }
}

TEST(ScheduleProperty, EveryTickIsInExactlyOneReportOrGap) {
  for (unsigned seed = 1; seed <= 150; ++seed) {
    run_random(seed, false);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(ScheduleProperty, AlsoWhenTheMachineSleeps) {
  for (unsigned seed = 1001; seed <= 1150; ++seed) {
    run_random(seed, true);
    if (::testing::Test::HasFailure()) return;
  }
}

// Without suspends, tick numbers count the time: number n is due at the first
// tick plus n - 1 intervals, whatever was skipped.
TEST(ScheduleProperty, TickNumbersCountTheTime) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 50; ++round) {
    FakeClock clock;
    RecordingSink sink;
    Scheduler scheduler(clock, sink, "host");
    const Duration interval(1'000'000 + static_cast<std::int64_t>(random() % 1'000'000'000));
    Script script;
    scheduler.add({"c", "t", "native"}, std::make_unique<ScriptedCheck>(script),
                  {interval, interval, Duration(0)});
    const TimePoint first = clock.now();
    for (int step = 0; step < 200; ++step) {
      clock.advance(Duration(static_cast<std::int64_t>(random() % 4) * interval.count() / 3));
      const std::size_t before = sink.reports.size();
      scheduler.advance();
      if (sink.reports.size() == before) continue;
      const SeenReport& r = sink.reports.back();
      const TimePoint due = clock.now() - r.lateness;
      ASSERT_EQ(due, first + static_cast<std::int64_t>(r.run - 1) * interval);
    }
    sink.expect_complete();
  }
}

}  // namespace
}  // namespace virgo::schedule
