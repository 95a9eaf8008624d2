// When each check runs, and what becomes of runs that are late, long or stuck.
//
// Times are monotonic. A check's ticks are `interval` apart, at a phase that is
// stable per host and check (splay, phases.hpp). The rules:
//
//   late      The loop was held up: the tick runs once, as soon as possible;
//             further ticks that passed meanwhile are not made up for, they
//             leave a gap record ("late"). Ticks are never queued.
//   overlap   The run before is still open at the next tick: the tick is
//             skipped and leaves a gap record ("overlap"; "wedged" when a call
//             of the check is stuck beyond its time).
//   timeout   At the deadline the check is cancelled; when it has not finished
//             a grace period later its run is abandoned. Reported as timeout.
//             A run that ends by itself before the loop came to cancel it keeps
//             its own status, late as it is.
//   suspend   The machine's sleep does not count as time; the ticks that would
//             have been leave a gap record ("suspend").
//   clock     Steps of the wall clock change nothing but timestamps.
//   loop hog  A check that holds the loop longer than `loop_strike` in so many
//             runs in succession is quarantined: not run any more, and reported
//             as such at each tick.
//
// Every tick has a number, counted from 1, that appears in exactly one report or
// gap. Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "check/check.hpp"
#include "metric/report.hpp"
#include "schedule/deadline_heap.hpp"
#include "schedule/phases.hpp"
#include "schedule/timing.hpp"

namespace virgo::schedule {

struct Policy {
  Duration grace = std::chrono::milliseconds(250);
  Duration loop_budget = std::chrono::milliseconds(5);    // beyond: counted and logged
  Duration loop_strike = std::chrono::milliseconds(100);  // beyond: a strike
  unsigned strikes = 5;                                   // in succession: quarantine
  metric::SampleLimits samples;
};

// What is kept per check.
struct Stats {
  std::uint64_t runs = 0;
  std::uint64_t skipped = 0;  // ticks in gap records
  std::uint64_t timeouts = 0;
  std::uint64_t over_budget = 0;  // runs that held the loop beyond loop_budget
  Duration last_duration{};
  Duration max_duration{};
  Duration last_lateness{};
  Duration max_lateness{};
  Duration max_loop_hold{};
  bool quarantined = false;
  bool reported = false;  // there was a run; those below are the last one's
  metric::Status last_status = metric::Status::ok;
  WallTime last_started = 0;
  std::string last_explanation;
};

class Scheduler {
 public:
  // `host` makes phases differ between hosts. All references outlive this. Must
  // not be destroyed from within a call of its own: a check, the sink, `idle`.
  Scheduler(const Clock& clock, metric::ReportSink& sink, std::string host, Policy policy = {});
  // Runs still open are abandoned without a report. Checks that are wedged are
  // leaked: their code is still executing.
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // The first tick comes at the check's phase, within `splay` from now (at once
  // when splay is zero). Intervals below 1 ms are taken as 1 ms. Returns the
  // check's number, from 0.
  // A name that was retired goes on with its number and its count of ticks.
  std::size_t add(metric::CheckIdentity identity, std::unique_ptr<check::Check> check,
                  const Timing& timing);

  // Puts another check in the place of one, with its runtime (a literal); timing and
  // count of ticks stay. An open run ends with the old one first. Not from within a
  // call of the scheduler's.
  void replace(std::size_t number, const char* runtime, std::unique_ptr<check::Check> check);
  // Other times from now on: its next tick comes as after add(). The same rule.
  void set_timing(std::size_t number, const Timing& timing);
  // The check is another one now, although its object is the same: a quarantine ends.
  void forgive(std::size_t number);
  // The check is not run any more; an open run is cancelled. The same rule.
  void retire(std::size_t number);

  // Does what is due, for some milliseconds at most: then next_wake() has passed
  // already, and the loop should have a turn. Re-entrant calls (from a check) do
  // nothing.
  void advance();
  // When advance() is to be called next; nothing if never.
  std::optional<TimePoint> next_wake() const;
  // Called whenever next_wake() has become earlier outside of advance().
  void on_wake_changed(std::function<void()> changed) { wake_changed_ = std::move(changed); }

  // No further ticks; open runs are cancelled and have the grace period to
  // finish. `idle` is called, possibly at once, when none is open any more. From
  // within advance() it takes effect at its end.
  void stop(std::function<void()> idle);

  // Of all numbers given out; those of retired checks stay, and are not live().
  std::size_t size() const { return entries_.size(); }
  bool live(std::size_t number) const;
  const Stats& stats(std::size_t number) const;
  const metric::CheckIdentity& identity(std::size_t number) const;
  // What keeps the check from being run: the quarantine, or the check's own limits.
  std::optional<check::Suspension> suspension(std::size_t number) const;
  unsigned open_runs() const { return open_runs_; }

 private:
  struct Entry;
  void process(Entry& entry, TimePoint now);
  void exchange(Entry& entry);
  static void forgive(Entry& entry);
  void changed(Entry& entry);
  void cancel_open_runs();
  void tell_if_idle();
  void cancel(Entry& entry, TimePoint now, bool timed_out);
  void abandon(Entry& entry);
  void tick(Entry& entry, TimePoint now);
  void start(Entry& entry, TimePoint now);
  void account_loop_hold(Entry& entry, Duration hold);
  void finish(Entry& entry, metric::Status status);
  void close_run(Entry& entry, metric::Status status);
  void skip(Entry& entry, std::uint64_t ticks, metric::GapReason reason);
  void note_suspend();
  void reschedule(Entry& entry);

  const Clock& clock_;
  metric::ReportSink& sink_;
  const Phases phases_;
  const Policy policy_;
  std::vector<std::unique_ptr<Entry>> entries_;
  DeadlineHeap heap_;
  std::vector<metric::SampleBuffer> spare_buffers_;
  std::function<void()> wake_changed_;
  std::function<void()> idle_;
  Duration suspended_;
  unsigned open_runs_ = 0;
  bool advancing_ = false;
  bool stopping_ = false;
  bool cancel_pending_ = false;  // stop() was called within advance()
  bool destroying_ = false;
};

}  // namespace virgo::schedule
