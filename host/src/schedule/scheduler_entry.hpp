// Scheduler::Entry: what the scheduler has of each check, and its open run. Internal to
// schedule/.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "schedule/scheduler.hpp"

namespace virgo::schedule {

// One scheduled check; at most one run is open, so it is the Run as well.
struct Scheduler::Entry final : HeapItem, check::Run {
  enum class State : std::uint8_t { idle, running, cancelling };
  static constexpr std::size_t kMaxExplanation = 1024;

  Scheduler& scheduler;
  metric::CheckIdentity identity;
  std::unique_ptr<check::Check> check;  // null once retired, when the last run is over
  std::unique_ptr<check::Check> next;   // takes its place when the open run is over
  bool retired = false;
  Timing timing;
  TimePoint next_tick{};
  std::uint64_t ticks = 0;  // given out so far
  Stats stats;
  unsigned strikes = 0;  // runs in succession that held the loop too long
  bool struck = false;   // this run is one of them

  State state = State::idle;
  std::uint64_t run_number = 0;
  TimePoint run_started{};
  TimePoint run_deadline{};
  TimePoint grace_end{};   // state cancelling
  bool timed_out = false;  // cancelled at its deadline, not by stop()
  WallTime run_wall = 0;
  Duration run_lateness{};
  metric::SampleBuffer buffer;
  std::string explanation;
  metric::Health health = metric::Health::none;
  std::string health_reason;

  Entry(Scheduler& s, metric::CheckIdentity i, std::unique_ptr<check::Check> c, const Timing& t)
      : scheduler(s), identity(std::move(i)), check(std::move(c)), timing(t.bounded()) {}

  // There is something to do as soon as no run is open.
  bool to_exchange() const { return next != nullptr || (retired && check != nullptr); }

  std::uint64_t number() const override { return run_number; }
  TimePoint deadline() const override { return run_deadline; }
  WallTime started() const override { return run_wall; }
  metric::SampleBuffer& samples() override { return buffer; }
  void explain(std::string_view text) override {
    explanation = to_utf8(cut_utf8(text, kMaxExplanation));
  }
  void judge(metric::Health given, std::string_view text) override {
    if (given <= health) return;
    health = given;
    health_reason = to_utf8(cut_utf8(text, kMaxExplanation));
  }
  void held_loop(Duration time) override { scheduler.account_loop_hold(*this, time); }
  void finish(metric::Status status) override { scheduler.finish(*this, status); }
};

}  // namespace virgo::schedule
