#include "schedule/scheduler.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace virgo::schedule {

using metric::GapReason;
using metric::Status;

namespace {

// A bound on one advance(): a clock that jumps, or checks that make each other
// due, must not keep the loop from its other work.
constexpr unsigned kMaxPerAdvance = 100'000;
constexpr std::size_t kMaxExplanation = 1024;
constexpr std::size_t kSpareBuffers = 8;
constexpr TimePoint kNever = TimePoint::max();

}  // namespace

// One scheduled check; at most one run is open, so it is the Run as well.
struct Scheduler::Entry final : HeapItem, check::Run {
  enum class State { idle, running, cancelling };

  Scheduler& scheduler;
  metric::CheckIdentity identity;
  std::unique_ptr<check::Check> check;
  Timing timing;
  TimePoint next_tick{};
  std::uint64_t ticks = 0;  // given out so far
  Stats stats;
  unsigned strikes = 0;

  State state = State::idle;
  std::uint64_t run_number = 0;
  TimePoint run_started{};
  TimePoint run_deadline{};
  WallTime run_wall = 0;
  Duration run_lateness{};
  metric::SampleBuffer buffer;
  std::string explanation;

  Entry(Scheduler& s, metric::CheckIdentity i, std::unique_ptr<check::Check> c, const Timing& t)
      : scheduler(s), identity(std::move(i)), check(std::move(c)), timing(t) {}

  std::uint64_t number() const override { return run_number; }
  TimePoint deadline() const override { return run_deadline; }
  WallTime started() const override { return run_wall; }
  metric::SampleBuffer& samples() override { return buffer; }
  void explain(std::string_view text) override {
    explanation = to_utf8(text.substr(0, kMaxExplanation));
  }
  void finish(Status status) override { scheduler.finish(*this, status); }
};

Scheduler::Scheduler(const Clock& clock, metric::ReportSink& sink, std::string host,
                     Policy policy)
    : clock_(clock),
      sink_(sink),
      host_(std::move(host)),
      policy_(policy),
      suspended_(clock.suspended()) {}

Scheduler::~Scheduler() {
  for (auto& entry : entries_) {
    if (entry->state != Entry::State::idle) entry->check->abandon(*entry);
    if (entry->check->wedged()) (void)entry->check.release();
  }
}

// The phase comes from the wall clock, so that a restart keeps it; from then on
// only monotonic time counts.
TimePoint Scheduler::first_tick(const metric::CheckIdentity& identity,
                                const Timing& timing) const {
  const TimePoint now = clock_.now();
  const std::int64_t window = std::min(timing.splay, timing.interval).count();
  if (window <= 0) return now;
  const auto offset =
      static_cast<std::int64_t>(stable_hash(host_ + '\0' + identity.check) %
                                static_cast<std::uint64_t>(window));
  const std::int64_t into = clock_.wall() % window;
  return now + Duration((offset - into + window) % window);
}

std::size_t Scheduler::add(metric::CheckIdentity identity, std::unique_ptr<check::Check> check,
                           const Timing& timing) {
  auto entry = std::make_unique<Entry>(*this, std::move(identity), std::move(check), timing);
  entry->next_tick = first_tick(entry->identity, timing);
  entry->wake = entry->next_tick;
  heap_.push(*entry);
  entries_.push_back(std::move(entry));
  if (wake_changed_ && !advancing_) wake_changed_();
  return entries_.size() - 1;
}

std::optional<TimePoint> Scheduler::next_wake() const {
  if (heap_.empty() || heap_.top().wake == kNever) return std::nullopt;
  return heap_.top().wake;
}

void Scheduler::advance() {
  if (advancing_) return;
  advancing_ = true;
  note_suspend();
  for (unsigned n = 0; n < kMaxPerAdvance && !heap_.empty(); ++n) {
    const TimePoint now = clock_.now();
    auto& entry = static_cast<Entry&>(heap_.top());
    if (entry.wake > now) break;
    process(entry, now);
    reschedule(entry);
  }
  advancing_ = false;
}

