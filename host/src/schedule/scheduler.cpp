// Which checks there are, and when each of them is due. scheduler_runs.cpp has their runs.
#include "schedule/scheduler.hpp"

#include <algorithm>
#include <utility>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "schedule/scheduler_entry.hpp"

namespace virgo::schedule {

using metric::GapReason;

namespace {

// Bounds on one advance(): a clock that jumps, checks that make each other due, or
// that together take longer than their intervals, must not keep the loop from its
// other work, such as reading the results of runs before they count as late.
constexpr unsigned kMaxPerAdvance = 100'000;
constexpr Duration kMaxAdvance = std::chrono::milliseconds(20);
constexpr TimePoint kNever = TimePoint::max();

Policy bounded(Policy policy) {
  policy.grace = std::clamp<Duration>(policy.grace, Duration(0), Timing::kLongest);
  return policy;
}

}  // namespace

Scheduler::Scheduler(const Clock& clock, metric::ReportSink& sink, std::string host, Policy policy)
    : clock_(clock),
      sink_(sink),
      phases_(clock, std::move(host)),
      policy_(bounded(policy)),
      suspended_(clock.suspended()) {}

Scheduler::~Scheduler() {
  destroying_ = true;
  for (auto& entry : entries_) {
    if (entry->check == nullptr) continue;
    if (entry->state != Entry::State::idle) entry->check->abandon(*entry);
    if (entry->check->wedged()) (void)entry->check.release();
  }
}

std::size_t Scheduler::add(metric::CheckIdentity identity, std::unique_ptr<check::Check> check,
                           const Timing& timing) {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    Entry& old = *entries_[i];
    if (!old.retired || old.identity.check != identity.check) continue;
    old.retired = false;
    old.identity.type = std::move(identity.type);
    old.timing = timing.bounded();
    old.next_tick = phases_.first_tick(old.identity.check, old.timing);
    replace(i, identity.runtime, std::move(check));
    return i;
  }
  auto entry = std::make_unique<Entry>(*this, std::move(identity), std::move(check), timing);
  entry->next_tick = phases_.first_tick(entry->identity.check, entry->timing);
  entry->wake = stopping_ ? kNever : entry->next_tick;
  heap_.push(*entry);
  entries_.push_back(std::move(entry));
  if (wake_changed_ && !advancing_) wake_changed_();
  return entries_.size() - 1;
}

void Scheduler::replace(std::size_t number, const char* runtime,
                        std::unique_ptr<check::Check> check) {
  Entry& entry = *entries_[number];
  entry.next = std::move(check);
  entry.identity.runtime = runtime;
  changed(entry);
}

void Scheduler::set_timing(std::size_t number, const Timing& timing) {
  Entry& entry = *entries_[number];
  entry.timing = timing.bounded();
  entry.next_tick = phases_.first_tick(entry.identity.check, entry.timing);
  changed(entry);
}

void Scheduler::retire(std::size_t number) {
  Entry& entry = *entries_[number];
  entry.retired = true;
  entry.next.reset();
  if (entry.state == Entry::State::running) {
    advancing_ = true;
    cancel(entry, clock_.now(), false);
    advancing_ = false;
  }
  changed(entry);
}

bool Scheduler::live(std::size_t number) const {
  return !entries_[number]->retired;
}

void Scheduler::changed(Entry& entry) {
  if (entry.state == Entry::State::idle && entry.to_exchange()) exchange(entry);
  reschedule(entry);
  if (wake_changed_ && !advancing_) wake_changed_();
}

// No run is open.
void Scheduler::exchange(Entry& entry) {
  // Code of it still executes somewhere: see the destructor.
  if (entry.check != nullptr && entry.check->wedged()) (void)entry.check.release();
  entry.check = std::move(entry.next);
  forgive(entry);
}

void Scheduler::forgive(Entry& entry) {
  entry.strikes = 0;
  entry.struck = false;
  entry.stats.quarantined = false;
}

void Scheduler::forgive(std::size_t number) {
  forgive(*entries_[number]);
}

std::optional<TimePoint> Scheduler::next_wake() const {
  if (heap_.empty() || heap_.top().wake == kNever) return std::nullopt;
  return heap_.top().wake;
}

