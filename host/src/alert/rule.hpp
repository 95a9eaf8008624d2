// One alert rule, ready to be held against samples. Plain values; not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "config/specs.hpp"
#include "metric/report.hpp"
#include "metric/sample.hpp"

namespace virgo::alert {

// A number as a rule or a sample has it: 64-bit integers and doubles are exact in it.
using Number = long double;

struct Rule {
  enum class Test : std::uint8_t { above, below, equals, not_equals, absent, status };

  Test test = Test::above;
  std::string metric;
  std::vector<std::pair<std::string, std::string>> labels;
  std::string operand;           // as it was written
  std::optional<Number> number;  // the same, if it is one
  Number clear = 0;              // above, below: where it ends
  std::string clear_text;
  std::uint32_t statuses = 0;  // a bit per metric::Status
  Duration hold{};
  Duration clear_for{};
  metric::Health severity = metric::Health::critical;
  std::string text;

  bool has(metric::Status status) const {
    return (statuses >> static_cast<unsigned>(status) & 1u) != 0;
  }
};

Rule compile(const config::AlertRule& rule);

// Whether sample `i` is of a series that the rule is about.
bool concerns(const Rule& rule, const metric::SampleBuffer& samples, std::size_t i);

enum class Verdict : std::uint8_t {
  good,
  between,  // not beyond the threshold, but not back where the alert ends either
  bad,
  unclear,  // cannot be compared: NaN, or a text against a threshold
};
// For the tests of values: above, below, equals, not_equals.
Verdict judge(const Rule& rule, const metric::Value& value);

// A value for a sentence, of bounded length.
std::string value_text(const metric::Value& value);
// "above 0.9", "not 0", "absent"; what an alert of this rule says of the value.
std::string condition_text(const Rule& rule);

}  // namespace virgo::alert
