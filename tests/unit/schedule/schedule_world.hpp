// What the scheduler's tests stand on: a clock that is moved by hand, checks
// that do as they are told, and a sink that remembers and keeps watch.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "schedule/scheduler.hpp"
#include "unit/log_capture.hpp"

namespace virgo::schedule::testing {

using namespace std::chrono_literals;
using metric::GapReason;
using metric::Status;

// What a test sets and reads. The scheduler owns the check and may outlive this.
struct Script {
  std::function<void(check::Run&)> start = [](check::Run& run) { run.finish(Status::ok); };
  std::function<void(check::Run&)> cancel = [](check::Run&) {};
  std::function<void(check::Run&)> abandon = [](check::Run&) {};
  bool wedged = false;
  std::optional<check::Suspension> suspension;

  check::Run* current = nullptr;  // the open run
  int starts = 0;
  int cancels = 0;
  int abandons = 0;
  int destroyed = 0;
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
};

class ScriptedCheck final : public check::Check {
 public:
  explicit ScriptedCheck(Script& script) : script_(script), alive_(script.alive) {}
  ~ScriptedCheck() override {
    if (!alive_.expired()) ++script_.destroyed;
  }
  void start(check::Run& run) override {
    ++script_.starts;
    script_.current = &run;
    script_.start(run);
  }
  void cancel(check::Run& run) override {
    ++script_.cancels;
    script_.cancel(run);
  }
  void abandon(check::Run& run) override {
    if (alive_.expired()) return;
    ++script_.abandons;
    script_.current = nullptr;
    script_.abandon(run);
  }
  bool wedged() const override { return !alive_.expired() && script_.wedged; }
  std::optional<check::Suspension> suspension() const override { return script_.suspension; }

 private:
  Script& script_;
  std::weak_ptr<bool> alive_;
};

struct SeenReport {
  std::string check;
  std::uint64_t run;
  WallTime started;
  Duration duration;
  Duration lateness;
  Status status;
  std::string explanation;
  std::size_t samples;
  metric::Health health;
  std::string health_reason;
};

struct SeenGap {
  std::string check;
  std::uint64_t from;
  std::uint64_t to;
  GapReason reason;
  WallTime noticed;
};

class RecordingSink final : public metric::ReportSink {
 public:
  void report(const metric::Report& r) override {
    reports.push_back({r.check->check, r.run, r.started, r.duration, r.lateness, r.status,
                       std::string(r.explanation), r.samples->size(), r.health,
                       std::string(r.health_reason)});
    count(r.check->check, r.run);
    if (on_report) on_report(r);
  }
  void gap(const metric::Gap& g) override {
    EXPECT_LE(g.from, g.to);
    gaps.push_back({g.check->check, g.from, g.to, g.reason, g.noticed});
    for (std::uint64_t n = g.from; n <= g.to; ++n) count(g.check->check, n);
  }

  // Every tick number from 1 to the highest, exactly once. Open runs, at most one
  // per check, may be missing.
  void expect_complete(bool all_closed = true) const {
    for (const auto& [check, numbers] : seen) {
      std::size_t missing = 0;
      for (std::uint64_t n = 1; n <= numbers.rbegin()->first; ++n)
        missing += numbers.contains(n) ? 0 : 1;
      EXPECT_LE(missing, all_closed ? 0u : 1u) << check;
      for (const auto& [n, times] : numbers) EXPECT_EQ(times, 1) << check << " tick " << n;
    }
  }
  std::uint64_t ticks(const std::string& check) const {
    const auto it = seen.find(check);
    return it == seen.end() ? 0 : it->second.rbegin()->first;
  }

  std::vector<SeenReport> reports;
  std::vector<SeenGap> gaps;
  std::map<std::string, std::map<std::uint64_t, int>> seen;
  std::function<void(const metric::Report&)> on_report;

 private:
  void count(const std::string& check, std::uint64_t n) { ++seen[check][n]; }
};

class ScheduleTest : public ::testing::Test {
 protected:
  std::size_t add(Script& script, Timing timing, const std::string& name = "check") {
    return scheduler->add({name, "test.type", "native"}, std::make_unique<ScriptedCheck>(script),
                          timing);
  }
  static Timing every(Duration interval, Duration timeout = 500ms) {
    return {interval, timeout, Duration(0)};
  }
  // Moves the clock from wake-up to wake-up for `time`, as a loop that is never
  // held up would.
  void pass(Duration time) {
    const TimePoint end = clock.now() + time;
    for (int n = 0; n < 1'000'000; ++n) {
      const auto wake = scheduler->next_wake();
      if (!wake || *wake > end) break;
      if (*wake > clock.now()) clock.advance(*wake - clock.now());
      scheduler->advance();
    }
    clock.advance(end - clock.now());
  }
  void restart(Policy policy, const std::string& host = "host") {
    scheduler = std::make_unique<Scheduler>(clock, sink, host, policy);
  }

  FakeClock clock;
  RecordingSink sink;
  std::unique_ptr<Scheduler> scheduler = std::make_unique<Scheduler>(clock, sink, "host", Policy{});
};

}  // namespace virgo::schedule::testing