// Sets the entry's wake-up to whatever comes first for it.
void Scheduler::reschedule(Entry& entry) {
  TimePoint wake = stopping_ ? kNever : entry.next_tick;
  if (entry.state == Entry::State::running) wake = std::min(wake, entry.run_deadline);
  if (entry.state == Entry::State::cancelling)
    wake = std::min(wake, entry.run_deadline + policy_.grace);
  if (wake == entry.wake) return;
  entry.wake = wake;
  heap_.update(entry);
}

void Scheduler::process(Entry& entry, TimePoint now) {
  if (entry.state == Entry::State::running && now >= entry.run_deadline) {
    entry.state = Entry::State::cancelling;
    entry.check->cancel(entry);  // may finish
  }
  if (entry.state == Entry::State::cancelling && now >= entry.run_deadline + policy_.grace) {
    entry.check->abandon(entry);
    if (entry.explanation.empty())
      entry.explanation = stopping_ ? "the agent stopped"
                                    : format("not finished within {}, nor in the {} after it",
                                             format_duration(entry.timing.timeout),
                                             format_duration(policy_.grace));
    close_run(entry, stopping_ ? Status::cancelled : Status::timeout);
  }
  if (!stopping_ && now >= entry.next_tick) tick(entry, now);
}

void Scheduler::tick(Entry& entry, TimePoint now) {
  const Duration lateness = now - entry.next_tick;
  const std::int64_t missed = lateness / entry.timing.interval;
  entry.next_tick += (missed + 1) * entry.timing.interval;
  entry.run_lateness = lateness;
  if (entry.state != Entry::State::idle || entry.check->wedged()) {
    const auto reason =
        entry.state == Entry::State::idle ? GapReason::wedged : GapReason::overlap;
    skip(entry, 1 + static_cast<std::uint64_t>(missed), reason);
    return;
  }
  start(entry, now);
  if (missed > 0) skip(entry, static_cast<std::uint64_t>(missed), GapReason::late);
}

void Scheduler::start(Entry& entry, TimePoint now) {
  if (spare_buffers_.empty()) {
    entry.buffer = metric::SampleBuffer(policy_.samples);
  } else {
    entry.buffer = std::move(spare_buffers_.back());
    spare_buffers_.pop_back();
  }
  entry.explanation.clear();
  entry.run_number = ++entry.ticks;
  entry.run_started = now;
  entry.run_deadline = now + entry.timing.timeout;
  entry.run_wall = clock_.wall();
  entry.state = Entry::State::running;
  ++open_runs_;
  if (entry.stats.quarantined) {
    entry.explain(format("quarantined: it held the event loop longer than {} in {} runs in "
                         "succession (the longest {}); restart the agent to try it again",
                         format_duration(policy_.loop_strike), policy_.strikes,
                         format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(
                             entry.stats.max_loop_hold))));
    close_run(entry, Status::quarantined);
    return;
  }
  entry.check->start(entry);
  account_loop_hold(entry, clock_.now() - now);
}

void Scheduler::account_loop_hold(Entry& entry, Duration hold) {
  entry.stats.max_loop_hold = std::max(entry.stats.max_loop_hold, hold);
  entry.strikes = hold > policy_.loop_strike ? entry.strikes + 1 : 0;
  if (hold <= policy_.loop_budget) return;
  const std::uint64_t times = ++entry.stats.over_budget;
  // The first time, the second, the fourth, ...: enough to be seen, no flood.
  if ((times & (times - 1)) == 0)
    log_warn("schedule",
             "check '{}' held the event loop for {} ms, its budget is {} ({} times so far)",
             entry.identity.check, hold.count() / 1'000'000,
             format_duration(policy_.loop_budget), times);
  if (entry.strikes < policy_.strikes) return;
  entry.stats.quarantined = true;
  log_error("schedule",
            "check '{}' held the event loop longer than {} in {} runs in succession: quarantined, "
            "it is not run any more",
            entry.identity.check, format_duration(policy_.loop_strike), policy_.strikes);
}

