// validate_params() and the Registry.
#include <gtest/gtest.h>

#include "check/alert_metrics.hpp"
#include "check/registry.hpp"
#include "unit/log_capture.hpp"

namespace virgo::check {
namespace {

using config::Node;
using config::NodeKind;
using config::Problems;

class FakeCheck final : public Check {
 public:
  void start(Run&) override {}
  void cancel(Run&) override {}
  void abandon(Run&) override {}
};

class FakeType final : public CheckType {
 public:
  explicit FakeType(std::string name, std::string origin = "fake.so")
      : name_(std::move(name)), origin_(std::move(origin)) {}
  const std::string& name() const override { return name_; }
  const std::string& summary() const override { return name_; }
  const char* runtime() const override { return "native"; }
  const std::string& origin() const override { return origin_; }
  const std::vector<ParamInfo>& params() const override { return params_; }
  const std::vector<metric::MetricInfo>& metrics() const override { return metrics_; }
  std::unique_ptr<Check> create(const config::CheckSpec& spec, Problems& problems) override {
    ++created;
    if (find_param(spec.params, "refuse") == nullptr) return std::make_unique<FakeCheck>();
    problems.push_back({spec.where, spec.path, "refused"});
    return nullptr;
  }

  bool reports_declared_only() const override { return closed; }

  std::vector<ParamInfo> params_;
  std::vector<metric::MetricInfo> metrics_;
  bool closed = false;
  int created = 0;

