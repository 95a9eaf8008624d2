// Between the scheduler and what comes after it: gives each report the state that the
// check's alert rules and the check itself make of it, and passes it on.
//
//   state = the worst of    what the check said of itself (Run::judge),
//                           the severities of the rules that are alerts now,
//                           unknown, when a run that did not end ok had no sample for a
//                           rule, and no rule is about that status,
//                           ok, if there are rules at all.
//
// A change of state is logged once, at most one per second and check. A run that was
// cancelled, as the agent does at its end, changes no rule. Loop thread only.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "alert/rule_state.hpp"
#include "base/clock.hpp"
#include "config/specs.hpp"
#include "metric/report.hpp"

namespace virgo::alert {

// Series beyond their thresholds that the rules of one check remember together. With
// more, rules with `for` do not see the rest; the log says so once.
inline constexpr std::size_t kMaxSeries = 1000;

class Judge final : public metric::ReportSink {
 public:
  struct State {
    metric::Health health = metric::Health::none;
    std::string reason;
    WallTime since = 0;  // of the report that changed it
  };

  // Both must outlive this.
  Judge(const Clock& clock, metric::ReportSink& next) : clock_(clock), next_(next) {}

  // The rules for the reports of a check, from now on; they begin with nothing. None are
  // fine, and the same as never called.
  void set_rules(const std::string& check, const std::vector<config::AlertRule>& rules);
  // The check is gone.
  void forget(std::string_view check);

  void report(const metric::Report& report) override;
  void gap(const metric::Gap& gap) override { next_.gap(gap); }

  // Of the check's last report; null while nobody has judged one.
  const State* state(std::string_view check) const;

 private:
  struct Entry {
    std::vector<RuleState> rules;
    std::size_t room = kMaxSeries;
    unsigned good_runs = 0;  // ended ok, counted up to when names are doubted
    bool told_overfull = false;
    State state;
    State by_rules;  // without what the check said
    metric::Health logged = metric::Health::none;
    TimePoint logged_at{};
    bool logged_any = false;
  };
  void apply_rules(Entry& entry, const metric::Report& report);
  static State combined(const Entry& entry, const metric::Report& report);
  static void doubt(Entry& entry, const metric::Report& report);
  void log_change(Entry& entry, const metric::Report& report);

  const Clock& clock_;
  metric::ReportSink& next_;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace virgo::alert
