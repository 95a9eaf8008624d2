// A check's `alert`: what is taken, and what is refused where.
#include "config_world.hpp"

namespace virgo::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

// The problems of one rule, which begins at 3:5.
std::vector<std::string> refusals(const std::string& rule) {
  return load_text("checks:\n- {name: a, alert: [\n  " + rule + "]}\n").problems;
}

TEST(Alerts, AreReadWithTheirDefaults) {
  const LoadedText run = load_text(
      "checks:\n- name: a\n  alert:\n"
      "  - metric: system.cpu.utilization\n    labels: {cpu.mode: user}\n    above: 0.9\n"
      "    for: 1m\n    clear: 0.8\n    clear_for: 5m\n    severity: warn\n    text: busy\n"
      "  - {metric: m, equals: 'x'}\n"
      "  - {status: [timeout, failed, timeout], for: 2m}\n  - {status: not_ok}\n");
  ASSERT_THAT(run.problems, IsEmpty());
  const auto& rules = run.loaded.spec.checks.at(0).alerts;
  ASSERT_THAT(rules, SizeIs(4));
  EXPECT_EQ(rules[0].metric, "system.cpu.utilization");
  EXPECT_EQ(rules[0].labels.keys.at(0), "cpu.mode");
  EXPECT_EQ(as_number(rules[0].above).value(), 0.9);
  EXPECT_EQ(rules[0].below.kind, NodeKind::null);
  EXPECT_EQ(as_number(rules[0].clear).value(), 0.8);
  EXPECT_EQ(rules[0].hold, 1min);
  EXPECT_EQ(rules[0].clear_for, 5min);
  EXPECT_EQ(rules[0].severity, "warn");
  EXPECT_EQ(rules[0].text, "busy");
  EXPECT_EQ(rules[0].path, "checks[0].alert[0]");
  EXPECT_EQ(rules[0].where.line, 4);
  EXPECT_EQ(rules[0].where.column, 13);
  EXPECT_EQ(rules[1].severity, "critical");
  EXPECT_EQ(rules[1].hold, 0s);
  EXPECT_EQ(rules[1].equals.text, "x");
  EXPECT_THAT(rules[2].status, ElementsAre("timeout", "failed"));
  EXPECT_THAT(rules[3].status, ElementsAre("not_ok"));
  EXPECT_THAT(load_text("checks: [{name: a, alert: }]").problems, IsEmpty());
}

TEST(Alerts, AreAListOfMaps) {
  EXPECT_THAT(
      load_text("checks:\n- {name: a, alert: 7}\n").problems,
      ElementsAre("a.yaml:2:20: checks[0].alert: expected a list, each item starting with '- '"));
  EXPECT_THAT(refusals("cpu"),
              ElementsAre("a.yaml:3:3: checks[0].alert[0]: expected a rule: a map with 'metric' "
                          "or 'status'"));
}

TEST(Alerts, LookAtOneThing) {
  EXPECT_THAT(refusals("{above: 1}"),
              ElementsAre("a.yaml:3:3: checks[0].alert[0]: what is to be looked at? Give 'metric' "
                          "or 'status'"));
  EXPECT_THAT(refusals("{metric: m, status: failed}"),
              ElementsAre("a.yaml:3:12: checks[0].alert[0].metric: is for metrics, not for a rule "
                          "about the run's status"));
  EXPECT_THAT(refusals("{status: failed, above: 1}"),
              ElementsAre("a.yaml:3:27: checks[0].alert[0].above: is for metrics, not for a rule "
                          "about the run's status"));
  EXPECT_THAT(refusals("{status: failed, clear: 1}"), SizeIs(1));
  EXPECT_THAT(refusals("{status: failed, labels: {a: b}}"), SizeIs(1));
  EXPECT_THAT(refusals("{metric: m}"),
              ElementsAre("a.yaml:3:3: checks[0].alert[0]: when? Give one of above, below, equals, "
                          "not_equals, absent: true"));
  EXPECT_THAT(refusals("{metric: m, absent: false}"), SizeIs(1));
  EXPECT_THAT(refusals("{metric: m, absent: false, above: 1}"), IsEmpty());
  EXPECT_THAT(refusals("{metric: m, below: 1, above: 2}"),
              ElementsAre("a.yaml:3:22: checks[0].alert[0].below: there is 'above' already: write "
                          "a rule for each"));
  EXPECT_THAT(refusals("{metric: m, above: 1, absent: true}"), SizeIs(1));
}

