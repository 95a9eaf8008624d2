// A run from its start to its report. scheduler.cpp has when it is due.
#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "schedule/scheduler_entry.hpp"

namespace virgo::schedule {

using metric::Status;

namespace {

constexpr std::size_t kSpareBuffers = 8;

}  // namespace

void Scheduler::start(Entry& entry, TimePoint now) {
  if (spare_buffers_.empty()) {
    entry.buffer = metric::SampleBuffer(policy_.samples);
  } else {
    entry.buffer = std::move(spare_buffers_.back());
    spare_buffers_.pop_back();
  }
  entry.explanation.clear();
  entry.health = metric::Health::none;
  entry.health_reason.clear();
  entry.run_number = ++entry.ticks;
  entry.run_started = now;
  entry.run_deadline = now + entry.timing.timeout;
  entry.run_wall = clock_.wall();
  entry.state = Entry::State::running;
  if (!std::exchange(entry.struck, false)) entry.strikes = 0;
  ++open_runs_;
  if (entry.stats.quarantined) {
    entry.explain(format(
        "quarantined: it held the event loop longer than {} in {} runs in "
        "succession (the longest {}); restart the agent to try it again",
        format_duration(policy_.loop_strike), policy_.strikes,
        format_duration(
            std::chrono::duration_cast<std::chrono::milliseconds>(entry.stats.max_loop_hold))));
    close_run(entry, Status::quarantined);
    return;
  }
  const TimePoint before = clock_.now();
  entry.check->start(entry);
  account_loop_hold(entry, clock_.now() - before);
}

void Scheduler::account_loop_hold(Entry& entry, Duration hold) {
  entry.stats.max_loop_hold = std::max(entry.stats.max_loop_hold, hold);
  if (hold > policy_.loop_budget) {
    const std::uint64_t times = ++entry.stats.over_budget;
    // The first time, the second, the fourth, ...: enough to be seen, no flood.
    if ((times & (times - 1)) == 0)
      log_warn("schedule",
               "check '{}' held the event loop for {} ms, its budget is {} ({} times so far)",
               entry.identity.check, hold.count() / 1'000'000, format_duration(policy_.loop_budget),
               times);
  }
  // A run counts once, however often it does it.
  if (hold <= policy_.loop_strike || std::exchange(entry.struck, true)) return;
  if (++entry.strikes < policy_.strikes) return;
  entry.stats.quarantined = true;
  entry.check->quarantine();
  log_error("schedule",
            "check '{}' held the event loop longer than {} in {} runs in succession: quarantined, "
            "it is not run any more",
            entry.identity.check, format_duration(policy_.loop_strike), policy_.strikes);
}

// The grace period begins here and not at the deadline: when the loop was held
// up, a result may be waiting to be read already.
void Scheduler::cancel(Entry& entry, TimePoint now, bool timed_out) {
  entry.state = Entry::State::cancelling;
  entry.timed_out = timed_out;
  entry.grace_end = now + policy_.grace;
  entry.check->cancel(entry);  // may finish
}

void Scheduler::abandon(Entry& entry) {
  entry.check->abandon(entry);
  if (entry.state == Entry::State::idle) return;  // finished at the last moment
  if (entry.explanation.empty())
    entry.explanation =
        entry.retired ? "the check was removed"
        : !entry.timed_out
            ? "the agent stopped"
            : format("not finished within {}, nor in the {} after it",
                     format_duration(entry.timing.timeout), format_duration(policy_.grace));
  close_run(entry, entry.timed_out ? Status::timeout : Status::cancelled);
}

void Scheduler::finish(Entry& entry, Status status) {
  if (entry.state == Entry::State::idle) {
    log_error("schedule", "check '{}' finished a run that is not open", entry.identity.check);
    std::abort();  // a broken Check implementation of ours, never a plugin
  }
  if (destroying_) return;
  if (entry.state == Entry::State::cancelling) {
    if (status == Status::ok || status == Status::cancelled)
      status = entry.timed_out ? Status::timeout : Status::cancelled;
    if (entry.explanation.empty())
      entry.explanation =
          entry.timed_out ? format("not finished within {}", format_duration(entry.timing.timeout))
          : entry.retired ? "the check was removed"
                          : "the agent stopped";
  }
  const auto wake_before = next_wake();
  close_run(entry, status);
  reschedule(entry);
  if (advancing_) return;  // whoever called advance() asks for the wake-up after it
  if (wake_changed_ && next_wake() != wake_before) wake_changed_();
  tell_if_idle();
}

void Scheduler::close_run(Entry& entry, Status status) {
  metric::SampleBuffer samples = std::move(entry.buffer);
  if (samples.refused() > 0 && (status == Status::ok || status == Status::limit)) {
    status = Status::limit;
    if (entry.explanation.empty())
      entry.explanation = format(
          "{} samples were refused: at most {} per run (limits.samples_per_run), each with at most "
          "{} labels and texts of at most {} bytes; the first {} were kept",
          samples.refused(), samples.limits().samples, samples.limits().labels,
          samples.limits().text, samples.size());
  }
  const Duration duration = clock_.now() - entry.run_started;
  Stats& stats = entry.stats;
  ++stats.runs;
  if (status == Status::timeout) ++stats.timeouts;
  stats.last_duration = duration;
  stats.max_duration = std::max(stats.max_duration, duration);
  stats.last_lateness = entry.run_lateness;
  stats.max_lateness = std::max(stats.max_lateness, entry.run_lateness);
  stats.reported = true;
  stats.last_status = status;
  stats.last_started = entry.run_wall;
  stats.last_explanation = entry.explanation;

  metric::Report report;
  report.check = &entry.identity;
  report.run = entry.run_number;
  report.started = entry.run_wall;
  report.duration = duration;
  report.lateness = entry.run_lateness;
  report.status = status;
  report.explanation = entry.explanation;
  report.samples = &samples;
  report.health = entry.health;
  report.health_reason = entry.health_reason;
  entry.state = Entry::State::idle;
  --open_runs_;
  sink_.report(report);

  samples.clear();
  if (spare_buffers_.size() < kSpareBuffers) spare_buffers_.push_back(std::move(samples));
}

}  // namespace virgo::schedule
