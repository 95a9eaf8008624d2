#include "schedule/scheduler.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace virgo::schedule {

using metric::GapReason;
using metric::Status;

namespace {

// Bounds on one advance(): a clock that jumps, checks that make each other due, or
// that together take longer than their intervals, must not keep the loop from its
// other work, such as reading the results of runs before they count as late.
constexpr unsigned kMaxPerAdvance = 100'000;
constexpr Duration kMaxAdvance = std::chrono::milliseconds(20);
constexpr std::size_t kMaxExplanation = 1024;
// A host's phases are so many moments of the splay, which its checks share.
constexpr std::uint64_t kParts = 8;
constexpr std::size_t kSpareBuffers = 8;
constexpr TimePoint kNever = TimePoint::max();
// Of intervals, timeouts and grace: sums with the clock stay far from overflow.
constexpr Duration kLongest = std::chrono::hours(24 * 366 * 10);

Timing bounded(Timing timing) {
  timing.interval = std::clamp<Duration>(timing.interval, std::chrono::milliseconds(1), kLongest);
  timing.timeout = std::clamp<Duration>(timing.timeout, Duration(0), kLongest);
  return timing;
}

Policy bounded(Policy policy) {
  policy.grace = std::clamp<Duration>(policy.grace, Duration(0), kLongest);
  return policy;
}

}  // namespace

// One scheduled check; at most one run is open, so it is the Run as well.
struct Scheduler::Entry final : HeapItem, check::Run {
  enum class State { idle, running, cancelling };

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
      : scheduler(s), identity(std::move(i)), check(std::move(c)), timing(bounded(t)) {}

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
  void finish(Status status) override { scheduler.finish(*this, status); }
};

Scheduler::Scheduler(const Clock& clock, metric::ReportSink& sink, std::string host, Policy policy)
    : clock_(clock),
      sink_(sink),
      host_(std::move(host)),
      policy_(bounded(policy)),
      suspended_(clock.suspended()),
      made_(clock.now()),
      made_wall_(clock.wall()) {}

Scheduler::~Scheduler() {
  destroying_ = true;
  for (auto& entry : entries_) {
    if (entry->check == nullptr) continue;
    if (entry->state != Entry::State::idle) entry->check->abandon(*entry);
    if (entry->check->wedged()) (void)entry->check.release();
  }
}

// The phase comes from the wall clock, so that a restart keeps it; from then on
// only monotonic time counts.
TimePoint Scheduler::first_tick(const metric::CheckIdentity& identity, const Timing& timing) const {
  const TimePoint now = clock_.now();
  const std::int64_t window = std::min(timing.splay, timing.interval).count();
  if (window <= 0) return now;
  const std::uint64_t part =
      std::max<std::uint64_t>(1, static_cast<std::uint64_t>(window) / kParts);
  const std::uint64_t parts = static_cast<std::uint64_t>(window) / part;
  const std::uint64_t offset =
      stable_hash(host_) % part + stable_hash(host_ + '\0' + identity.check) % parts * part;
  // From one reading of both clocks, so that what shares a moment does so exactly.
  const std::int64_t into = made_wall_ % window;
  TimePoint tick = made_ + Duration((static_cast<std::int64_t>(offset) - into + window) % window);
  if (tick < now) tick += Duration(((now - tick).count() + window - 1) / window * window);
  return tick;
}

std::size_t Scheduler::add(metric::CheckIdentity identity, std::unique_ptr<check::Check> check,
                           const Timing& timing) {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    Entry& old = *entries_[i];
    if (!old.retired || old.identity.check != identity.check) continue;
    old.retired = false;
    old.identity.type = std::move(identity.type);
    old.timing = bounded(timing);
    old.next_tick = first_tick(old.identity, old.timing);
    replace(i, identity.runtime, std::move(check));
    return i;
  }
  auto entry = std::make_unique<Entry>(*this, std::move(identity), std::move(check), timing);
  entry->next_tick = first_tick(entry->identity, entry->timing);
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
  if (entry.state == Entry::State::idle) exchange(entry);
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
