// One rule and one value: every comparison at its edges.
#include "alert_world.hpp"

#include <cmath>
#include <limits>

namespace virgo::alert::testing {
namespace {

Verdict verdict(const config::AlertRule& spec, const Value& value) {
  return judge(compile(spec), value);
}

TEST(RuleVerdict, Above) {
  const config::AlertRule spec = above("0.9");
  EXPECT_EQ(verdict(spec, Value::of(0.91)), Verdict::bad);
  EXPECT_EQ(verdict(spec, Value::of(0.9)), Verdict::good);
  EXPECT_EQ(verdict(spec, Value::of(std::int64_t{1})), Verdict::bad);
  EXPECT_EQ(verdict(spec, Value::of(std::uint64_t{0})), Verdict::good);
  EXPECT_EQ(verdict(spec, Value::of(std::numeric_limits<double>::infinity())), Verdict::bad);
  EXPECT_EQ(verdict(spec, Value::of(-std::numeric_limits<double>::infinity())), Verdict::good);
  EXPECT_EQ(verdict(spec, Value::of(std::nan(""))), Verdict::unclear);
  EXPECT_EQ(verdict(spec, Value::of("1")), Verdict::unclear);
}

TEST(RuleVerdict, AboveWithClear) {
  config::AlertRule spec = above("0.9");
  spec.clear = scalar("0.8");
  EXPECT_EQ(verdict(spec, Value::of(0.91)), Verdict::bad);
  EXPECT_EQ(verdict(spec, Value::of(0.9)), Verdict::between);
  EXPECT_EQ(verdict(spec, Value::of(0.81)), Verdict::between);
  EXPECT_EQ(verdict(spec, Value::of(0.8)), Verdict::good);
}

TEST(RuleVerdict, Below) {
  config::AlertRule spec = rule();
  spec.below = scalar("-5");
  EXPECT_EQ(verdict(spec, Value::of(std::int64_t{-6})), Verdict::bad);
  EXPECT_EQ(verdict(spec, Value::of(std::int64_t{-5})), Verdict::good);
  spec.clear = scalar("10");
  EXPECT_EQ(verdict(spec, Value::of(std::int64_t{9})), Verdict::between);
  EXPECT_EQ(verdict(spec, Value::of(std::int64_t{10})), Verdict::good);
  EXPECT_EQ(verdict(spec, Value::of(std::nan(""))), Verdict::unclear);
}

TEST(RuleVerdict, EqualsAndNotEquals) {
  config::AlertRule equals = rule();
  equals.equals = scalar("closed");
  EXPECT_EQ(verdict(equals, Value::of("closed")), Verdict::bad);
  EXPECT_EQ(verdict(equals, Value::of("closing")), Verdict::good);
  EXPECT_EQ(verdict(equals, Value::of(1.0)), Verdict::good);

  config::AlertRule differs = rule();
  differs.not_equals = scalar("0");
  EXPECT_EQ(verdict(differs, Value::of(0.0)), Verdict::good);
  EXPECT_EQ(verdict(differs, Value::of(std::uint64_t{0})), Verdict::good);
  EXPECT_EQ(verdict(differs, Value::of(0.5)), Verdict::bad);
  EXPECT_EQ(verdict(differs, Value::of("0")), Verdict::good);  // as it was written
  EXPECT_EQ(verdict(differs, Value::of("0.0")), Verdict::bad);
  EXPECT_EQ(verdict(differs, Value::of(std::nan(""))), Verdict::unclear);

  equals.equals = scalar("12", true);  // in quotes, of a metric that is a number
  EXPECT_EQ(verdict(equals, Value::of(12.0)), Verdict::bad);
}

TEST(RuleVerdict, WholeNumbersAreExact) {
  config::AlertRule spec = rule();
  spec.equals = scalar("9007199254740993");  // 2^53 + 1, which no double is
  EXPECT_EQ(verdict(spec, Value::of(std::int64_t{9007199254740993})), Verdict::bad);
  EXPECT_EQ(verdict(spec, Value::of(std::int64_t{9007199254740992})), Verdict::good);
  EXPECT_EQ(verdict(above("9007199254740992"), Value::of(std::uint64_t{9007199254740993})),
            Verdict::bad);
}

// The configuration has the names, metric/ has the values.
TEST(RuleStatus, EveryNameOfTheConfigurationIsAStatus) {
  for (const char* name :
       {"failed", "invalid", "unsupported", "unreachable", "timeout", "limit", "quarantined"}) {
    const Rule one = compile(status_rule({name}));
    EXPECT_NE(one.statuses, 0u) << name;
    EXPECT_FALSE(one.has(Status::ok));
  }
  const Rule all = compile(status_rule({"not_ok"}));
  EXPECT_FALSE(all.has(Status::ok));
  EXPECT_FALSE(all.has(Status::cancelled));
  for (const Status status :
       {Status::failed, Status::invalid, Status::unsupported, Status::unreachable, Status::timeout,
        Status::limit, Status::quarantined})
    EXPECT_TRUE(all.has(status));
  const Rule two = compile(status_rule({"timeout", "failed"}));
  EXPECT_TRUE(two.has(Status::timeout) && two.has(Status::failed));
  EXPECT_FALSE(two.has(Status::limit));
}

}  // namespace
}  // namespace virgo::alert::testing
