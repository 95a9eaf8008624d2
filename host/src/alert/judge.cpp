#include "alert/judge.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace virgo::alert {
namespace {

using metric::Health;
using metric::Status;

constexpr std::size_t kMaxReason = 1024;
constexpr Duration kLogEvery = std::chrono::seconds(1);
// Runs that ended well before the log says that a rule has had nothing to look at: some
// checks report rates, from their second run on.
constexpr unsigned kDoubtAfter = 3;

bool is_about(const std::vector<RuleState>& rules, Status status) {
  return std::any_of(rules.begin(), rules.end(),
                     [status](const RuleState& r) { return r.rule().has(status); });
}

std::string both(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return std::string(a.empty() ? b : a);
  return format("{}; {}", a, b);
}

}  // namespace

void Judge::set_rules(const std::string& check, const std::vector<config::AlertRule>& rules) {
  if (rules.empty()) return forget(check);
  Entry& entry = entries_[check];
  entry.rules.clear();
  entry.room = kMaxSeries;
  entry.good_runs = 0;
  entry.told_overfull = false;
  entry.by_rules = State();
  for (const config::AlertRule& rule : rules) entry.rules.emplace_back(compile(rule));
}

void Judge::forget(std::string_view check) {
  const auto at = entries_.find(check);
  if (at != entries_.end()) entries_.erase(at);
}

const Judge::State* Judge::state(std::string_view check) const {
  const auto at = entries_.find(check);
  return at == entries_.end() || at->second.state.health == Health::none ? nullptr
                                                                         : &at->second.state;
}

void Judge::report(const metric::Report& report) {
  auto at = entries_.find(report.check->check);
  if (at == entries_.end()) {
    // What the agent itself ended is maybe the last of a check that was forgotten.
    if (report.health == Health::none || report.status == Status::cancelled)
      return next_.report(report);
    at = entries_.try_emplace(report.check->check).first;
  }
  Entry& entry = at->second;
  if (!entry.rules.empty() && report.status != Status::cancelled) apply_rules(entry, report);
  State now = combined(entry, report);
  now.since = now.health == entry.state.health ? entry.state.since : report.started;
  entry.state = std::move(now);
  log_change(entry, report);

  metric::Report judged = report;
  judged.health = entry.state.health;
  judged.health_reason = entry.state.reason;
  next_.report(judged);
}

void Judge::apply_rules(Entry& entry, const metric::Report& report) {
  // When the run was due: so much do runs begin late that intervals would not add up.
  const TimePoint now = clock_.now() - report.duration - report.lateness;
  const RuleState* worst = nullptr;
  const RuleState* blind = nullptr;
  std::size_t firing = 0;
  for (RuleState& rule : entry.rules) {
    rule.take(report, now, entry.room);
    firing += rule.firing();
    if (rule.blind() && blind == nullptr) blind = &rule;
    if (rule.firing() == 0) continue;
    if (worst == nullptr || rule.rule().severity > worst->rule().severity) worst = &rule;
  }
  State& state = entry.by_rules;
  state.health = worst != nullptr ? worst->rule().severity : Health::ok;
  state.reason = worst != nullptr ? worst->reason() : "";
  if (firing > 1) state.reason += format(" (and {} more)", firing - 1);
  if (blind != nullptr && report.status != Status::ok && state.health < Health::unknown &&
      !is_about(entry.rules, report.status)) {
    state.health = Health::unknown;
    state.reason = both(format("nothing is known of {}: the run's status is {}",
                               blind->rule().metric, metric::status_name(report.status)),
                        state.reason);
  }
  doubt(entry, report);
}

Judge::State Judge::combined(const Entry& entry, const metric::Report& report) {
  const State& rules = entry.by_rules;
  State out;
  out.health = std::max(rules.health, report.health);
  out.reason = both(report.health == out.health ? report.health_reason : "",
                    rules.health == out.health ? std::string_view(rules.reason) : "");
  out.reason = cut_utf8(out.reason, kMaxReason);
  return out;
}

// What may be a mistake in the rules, said once.
void Judge::doubt(Entry& entry, const metric::Report& report) {
  const auto is_overfull = [](const RuleState& r) { return r.overfull(); };
  if (!entry.told_overfull && std::any_of(entry.rules.begin(), entry.rules.end(), is_overfull)) {
    entry.told_overfull = true;
    log_warn("alert",
             "check '{}': more than {} series are beyond the thresholds of its rules; rules with "
             "'for' do not see the rest",
             report.check->check, kMaxSeries);
  }
  if (report.status != Status::ok || entry.good_runs >= kDoubtAfter) return;
  if (++entry.good_runs < kDoubtAfter) return;
  for (const RuleState& rule : entry.rules)
    if (rule.never_saw_a_sample() && rule.rule().test != Rule::Test::absent &&
        rule.rule().test != Rule::Test::status)
      log_warn("alert",
               "check '{}': its first {} runs had no sample of {}{}, which a rule is about",
               report.check->check, kDoubtAfter, rule.rule().metric,
               rule.rule().labels.empty() ? "" : " with these labels");
}

void Judge::log_change(Entry& entry, const metric::Report& report) {
  const Health health = entry.state.health;
  const Health before = entry.logged;
  // A run that says nothing is no news: the last word stands.
  if (health == Health::none || health == before) return;
  const TimePoint now = clock_.now();
  if (entry.logged_any && now - entry.logged_at < kLogEvery) return;
  entry.logged = health;
  if (before == Health::none && health == Health::ok) return;
  entry.logged_any = true;
  entry.logged_at = now;
  const std::string& reason = entry.state.reason;
  const std::string text =
      format("check '{}' is {}{}{}{}", report.check->check, metric::health_name(health),
             before == Health::none ? "" : format(", was {}", metric::health_name(before)),
             reason.empty() ? "" : ": ", reason);
  if (health == Health::ok)
    log_info("alert", "{}", text);
  else
    log_warn("alert", "{}", text);
}

}  // namespace virgo::alert
