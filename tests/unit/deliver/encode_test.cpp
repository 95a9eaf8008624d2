#include "deliver/encode.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "json/value.hpp"

namespace virgo::deliver {
namespace {

using metric::AddResult;
using metric::Kind;
using metric::MetricInfo;
using metric::SampleBuffer;
using metric::Status;
using metric::Type;
using metric::Value;

const metric::CheckIdentity kCheck{"disk /", "virgo.filesystem", "native"};

metric::Report report_of(const SampleBuffer& samples) {
  metric::Report r;
  r.check = &kCheck;
  r.run = 88;
  r.started = 1'760'000'060'000'000'999;
  r.duration = Duration(143'999);
  r.lateness = Duration(310'000);
  r.samples = &samples;
  return r;
}

json::Value parsed(const std::string& members) {
  auto v = json::parse("{" + members + "}");
  EXPECT_TRUE(v.ok()) << members << ": " << (v.ok() ? "" : v.error().message);
  return v.ok() ? *v : json::Value{};
}

// The "v" of one sample.
std::string value_of(Type type, const Value& value) {
  const MetricInfo info{"m", "", "", Kind::gauge, type};
  SampleBuffer samples;
  EXPECT_EQ(samples.add(info, value, {}), AddResult::ok);
  const json::Value v = parsed(encode(report_of(samples)));
  return json::to_json(*v.find("samples")->items.at(0).find("v"));
}

TEST(EncodeReport, HasAStateOnlyWhenSomebodyJudged) {
  SampleBuffer samples;
  metric::Report report = report_of(samples);
  EXPECT_EQ(parsed(encode(report)).find("state"), nullptr);
  report.health = metric::Health::warn;
  json::Value v = parsed(encode(report));
  EXPECT_EQ(v.find("state")->text, "warn");
  EXPECT_EQ(v.find("state_reason"), nullptr);
  report.health_reason = "nearly \"full\"";
  v = parsed(encode(report));
  EXPECT_EQ(v.find("state_reason")->text, "nearly \"full\"");
}

TEST(EncodeReport, HasTheMembersOfTheProtocol) {
  const MetricInfo info{"system.cpu.time", "s", "help", Kind::counter, Type::f64};
  SampleBuffer samples;
  const metric::Label labels[] = {{"cpu.mode", "user"}, {"cpu", "0"}};
  samples.add(info, Value::of(812.31), labels, 1'760'000'060'123'456'789);
  EXPECT_EQ(encode(report_of(samples)),
            R"("check":"disk /","type":"virgo.filesystem","runtime":"native","run":88,)"
            R"("started_us":1760000060000000,"duration_us":143,"late_us":310,"status":"ok",)"
            R"("samples":[{"n":"system.cpu.time","k":"counter","t":"f64","v":812.31,"u":"s",)"
            R"("ts_us":1760000060123456,"l":{"cpu.mode":"user","cpu":"0"}}])");
}

TEST(EncodeReport, LeavesOutWhatIsEmpty) {
  const MetricInfo info{"m", "", "", Kind::gauge, Type::f64};
  SampleBuffer samples;
  samples.add(info, Value::of(1.0), {});
  const json::Value v = parsed(encode(report_of(samples)));
  EXPECT_EQ(v.find("message"), nullptr);
  const json::Value& sample = v.find("samples")->items.at(0);
  EXPECT_EQ(sample.keys, (std::vector<std::string>{"n", "k", "t", "v"}));
}

TEST(EncodeReport, WithoutSamples) {
  metric::Report r = report_of(SampleBuffer());
  r.samples = nullptr;
  r.status = Status::failed;
  r.explanation = "line 1\nsaid \"no\"";
  const json::Value v = parsed(encode(r));
  EXPECT_EQ(v.find("status")->text, "failed");
  EXPECT_EQ(v.find("message")->text, "line 1\nsaid \"no\"");
  EXPECT_TRUE(v.find("samples")->items.empty());
}

TEST(EncodeValue, IntegersAreExact) {
  constexpr std::int64_t k53 = std::int64_t{1} << 53;
  EXPECT_EQ(value_of(Type::i64, Value::of(std::int64_t{0})), "0");
  EXPECT_EQ(value_of(Type::i64, Value::of(k53)), "9007199254740992");
  EXPECT_EQ(value_of(Type::i64, Value::of(k53 + 1)), "\"9007199254740993\"");
  EXPECT_EQ(value_of(Type::i64, Value::of(-k53)), "-9007199254740992");
  EXPECT_EQ(value_of(Type::i64, Value::of(-k53 - 1)), "\"-9007199254740993\"");
  EXPECT_EQ(value_of(Type::i64, Value::of(std::int64_t{INT64_MIN})), "\"-9223372036854775808\"");
  EXPECT_EQ(value_of(Type::u64, Value::of(static_cast<std::uint64_t>(k53))), "9007199254740992");
  EXPECT_EQ(value_of(Type::u64, Value::of(static_cast<std::uint64_t>(k53) + 1)),
            "\"9007199254740993\"");
  EXPECT_EQ(value_of(Type::u64, Value::of(std::uint64_t{UINT64_MAX})), "\"18446744073709551615\"");
}

TEST(EncodeValue, Doubles) {
  EXPECT_EQ(value_of(Type::f64, Value::of(0.1)), "0.1");
  EXPECT_EQ(value_of(Type::f64, Value::of(-0.0)), "-0");
  EXPECT_EQ(value_of(Type::f64, Value::of(std::nan(""))), "\"NaN\"");
  EXPECT_EQ(value_of(Type::f64, Value::of(HUGE_VAL)), "\"Infinity\"");
  EXPECT_EQ(value_of(Type::f64, Value::of(-HUGE_VAL)), "\"-Infinity\"");
  for (const double d : {1.7976931348623157e308, 5e-324, 1e21, 123456789.125}) {
    const auto back = json::parse(value_of(Type::f64, Value::of(d)));
    EXPECT_EQ(back.value().number, d);
  }
}

TEST(EncodeValue, Texts) {
  EXPECT_EQ(value_of(Type::text, Value::of(std::string_view("up"))), "\"up\"");
  EXPECT_EQ(value_of(Type::text, Value::of(std::string_view("a\"\\\n\x01\0b", 7))),
            R"("a\"\\\n\u0001\u0000b")");
  EXPECT_EQ(value_of(Type::text, Value::of(std::string_view("\xff"))), "\"\xef\xbf\xbd\"");
  EXPECT_EQ(value_of(Type::text, Value::of(std::string_view("\xc3\xbc"))), "\"\xc3\xbc\"");
}

TEST(EncodeReport, BeyondTheLimitItsSamplesAreLeftOut) {
  const MetricInfo info{"m", "", "", Kind::state, Type::text};
  const std::string text(1000, 'x');
  SampleBuffer samples({.samples = 100'000, .text = 1000, .arena = 8u << 20});
  const auto add = [&] { samples.add(info, Value::of(std::string_view(text)), {}); };
  while (samples.size() < kMaxRecord / 1100) add();
  // As many as just fit.
  std::size_t last = 0;
  for (;;) {
    add();
    const std::string encoded = encode(report_of(samples));
    ASSERT_LE(encoded.size(), kMaxRecord);
    if (encoded.size() > last) {
      last = encoded.size();
      continue;
    }
    const json::Value v = parsed(encoded);
    EXPECT_EQ(v.find("status")->text, "limit");
    EXPECT_TRUE(v.find("samples")->items.empty());
    EXPECT_EQ(v.find("run")->i64, 88);
    EXPECT_NE(v.find("message")->text.find("the report of " + std::to_string(samples.size()) +
                                           " samples takes "),
              std::string::npos)
        << v.find("message")->text;
    break;
  }
  EXPECT_GT(last + 1100, kMaxRecord) << "left out although there was room";
}

TEST(EncodeGap, HasTheMembersOfTheProtocol) {
  const metric::Gap gap{&kCheck, 86, 87, metric::GapReason::overlap, 1'760'000'061'000'000'999};
  EXPECT_EQ(encode(gap), R"("gap":{"check":"disk /","from":86,"to":87,"reason":"overlap",)"
                         R"("noticed_us":1760000061000000})");
}

}  // namespace
}  // namespace virgo::deliver