TEST(Alerts, ClearIsOnTheGoodSide) {
  EXPECT_THAT(refusals("{metric: m, above: 1, clear: 1}"), IsEmpty());
  EXPECT_THAT(refusals("{metric: m, above: 1, clear: 1.1}"),
              ElementsAre("a.yaml:3:32: checks[0].alert[0].clear: is above the threshold: the "
                          "alert would end while it holds"));
  EXPECT_THAT(refusals("{metric: m, below: 1, clear: 1}"), IsEmpty());
  EXPECT_THAT(refusals("{metric: m, below: 1, clear: 0.9}"),
              ElementsAre(HasSubstr("clear: is below the threshold")));
  EXPECT_THAT(refusals("{metric: m, equals: 1, clear: 0.9}"),
              ElementsAre("a.yaml:3:33: checks[0].alert[0].clear: goes with 'above' and 'below', "
                          "not with 'equals'"));
}

TEST(Alerts, RefuseWrongValuesAtTheirPlace) {
  EXPECT_THAT(refusals("{metrik: m}"),
              ElementsAre("a.yaml:3:4: checks[0].alert[0]: unknown key 'metrik', did you mean "
                          "'metric'?"));
  EXPECT_THAT(refusals("{metric: m, above: high}"),
              ElementsAre(HasSubstr("a.yaml:3:22: checks[0].alert[0].above: ")));
  EXPECT_THAT(refusals("{metric: m, above: .inf}"),
              ElementsAre(HasSubstr("above: must be a finite number")));
  EXPECT_THAT(refusals("{metric: m, above: .nan}"), SizeIs(1));
  EXPECT_THAT(refusals("{metric: m, equals: [1]}"), SizeIs(1));
  EXPECT_THAT(refusals("{metric: m, above: 1, for: 25h}"),
              ElementsAre(HasSubstr("for: 25h is out of range, use 0s to 1d")));
  EXPECT_THAT(refusals("{metric: m, above: 1, severity: fatal}"),
              ElementsAre(HasSubstr("'fatal' is not known, use warn or critical")));
  EXPECT_THAT(refusals("{metric: m, above: 1, labels: [a]}"),
              ElementsAre(HasSubstr("labels: expected a map of labels")));
  EXPECT_THAT(refusals("{metric: m, above: 1, labels: {a: [b]}}"),
              ElementsAre(HasSubstr("a.yaml:3:37: checks[0].alert[0].labels.a: ")));
  EXPECT_THAT(refusals("{status: timout}"),
              ElementsAre("a.yaml:3:12: checks[0].alert[0].status: 'timout' is not known, did you "
                          "mean 'timeout'?"));
  EXPECT_THAT(refusals("{status: [ok]}"), ElementsAre(HasSubstr("'ok' is not known, use failed,")));
  EXPECT_THAT(refusals("{status: []}"), ElementsAre(HasSubstr("status: must not be empty")));
  EXPECT_THAT(refusals("{metric: '', above: 1}"), SizeIs(1));
}

TEST(Alerts, HaveBounds) {
  const auto rules = [](std::size_t count) {
    std::string text = "checks: [{name: a, alert: [";
    for (std::size_t i = 0; i < count; ++i) text += "{status: failed},";
    return load_text(text + "]}]").problems;
  };
  EXPECT_THAT(rules(kMaxAlerts), IsEmpty());
  EXPECT_THAT(rules(kMaxAlerts + 1), ElementsAre(HasSubstr("more than 100 rules for one check")));

  const auto labels = [](int count) {
    std::string text = "{metric: m, above: 1, labels: {";
    for (int i = 0; i < count; ++i) text += "k" + std::to_string(i) + ": v, ";
    return refusals(text + "}}");
  };
  EXPECT_THAT(labels(16), IsEmpty());
  EXPECT_THAT(labels(17), ElementsAre(HasSubstr("labels: more than 16 labels")));

  const auto equals = [](std::size_t bytes) {
    return refusals("{metric: m, equals: " + std::string(bytes, 'x') + "}");
  };
  EXPECT_THAT(equals(1024), IsEmpty());
  EXPECT_THAT(equals(1025), ElementsAre(HasSubstr("equals: is longer than 1024 bytes")));
}

TEST(Alerts, MakeADifferentCheck) {
  const auto check = [](const std::string& rule) {
    return load_text("checks: [{name: a, alert: [" + rule + "]}]").loaded.spec.checks.at(0);
  };
  const std::string base = "metric: m, above: 1";
  EXPECT_TRUE(same_check(check("{" + base + "}"), check("{above: 1,  metric: 'm'}")));
  for (const std::string other :
       {"metric: n, above: 1", "metric: m, above: 2", "metric: m, below: 1", "metric: m, equals: 1",
        "metric: m, not_equals: 1", "metric: m, absent: true", "status: failed",
        "metric: m, above: 1, labels: {a: b}", "metric: m, above: 1, for: 1s",
        "metric: m, above: 1, clear: 0", "metric: m, above: 1, clear_for: 1s",
        "metric: m, above: 1, severity: warn", "metric: m, above: 1, text: x"})
    EXPECT_FALSE(same_check(check("{" + base + "}"), check("{" + other + "}"))) << other;
  EXPECT_FALSE(same_check(check("{" + base + "}"), check("")));
}

}  // namespace
}  // namespace virgo::config
