#include "alert/rule.hpp"

#include <cmath>

#include "base/format.hpp"
#include "base/text.hpp"

namespace virgo::alert {
namespace {

using metric::Status;
using metric::Type;
using Test = Rule::Test;

constexpr std::size_t kMaxValue = 64;
constexpr unsigned kStatuses = static_cast<unsigned>(Status::quarantined) + 1;

// Also of what is in quotes: a metric that is a number can equal no text.
std::optional<Number> number_of(config::Node node) {
  node.quoted = false;
  if (const auto whole = config::as_int(node)) return static_cast<Number>(*whole);
  if (const auto number = config::as_number(node)) return static_cast<Number>(*number);
  return std::nullopt;
}

std::optional<Number> number_of(const metric::Value& value) {
  switch (value.type) {
    case Type::i64:
      return static_cast<Number>(value.i64);
    case Type::u64:
      return static_cast<Number>(value.u64);
    case Type::f64:
      return static_cast<Number>(value.f64);
    case Type::text:
      break;
  }
  return std::nullopt;
}

std::uint32_t statuses_of(const std::vector<std::string>& names) {
  std::uint32_t bits = 0;
  for (const std::string& name : names)
    for (unsigned i = 0; i < kStatuses; ++i) {
      const auto status = static_cast<Status>(i);
      // The agent cancels runs when it stops: that is no failure of anything.
      const bool not_ok = name == "not_ok" && status != Status::ok && status != Status::cancelled;
      if (not_ok || name == metric::status_name(status)) bits |= 1u << i;
    }
  return bits;
}

void set_test(Rule& out, const config::AlertRule& rule) {
  const config::Node* operand = nullptr;
  const auto choose = [&](Test test, const config::Node& node) {
    if (node.kind == config::NodeKind::null) return;
    out.test = test;
    operand = &node;
  };
  choose(Test::above, rule.above);
  choose(Test::below, rule.below);
  choose(Test::equals, rule.equals);
  choose(Test::not_equals, rule.not_equals);
  if (operand == nullptr) {
    out.test = rule.metric.empty() ? Test::status : Test::absent;
    return;
  }
  out.operand = operand->text;
  out.number = number_of(*operand);
  const bool has_clear = rule.clear.kind != config::NodeKind::null;
  const config::Node& clear = has_clear ? rule.clear : *operand;
  out.clear = number_of(clear).value_or(0);
  out.clear_text = clear.text;
}

bool equal(const Rule& rule, const metric::Value& value) {
  if (value.type == Type::text) return value.text == rule.operand;
  return rule.number && *rule.number == *number_of(value);
}

Verdict beyond(bool is_bad, bool is_back) {
  if (is_bad) return Verdict::bad;
  return is_back ? Verdict::good : Verdict::between;
}

}  // namespace

Rule compile(const config::AlertRule& rule) {
  Rule out;
  out.metric = rule.metric;
  for (std::size_t i = 0; i < rule.labels.keys.size(); ++i)
    out.labels.emplace_back(rule.labels.keys[i], rule.labels.items[i].text);
  set_test(out, rule);
  out.statuses = statuses_of(rule.status);
  out.hold = rule.hold;
  out.clear_for = rule.clear_for;
  out.severity = rule.severity == "warn" ? metric::Health::warn : metric::Health::critical;
  out.text = rule.text;
  return out;
}

bool concerns(const Rule& rule, const metric::SampleBuffer& samples, std::size_t i) {
  if (samples.metric(i).name != rule.metric) return false;
  const auto has = [&](const std::pair<std::string, std::string>& wanted) {
    for (std::size_t n = 0; n < samples.label_count(i); ++n) {
      const metric::Label label = samples.label(i, n);
      if (label.key == wanted.first) return label.value == wanted.second;
    }
    return false;
  };
  for (const auto& wanted : rule.labels)
    if (!has(wanted)) return false;
  return true;
}

Verdict judge(const Rule& rule, const metric::Value& value) {
  const std::optional<Number> number = number_of(value);
  if (number && std::isnan(*number)) return Verdict::unclear;
  switch (rule.test) {
    case Test::above:
      if (!number || !rule.number) return Verdict::unclear;
      return beyond(*number > *rule.number, *number <= rule.clear);
    case Test::below:
      if (!number || !rule.number) return Verdict::unclear;
      return beyond(*number < *rule.number, *number >= rule.clear);
    case Test::equals:
      return equal(rule, value) ? Verdict::bad : Verdict::good;
    case Test::not_equals:
      return equal(rule, value) ? Verdict::good : Verdict::bad;
    case Test::absent:
    case Test::status:
      break;
  }
  return Verdict::unclear;
}

std::string value_text(const metric::Value& value) {
  switch (value.type) {
    case Type::i64:
      return std::to_string(value.i64);
    case Type::u64:
      return std::to_string(value.u64);
    case Type::f64:
      return format("{:.6g}", value.f64);
    case Type::text:
      return std::string(cut_utf8(value.text, kMaxValue));
  }
  return "";
}

std::string condition_text(const Rule& rule) {
  switch (rule.test) {
    case Test::above:
      return "above " + rule.operand;
    case Test::below:
      return "below " + rule.operand;
    case Test::equals:
      return std::string(cut_utf8(rule.operand, kMaxValue));
    case Test::not_equals:
      return "not " + std::string(cut_utf8(rule.operand, kMaxValue));
    case Test::absent:
    case Test::status:
      break;
  }
  return "absent";
}

}  // namespace virgo::alert