void Scheduler::finish(Entry& entry, Status status) {
  if (entry.state == Entry::State::idle) {
    log_error("schedule", "check '{}' finished a run that is not open", entry.identity.check);
    std::abort();  // a broken Check implementation of ours, never a plugin
  }
  if (entry.state == Entry::State::cancelling) {
    const bool at_deadline = !stopping_;
    if (status == Status::ok || status == Status::cancelled)
      status = at_deadline ? Status::timeout : Status::cancelled;
    if (entry.explanation.empty())
      entry.explanation =
          at_deadline ? format("not finished within {}", format_duration(entry.timing.timeout))
                      : "the agent stopped";
  }
  close_run(entry, status);
  if (advancing_) return;  // advance() reschedules
  reschedule(entry);
  if (wake_changed_) wake_changed_();
}

void Scheduler::close_run(Entry& entry, Status status) {
  metric::SampleBuffer samples = std::move(entry.buffer);
  if (samples.refused() > 0 && (status == Status::ok || status == Status::limit)) {
    status = Status::limit;
    if (entry.explanation.empty())
      entry.explanation = format(
          "{} samples were refused: at most {} per run (limits.samples_per_run), each with texts "
          "of at most {} bytes; the first {} were kept",
          samples.refused(), samples.limits().samples, samples.limits().text, samples.size());
  }
  const Duration duration = clock_.now() - entry.run_started;
  Stats& stats = entry.stats;
  ++stats.runs;
  if (status == Status::timeout) ++stats.timeouts;
  stats.last_duration = duration;
  stats.max_duration = std::max(stats.max_duration, duration);
  stats.last_lateness = entry.run_lateness;
  stats.max_lateness = std::max(stats.max_lateness, entry.run_lateness);

  metric::Report report;
  report.check = &entry.identity;
  report.run = entry.run_number;
  report.started = entry.run_wall;
  report.duration = duration;
  report.lateness = entry.run_lateness;
  report.status = status;
  report.explanation = entry.explanation;
  report.samples = &samples;
  entry.state = Entry::State::idle;
  --open_runs_;
  sink_.report(report);

  samples.clear();
  if (spare_buffers_.size() < kSpareBuffers) spare_buffers_.push_back(std::move(samples));
  if (stopping_ && open_runs_ == 0 && idle_) {
    const auto idle = std::move(idle_);
    idle_ = nullptr;
    idle();
  }
}

void Scheduler::skip(Entry& entry, std::uint64_t ticks, GapReason reason) {
  metric::Gap gap;
  gap.check = &entry.identity;
  gap.from = entry.ticks + 1;
  gap.to = entry.ticks += ticks;
  gap.reason = reason;
  gap.noticed = clock_.wall();
  entry.stats.skipped += ticks;
  sink_.gap(gap);
}

void Scheduler::note_suspend() {
  const Duration total = clock_.suspended();
  const Duration slept = total - suspended_;
  // The two clocks are read one after the other: small differences are noise.
  if (slept < std::chrono::milliseconds(100)) return;
  suspended_ = total;
  log_info("schedule", "the machine was suspended for {} s", slept.count() / 1'000'000'000);
  for (auto& entry : entries_) {
    const std::int64_t missed = slept / entry->timing.interval;
    if (missed > 0) skip(*entry, static_cast<std::uint64_t>(missed), GapReason::suspend);
  }
}

void Scheduler::stop(std::function<void()> idle) {
  stopping_ = true;
  idle_ = std::move(idle);
  const TimePoint now = clock_.now();
  const bool nested = advancing_;
  advancing_ = true;
  for (auto& entry : entries_) {
    if (entry->state == Entry::State::running) {
      entry->state = Entry::State::cancelling;
      entry->run_deadline = now;
      entry->check->cancel(*entry);
    }
    reschedule(*entry);
  }
  advancing_ = nested;
  if (open_runs_ == 0 && idle_) {
    const auto call = std::move(idle_);
    idle_ = nullptr;
    call();
  } else if (wake_changed_) {
    wake_changed_();
  }
}

const Stats& Scheduler::stats(std::size_t number) const { return entries_[number]->stats; }

const metric::CheckIdentity& Scheduler::identity(std::size_t number) const {
  return entries_[number]->identity;
}

}  // namespace virgo::schedule
