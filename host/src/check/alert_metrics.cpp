#include "check/alert_metrics.hpp"

#include <string_view>
#include <vector>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace virgo::check {
namespace {

using config::AlertRule;
using config::Node;
using config::NodeKind;

const metric::MetricInfo* declared(const CheckType& type, std::string_view name) {
  for (const metric::MetricInfo& info : type.metrics())
    if (info.name == name) return &info;
  return nullptr;
}

void unknown_metric(const CheckType& type, const AlertRule& rule, config::Problems& problems) {
  std::vector<std::string_view> names;
  for (const metric::MetricInfo& info : type.metrics()) names.push_back(info.name);
  const std::string_view near = did_you_mean(rule.metric, names);
  std::string text = format("'{}' has no metric '{}'", type.name(), printable(rule.metric, 128));
  if (!near.empty()) text += format(", did you mean '{}'?", near);
  const config::Problem problem{rule.where, rule.path + ".metric", text};
  if (type.reports_declared_only())
    problems.push_back(problem);
  else if (!near.empty())
    log_warn("config", "{}", to_string(problem));
}

bool is_number(Node node) {
  node.quoted = false;
  return config::as_number(node).ok();
}

// A threshold for a text, or a text for a number.
void unfit_operand(const metric::MetricInfo& info, const AlertRule& rule,
                   config::Problems& problems) {
  const bool text = info.type == metric::Type::text;
  const auto given = [](const Node& node) { return node.kind != NodeKind::null; };
  for (const auto& [key, node] : {std::pair{"above", &rule.above}, {"below", &rule.below}})
    if (text && given(*node))
      problems.push_back({node->where, format("{}.{}", rule.path, key),
                          format("'{}' is a text: use equals or not_equals", info.name)});
  for (const auto& [key, node] :
       {std::pair{"equals", &rule.equals}, {"not_equals", &rule.not_equals}})
    if (!text && given(*node) && !is_number(*node))
      problems.push_back({node->where, format("{}.{}", rule.path, key),
                          format("'{}' is a number, which this is not", info.name)});
}

}  // namespace

bool validate_alerts(const CheckType& type, const config::CheckSpec& spec,
                     config::Problems& problems) {
  const std::size_t before = problems.size();
  for (const AlertRule& rule : spec.alerts) {
    if (rule.metric.empty()) continue;
    if (const metric::MetricInfo* info = declared(type, rule.metric); info != nullptr)
      unfit_operand(*info, rule, problems);
    else
      unknown_metric(type, rule, problems);
  }
  return problems.size() == before;
}

}  // namespace virgo::check