 private:
  std::string name_;
  std::string origin_;
};

Node scalar(const std::string& text) {
  Node n;
  n.kind = NodeKind::scalar;
  n.text = text;
  n.where.line = 9;
  return n;
}

struct World {
  World() {
    spec.name = "one";
    spec.type = "test.type";
    spec.path = "checks[2]";
    spec.where.line = 7;
    spec.params.kind = NodeKind::map;
  }
  void param(const std::string& key, Node value) {
    spec.params.keys.push_back(key);
    spec.params.key_positions.push_back({nullptr, 8, 5});
    spec.params.items.push_back(std::move(value));
  }
  void declare(const std::string& name, ParamType type_, bool required = false) {
    ParamInfo p;
    p.name = name;
    p.type = type_;
    p.required = required;
    type.params_.push_back(p);
  }
  // All problems in one line each, positions left out.
  std::string problems() {
    Problems found;
    const bool good = validate_params(type, spec, found);
    EXPECT_EQ(good, found.empty());
    std::string text;
    for (const auto& p : found) text += p.path + ": " + p.text + "\n";
    return text;
  }
  FakeType type{"test.type"};
  config::CheckSpec spec;
};

TEST(ValidateParams, AcceptsWhatIsDeclared) {
  World w;
  const std::pair<ParamType, const char*> values[] = {
      {ParamType::boolean, "true"}, {ParamType::integer, "-5"},    {ParamType::number, "1.5"},
      {ParamType::number, "2"},     {ParamType::text, "anything"}, {ParamType::duration, "10s"},
      {ParamType::size, "64MiB"}};
  int n = 0;
  for (const auto& [type, text] : values) {
    const std::string name = "p" + std::to_string(n++);
    w.declare(name, type, true);
    w.param(name, scalar(text));
  }
  Node list;
  list.kind = NodeKind::sequence;
  w.declare("list", ParamType::list);
  w.param("list", list);
  Node map;
  map.kind = NodeKind::map;
  w.declare("map", ParamType::map);
  w.param("map", map);
  EXPECT_EQ(w.problems(), "");
}

TEST(ValidateParams, NothingIsRequiredOfNoParams) {
  World w;
  w.spec.params = Node();
  w.declare("optional", ParamType::text);
  EXPECT_EQ(w.problems(), "");
}

TEST(ValidateParams, RefusesEachWrongType) {
  for (const auto type : {ParamType::boolean, ParamType::integer, ParamType::number,
                          ParamType::duration, ParamType::size, ParamType::list, ParamType::map}) {
    World w;
    w.declare("p", type);
    w.param("p", scalar("nonsense"));
    const std::string text = w.problems();
    EXPECT_EQ(text.rfind("checks[2].params.p: ", 0), 0u) << param_type_name(type) << ": " << text;
  }
  for (const auto type : {ParamType::boolean, ParamType::integer, ParamType::number,
                          ParamType::text, ParamType::duration, ParamType::size, ParamType::map}) {
    World w;
    w.declare("p", type);
    Node list;
    list.kind = NodeKind::sequence;
    w.param("p", list);
    EXPECT_NE(w.problems(), "") << param_type_name(type);
  }
}

TEST(ValidateParams, ItemsAreWhatIsDeclared) {
  World w;
  for (const auto kind : {ParamType::list, ParamType::map}) {
    ParamInfo info;
    info.name = param_type_name(kind);
    info.type = kind;
    info.items = ParamType::integer;
    EXPECT_EQ(param_type_text(info), info.name + " of int");
    w.type.params_.push_back(info);
  }
  Node list;
  list.kind = NodeKind::sequence;
  list.items = {scalar("1"), scalar("0x2"), scalar("x"), Node()};
  Node map;
  map.kind = NodeKind::map;
  map.keys = {"a", "b"};
  map.key_positions.resize(2);
  map.items = {scalar("1"), list};
  w.param("list", list);
  w.param("map", map);
  const std::string text = w.problems();
  EXPECT_EQ(text.find("list[0]"), std::string::npos);
  EXPECT_EQ(text.find("list[1]"), std::string::npos);
  EXPECT_NE(text.find("checks[2].params.list[2]: expected a whole number, found 'x'"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("checks[2].params.list[3]: "), std::string::npos) << text;
  EXPECT_NE(text.find("checks[2].params.map.b: "), std::string::npos) << text;
}

TEST(ValidateParams, ASecretIsNotShownWhenItIsWrong) {
  FakeType type("t");
  ParamInfo pin;
  pin.name = "pin";
  pin.type = ParamType::integer;
  pin.secret = true;
  type.params_ = {pin};
  config::CheckSpec spec;
  spec.params.kind = NodeKind::map;
  spec.params.keys = {"pin"};
  spec.params.key_positions.resize(1);
  spec.params.items = {scalar("hunter2")};
  Problems problems;
  EXPECT_FALSE(validate_params(type, spec, problems));
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].text.find("hunter2"), std::string::npos) << problems[0].text;
  mark_secrets(type, spec.params);
  EXPECT_TRUE(spec.params.items[0].secret);
}

TEST(ValidateParams, UnknownKeysGetASuggestion) {
  World w;
  w.declare("timeout", ParamType::duration);
  w.param("timeuot", scalar("1s"));
  w.param("colour", scalar("red"));
  EXPECT_EQ(w.problems(),
            "checks[2].params: 'test.type' has no parameter 'timeuot', did you mean 'timeout'?\n"
            "checks[2].params: 'test.type' has no parameter 'colour'\n");
}

TEST(ValidateParams, RequiredOnesMustHaveAValue) {
  World missing;
  missing.declare("host", ParamType::text, true);
  EXPECT_EQ(missing.problems(),
            "checks[2].params: parameter 'host' (text) of 'test.type' is required\n");
  World empty;
  empty.declare("host", ParamType::text, true);
  empty.param("host", Node());  // "host:" and nothing after it
  EXPECT_EQ(empty.problems(),
            "checks[2].params: parameter 'host' (text) of 'test.type' is required\n");
}

TEST(ValidateParams, AnEmptyOptionalOneIsItsDefault) {
  World w;
  w.declare("port", ParamType::integer);
  w.param("port", Node());
  EXPECT_EQ(w.problems(), "");
  EXPECT_EQ(find_param(w.spec.params, "port"), nullptr);
  EXPECT_EQ(find_param(w.spec.params, "absent"), nullptr);
}

TEST(ValidateParams, ReportsAllProblemsWithTheirPositions) {
  World w;
  w.declare("host", ParamType::text, true);
  w.declare("port", ParamType::integer);
  w.param("port", scalar("many"));
  w.param("x", scalar("1"));
  Problems found{{{}, "before", "already there"}};
  EXPECT_FALSE(validate_params(w.type, w.spec, found));
  ASSERT_EQ(found.size(), 4u);
  EXPECT_EQ(found[1].where.line, 9);  // the value
  EXPECT_EQ(found[2].where.line, 8);  // the key
  EXPECT_EQ(found[3].where.line, 7);  // the check
}

struct AlertWorld : World {
  AlertWorld() {
    type.metrics_ = {{"disk.free", "By", "", metric::Kind::gauge, metric::Type::u64},
                     {"disk.state", "", "", metric::Kind::state, metric::Type::text}};
    type.closed = true;
  }
  std::vector<std::string> problems_of(const config::AlertRule& rule) {
    spec.alerts = {rule};
    spec.alerts[0].path = "checks[2].alert[0]";
    spec.alerts[0].where.line = 8;
    Problems found;
    const bool fit = validate_alerts(type, spec, found);
    EXPECT_EQ(fit, found.empty());
    std::vector<std::string> out;
    for (const config::Problem& p : found) out.push_back(p.path + ": " + p.text);
    return out;
  }
  static config::AlertRule rule(const std::string& metric) {
    config::AlertRule out;
    out.metric = metric;
    return out;
  }
  FakeType type{"test.type"};
};

TEST(ValidateAlerts, KnowsTheMetricsOfATypeThatDeclaresAll) {
  AlertWorld w;
  config::AlertRule rule = w.rule("disk.fre");
  rule.above = scalar("1");
  EXPECT_EQ(w.problems_of(rule),
            std::vector<std::string>{"checks[2].alert[0].metric: 'test.type' has no metric "
                                     "'disk.fre', did you mean 'disk.free'?"});
  rule.metric = "other";
  EXPECT_EQ(
      w.problems_of(rule),
      std::vector<std::string>{"checks[2].alert[0].metric: 'test.type' has no metric 'other'"});
  rule.metric = "disk.free";
  EXPECT_TRUE(w.problems_of(rule).empty());
  config::AlertRule status;
  status.status = {"failed"};
  EXPECT_TRUE(w.problems_of(status).empty());
}

TEST(ValidateAlerts, OnlyLogsATypingErrorForOtherTypes) {
  const virgo::testing::LogCapture log;
  AlertWorld w;
  w.type.closed = false;
  EXPECT_TRUE(w.problems_of(w.rule("anything")).empty());
  EXPECT_TRUE(log.lines().empty());
  EXPECT_TRUE(w.problems_of(w.rule("disk.fre")).empty());
  EXPECT_EQ(log.count("did you mean 'disk.free'?"), 1u);
}

TEST(ValidateAlerts, RefusesWhatCanNeverHold) {
  AlertWorld w;
  config::AlertRule rule = w.rule("disk.state");
  rule.below = scalar("1");
  EXPECT_EQ(w.problems_of(rule),
            std::vector<std::string>{
                "checks[2].alert[0].below: 'disk.state' is a text: use equals or not_equals"});
  rule = w.rule("disk.state");
  rule.equals = scalar("failed");
  EXPECT_TRUE(w.problems_of(rule).empty());
  rule.metric = "disk.free";
  EXPECT_EQ(w.problems_of(rule),
            std::vector<std::string>{
                "checks[2].alert[0].equals: 'disk.free' is a number, which this is not"});
  rule.equals = scalar("12");
  rule.equals.quoted = true;
  EXPECT_TRUE(w.problems_of(rule).empty());
}

TEST(Registry, FindsTypesByName) {
  Registry registry;
  EXPECT_TRUE(registry.add(std::make_unique<FakeType>("b.two")).ok());
  EXPECT_TRUE(registry.add(std::make_unique<FakeType>("a.one")).ok());
  EXPECT_EQ(registry.find("a.one")->name(), "a.one");
  EXPECT_EQ(registry.find("a.on"), nullptr);
  const auto types = registry.types();
  ASSERT_EQ(types.size(), 2u);
  EXPECT_EQ(types[0]->name(), "a.one");
}

TEST(Registry, ANameIsTakenOnce) {
  Registry registry;
  EXPECT_TRUE(registry.add(std::make_unique<FakeType>("a", "first.so")).ok());
  const auto again = registry.add(std::make_unique<FakeType>("a", "second.so"));
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().message,
            "second.so: check type 'a' is already provided by first.so; the first one is used");
  EXPECT_EQ(registry.find("a")->origin(), "first.so");
}

