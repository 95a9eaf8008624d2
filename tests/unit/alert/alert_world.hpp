// What the tests of alert/ stand on: a clock moved by hand, reports made of a line, and a
// sink that remembers what came out.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "alert/judge.hpp"
#include "unit/log_capture.hpp"

namespace virgo::alert::testing {

using namespace std::chrono_literals;
using metric::Health;
using metric::Status;
using metric::Value;

inline config::Node scalar(const std::string& text, bool quoted = false) {
  config::Node node;
  node.kind = config::NodeKind::scalar;
  node.text = text;
  node.quoted = quoted;
  return node;
}

// A rule about metric "m", to be completed by the test.
inline config::AlertRule rule() {
  config::AlertRule out;
  out.metric = "m";
  out.severity = "critical";
  return out;
}
inline config::AlertRule above(const std::string& threshold) {
  config::AlertRule out = rule();
  out.above = scalar(threshold);
  return out;
}
inline config::AlertRule status_rule(std::vector<std::string> statuses) {
  config::AlertRule out = rule();
  out.metric = "";
  out.status = std::move(statuses);
  return out;
}

struct Sink final : metric::ReportSink {
  void report(const metric::Report& r) override {
    health = r.health;
    reason = std::string(r.health_reason);
    ++reports;
  }
  void gap(const metric::Gap&) override { ++gaps; }
  Health health = Health::none;
  std::string reason;
  int reports = 0;
  int gaps = 0;
};

struct Sample {
  std::string metric;
  Value value;
  std::vector<std::pair<std::string, std::string>> labels = {};
};
inline Sample m(double value) {
  return {"m", Value::of(value)};
}
inline Sample m(double value, std::string label) {
  return {"m", Value::of(value), {{"disk", std::move(label)}}};
}

class JudgeTest : public ::testing::Test {
 protected:
  void rules(const std::vector<config::AlertRule>& list) { judge.set_rules("check", list); }

  // A run with these samples; what came out of it.
  Health run(const std::vector<Sample>& samples, Status status = Status::ok,
             Health own = Health::none, std::string_view own_reason = "") {
    metric::SampleBuffer buffer;
    std::deque<metric::MetricInfo> infos;
    for (const Sample& s : samples) {
      infos.push_back({s.metric, "", "", metric::Kind::gauge, s.value.type});
      std::vector<metric::Label> labels;
      for (const auto& [key, value] : s.labels) labels.push_back({key, value});
      EXPECT_EQ(buffer.add(infos.back(), s.value, labels), metric::AddResult::ok);
    }
    metric::Report report;
    report.check = &identity;
    report.run = ++runs;
    report.started = clock.wall();
    report.status = status;
    report.samples = &buffer;
    report.duration = duration;
    report.lateness = lateness;
    report.health = own;
    report.health_reason = own_reason;
    judge.report(report);
    return sink.health;
  }
  // The same, a second after the last.
  Health later(const std::vector<Sample>& samples, Duration after = 1s) {
    clock.advance(after);
    return run(samples);
  }

  FakeClock clock;
  Sink sink;
  Judge judge{clock, sink};
  metric::CheckIdentity identity{"check", "test.type", "native"};
  std::uint64_t runs = 0;
  Duration duration{};
  Duration lateness{};
};

}  // namespace virgo::alert::testing