void Scheduler::advance() {
  if (advancing_) return;
  advancing_ = true;
  note_suspend();
  const TimePoint begun = clock_.now();
  for (unsigned n = 0; n < kMaxPerAdvance && !heap_.empty(); ++n) {
    const TimePoint now = clock_.now();
    auto& entry = static_cast<Entry&>(heap_.top());
    if (entry.wake > now || now - begun > kMaxAdvance) break;
    process(entry, now);
    reschedule(entry);
  }
  if (cancel_pending_) cancel_open_runs();
  advancing_ = false;
  tell_if_idle();
}

// Sets the entry's wake-up to whatever comes first for it.
void Scheduler::reschedule(Entry& entry) {
  TimePoint wake = stopping_ || entry.retired ? kNever : entry.next_tick;
  // As soon as possible, but not from within a call of the check.
  if (entry.state == Entry::State::idle && entry.to_exchange()) wake = std::min(wake, clock_.now());
  if (entry.state == Entry::State::running) wake = std::min(wake, entry.run_deadline);
  if (entry.state == Entry::State::cancelling) wake = std::min(wake, entry.grace_end);
  if (wake == entry.wake) return;
  entry.wake = wake;
  heap_.update(entry);
}

void Scheduler::process(Entry& entry, TimePoint now) {
  if (entry.state == Entry::State::idle && entry.to_exchange()) exchange(entry);
  if (entry.state == Entry::State::cancelling && now >= entry.grace_end) abandon(entry);
  if (entry.state == Entry::State::running && now >= entry.run_deadline) cancel(entry, now, true);
  if (!stopping_ && !entry.retired && now >= entry.next_tick) tick(entry, now);
}

void Scheduler::tick(Entry& entry, TimePoint now) {
  const Duration lateness = now - entry.next_tick;
  const std::int64_t missed = lateness / entry.timing.interval;
  entry.next_tick += (missed + 1) * entry.timing.interval;
  entry.run_lateness = lateness;
  if (entry.state != Entry::State::idle || entry.check->wedged()) {
    const auto reason = entry.state == Entry::State::idle ? GapReason::wedged : GapReason::overlap;
    skip(entry, 1 + static_cast<std::uint64_t>(missed), reason);
    return;
  }
  start(entry, now);
  if (missed > 0) skip(entry, static_cast<std::uint64_t>(missed), GapReason::late);
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
  if (stopping_) return;
  log_info("schedule", "the machine was suspended for {}",
           format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(slept)));
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    Entry& entry = *entries_[i];
    const std::int64_t missed = slept / entry.timing.interval;
    if (missed > 0 && !entry.retired)
      skip(entry, static_cast<std::uint64_t>(missed), GapReason::suspend);
  }
}

void Scheduler::stop(std::function<void()> idle) {
  stopping_ = true;
  idle_ = std::move(idle);
  cancel_pending_ = true;
  if (advancing_) return;  // perhaps from within start(): not the time to cancel
  advancing_ = true;
  cancel_open_runs();
  advancing_ = false;
  if (wake_changed_) wake_changed_();
  tell_if_idle();
}

void Scheduler::cancel_open_runs() {
  cancel_pending_ = false;
  const TimePoint now = clock_.now();
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    Entry& entry = *entries_[i];
    if (entry.state == Entry::State::running) cancel(entry, now, false);
    reschedule(entry);
  }
}

void Scheduler::tell_if_idle() {
  if (!stopping_ || open_runs_ > 0 || !idle_) return;
  const auto idle = std::move(idle_);
  idle_ = nullptr;
  idle();
}

const Stats& Scheduler::stats(std::size_t number) const {
  return entries_[number]->stats;
}

std::optional<check::Suspension> Scheduler::suspension(std::size_t number) const {
  const Entry& entry = *entries_[number];
  if (entry.check == nullptr) return std::nullopt;
  if (!entry.stats.quarantined) return entry.check->suspension();
  const auto longest =
      std::chrono::duration_cast<std::chrono::milliseconds>(entry.stats.max_loop_hold);
  return check::Suspension{format("{} of the event loop", format_duration(policy_.loop_strike)),
                           format_duration(longest), TimePoint::max(), policy_.strikes};
}

const metric::CheckIdentity& Scheduler::identity(std::size_t number) const {
  return entries_[number]->identity;
}

}  // namespace virgo::schedule