TEST(Registry, CreatesOnlyWhatIsValid) {
  Registry registry;
  auto owned = std::make_unique<FakeType>("test.type");
  FakeType& type = *owned;
  ASSERT_TRUE(registry.add(std::move(owned)).ok());
  World w;
  Problems problems;
  EXPECT_NE(registry.create(w.spec, problems), nullptr);
  EXPECT_TRUE(problems.empty());

  w.param("unknown", scalar("1"));
  EXPECT_EQ(registry.create(w.spec, problems), nullptr);
  EXPECT_EQ(problems.size(), 1u);
  EXPECT_EQ(type.created, 1) << "create() must not see params that were refused";

  w.spec.type = "test.tpye";
  EXPECT_EQ(registry.create(w.spec, problems), nullptr);
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_EQ(problems[1].text, "unknown check type 'test.tpye', did you mean 'test.type'?");
}

TEST(Registry, ACheckMayRefuseItsParams) {
  Registry registry;
  auto type = std::make_unique<FakeType>("test.type");
  ParamInfo p;
  p.name = "refuse";
  type->params_.push_back(p);
  ASSERT_TRUE(registry.add(std::move(type)).ok());
  World w;
  w.param("refuse", scalar("yes"));
  Problems problems;
  EXPECT_EQ(registry.create(w.spec, problems), nullptr);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].text, "refused");
}

}  // namespace
}  // namespace virgo::check
