#include "metric/sample.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "metric/report.hpp"

namespace virgo::metric {
namespace {

const MetricInfo kGauge{"test.gauge", "1", "", Kind::gauge, Type::f64};
const MetricInfo kText{"test.text", "", "", Kind::state, Type::text};
const MetricInfo kI64{"test.i64", "", "", Kind::gauge, Type::i64};
const MetricInfo kU64{"test.u64", "", "", Kind::counter, Type::u64};

TEST(Sample, KeepsValuesOfEveryType) {
  SampleBuffer buffer;
  EXPECT_EQ(buffer.add(kGauge, Value::of(1.5), {}), AddResult::ok);
  EXPECT_EQ(buffer.add(kI64, Value::of(std::int64_t{INT64_MIN}), {}), AddResult::ok);
  EXPECT_EQ(buffer.add(kU64, Value::of(std::uint64_t{UINT64_MAX}), {}), AddResult::ok);
  EXPECT_EQ(buffer.add(kText, Value::of(std::string_view("up")), {}, 42), AddResult::ok);
  EXPECT_EQ(buffer.add(kGauge, Value::of(std::nan("")), {}), AddResult::ok);
  ASSERT_EQ(buffer.size(), 5u);
  EXPECT_EQ(&buffer.metric(0), &kGauge);
  EXPECT_EQ(buffer.value(0).f64, 1.5);
  EXPECT_EQ(buffer.value(1).i64, INT64_MIN);
  EXPECT_EQ(buffer.value(2).u64, UINT64_MAX);
  EXPECT_EQ(buffer.value(3).text, "up");
  EXPECT_EQ(buffer.unix_ns(3), 42);
  EXPECT_EQ(buffer.unix_ns(0), 0);
  EXPECT_TRUE(std::isnan(buffer.value(4).f64));
  EXPECT_EQ(buffer.refused(), 0u);
}

TEST(Sample, RefusesTheWrongType) {
  SampleBuffer buffer;
  EXPECT_EQ(buffer.add(kGauge, Value::of(std::int64_t{1}), {}), AddResult::wrong_type);
  EXPECT_EQ(buffer.add_undeclared(kGauge, Value::of(std::int64_t{1}), {}), AddResult::wrong_type);
  EXPECT_EQ(buffer.size(), 0u);
  EXPECT_EQ(buffer.refused(), 0u);
}

TEST(Sample, CopiesLabelsAndTexts) {
  SampleBuffer buffer;
  {
    std::string key = "a key of some length, on the heap";
    std::string value = "a value of some length, on the heap";
    const Label labels[] = {{key, value}, {"k2", ""}};
    EXPECT_EQ(buffer.add(kText, Value::of(std::string_view(value)), labels), AddResult::ok);
    key.assign(key.size(), 'x');
    value.assign(value.size(), 'x');
  }
  for (int i = 0; i < 1000; ++i) buffer.add(kGauge, Value::of(1.0), {});
  ASSERT_EQ(buffer.label_count(0), 2u);
  EXPECT_EQ(buffer.label(0, 0).key, "a key of some length, on the heap");
  EXPECT_EQ(buffer.label(0, 0).value, "a value of some length, on the heap");
  EXPECT_EQ(buffer.label(0, 1).key, "k2");
  EXPECT_EQ(buffer.label(0, 1).value, "");
  EXPECT_EQ(buffer.value(0).text, "a value of some length, on the heap");
}

TEST(Sample, MendsTextsThatAreNotUtf8) {
  SampleBuffer buffer;
  const Label labels[] = {{"k\xff", "v\xff"}};
  buffer.add(kText, Value::of(std::string_view("t\xff")), labels);
  EXPECT_EQ(buffer.value(0).text, "t\xef\xbf\xbd");
  EXPECT_EQ(buffer.label(0, 0).key, "k\xef\xbf\xbd");
  EXPECT_EQ(buffer.label(0, 0).value, "v\xef\xbf\xbd");
}

TEST(SampleLimits, NumberOfSamples) {
  SampleBuffer buffer({.samples = 3});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(buffer.add(kGauge, Value::of(1.0), {}), AddResult::ok);
  EXPECT_EQ(buffer.add(kGauge, Value::of(1.0), {}), AddResult::limit);
  EXPECT_EQ(buffer.add_undeclared(kGauge, Value::of(1.0), {}), AddResult::limit);
  EXPECT_EQ(buffer.size(), 3u);
  EXPECT_EQ(buffer.refused(), 2u);
}

TEST(SampleLimits, LabelsPerSample) {
  SampleBuffer buffer({.labels = 2});
  const Label labels[] = {{"a", "1"}, {"b", "2"}, {"c", "3"}};
  EXPECT_EQ(buffer.add(kGauge, Value::of(1.0), std::span(labels).first(2)), AddResult::ok);
  EXPECT_EQ(buffer.add(kGauge, Value::of(1.0), labels), AddResult::limit);
}

TEST(SampleLimits, LengthOfEachText) {
  SampleBuffer buffer({.text = 4});
  const Label good[] = {{"1234", "1234"}};
  const Label long_key[] = {{"12345", "1"}};
  const Label long_value[] = {{"1", "12345"}};
  EXPECT_EQ(buffer.add(kText, Value::of(std::string_view("1234")), good), AddResult::ok);
  EXPECT_EQ(buffer.add(kText, Value::of(std::string_view("12345")), {}), AddResult::limit);
  EXPECT_EQ(buffer.add(kGauge, Value::of(1.0), long_key), AddResult::limit);
  EXPECT_EQ(buffer.add(kGauge, Value::of(1.0), long_value), AddResult::limit);
  EXPECT_EQ(buffer.size(), 1u);
  EXPECT_EQ(buffer.refused(), 3u);
}

TEST(SampleLimits, BytesOfAllTexts) {
  SampleBuffer buffer({.arena = 10});
  const Label label[] = {{"ab", "cd"}};
  EXPECT_EQ(buffer.add(kText, Value::of(std::string_view("123456")), label), AddResult::ok);
  EXPECT_EQ(buffer.add(kText, Value::of(std::string_view("1")), {}), AddResult::limit);
  EXPECT_EQ(buffer.add(kText, Value::of(std::string_view("")), {}), AddResult::ok);
  EXPECT_EQ(buffer.add(kGauge, Value::of(1.0), {}), AddResult::ok);
}

TEST(SampleLimits, UndeclaredMetricsCountTowardsTheArena) {
  SampleBuffer buffer;  // the default: 1 MiB
  std::size_t taken = 0;
  for (int i = 0; i < 5000; ++i) {
    MetricInfo m{std::to_string(i) + std::string(1000, 'n'), std::string(1000, 'u'),
                 std::string(100'000, 'h'), Kind::gauge, Type::f64};
    if (buffer.add_undeclared(m, Value::of(1.0), {}) == AddResult::ok) ++taken;
  }
  EXPECT_GT(taken, 400u);
  EXPECT_LT(taken, 530u);
  EXPECT_EQ(buffer.refused(), 5000 - taken);
  EXPECT_EQ(buffer.metric(0).help, "");
}

TEST(Sample, UndeclaredMetricsAreCopied) {
  SampleBuffer buffer;
  {
    MetricInfo m{"a.name.of.some.length.on.the.heap", "By\xff", "help", Kind::counter, Type::u64};
    EXPECT_EQ(buffer.add_undeclared(m, Value::of(std::uint64_t{7}), {}), AddResult::ok);
    m.name = "another";
    m.unit = "By";
    EXPECT_EQ(buffer.add_undeclared(m, Value::of(std::uint64_t{8}), {}), AddResult::ok);
    EXPECT_EQ(buffer.add_undeclared(m, Value::of(std::uint64_t{9}), {}), AddResult::ok);
  }
  const SampleBuffer moved = std::move(buffer);
  EXPECT_EQ(moved.metric(0).name, "a.name.of.some.length.on.the.heap");
  EXPECT_EQ(moved.metric(0).unit, "By\xef\xbf\xbd");
  EXPECT_EQ(moved.metric(0).kind, Kind::counter);
  EXPECT_EQ(moved.metric(1).name, "another");
  EXPECT_EQ(&moved.metric(2), &moved.metric(1));  // the same declaration is kept once
  EXPECT_EQ(moved.value(2).u64, 9u);
}

TEST(Sample, ClearMakesItNew) {
  SampleBuffer buffer({.samples = 2, .arena = 100});
  const Label label[] = {{"k", std::string_view("0123456789")}};
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(buffer.add(kText, Value::of(std::string_view("text")), label), AddResult::ok);
    EXPECT_EQ(buffer.add(kGauge, Value::of(1.0), {}), AddResult::ok);
    EXPECT_EQ(buffer.add(kGauge, Value::of(1.0), {}), AddResult::limit);
    EXPECT_EQ(buffer.size(), 2u);
    buffer.clear();
    EXPECT_EQ(buffer.size(), 0u);
    EXPECT_EQ(buffer.refused(), 0u);
  }
}

TEST(Sample, ClearMakesRoomForUndeclaredMetricsAgain) {
  SampleBuffer buffer({.arena = sizeof(MetricInfo) + 8});
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(
        buffer.add_undeclared({"abcdefgh", "", "", Kind::gauge, Type::f64}, Value::of(1.0), {}),
        AddResult::ok);
    EXPECT_EQ(buffer.add_undeclared({"other", "", "", Kind::gauge, Type::f64}, Value::of(1.0), {}),
              AddResult::limit);
    buffer.clear();
  }
}

TEST(Names, AreDistinct) {
  EXPECT_STREQ(kind_name(Kind::gauge), "gauge");
  EXPECT_STREQ(kind_name(Kind::counter), "counter");
  EXPECT_STREQ(kind_name(Kind::state), "state");
  EXPECT_STREQ(type_name(Type::i64), "i64");
  EXPECT_STREQ(type_name(Type::u64), "u64");
  EXPECT_STREQ(type_name(Type::f64), "f64");
  EXPECT_STREQ(type_name(Type::text), "text");
  for (int i = 1; i <= static_cast<int>(Status::quarantined); ++i)
    for (int j = 0; j < i; ++j)
      EXPECT_STRNE(status_name(static_cast<Status>(i)), status_name(static_cast<Status>(j)));
  for (int i = 1; i <= static_cast<int>(GapReason::queue); ++i)
    for (int j = 0; j < i; ++j)
      EXPECT_STRNE(gap_reason_name(static_cast<GapReason>(i)),
                   gap_reason_name(static_cast<GapReason>(j)));
}

}  // namespace
}  // namespace virgo::metric
