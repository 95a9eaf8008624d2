#include "agent/self_check.hpp"

#include <gmock/gmock.h>

#include <map>

namespace virgo::agent {
namespace {

class OneRun final : public check::Run {
 public:
  std::uint64_t number() const override { return 1; }
  TimePoint deadline() const override { return {}; }
  WallTime started() const override { return 1; }
  metric::SampleBuffer& samples() override { return buffer; }
  void explain(std::string_view) override {}
  void finish(metric::Status s) override { status = s; }

  // "name{key=value}" -> value.
  std::map<std::string, double> values() const {
    std::map<std::string, double> out;
    for (std::size_t i = 0; i < buffer.size(); ++i) {
      std::string key = buffer.metric(i).name;
      for (std::size_t n = 0; n < buffer.label_count(i); ++n)
        key += "{" + std::string(buffer.label(i, n).key) + "=" +
               std::string(buffer.label(i, n).value) + "}";
      const metric::Value v = buffer.value(i);
      EXPECT_TRUE(
          out.emplace(key, v.type == metric::Type::f64 ? v.f64 : static_cast<double>(v.u64)).second)
          << key;
    }
    return out;
  }

  metric::SampleBuffer buffer;
  metric::Status status = metric::Status::failed;
};

std::map<std::string, double> run_of(SelfCheckType& type, const std::string& naming) {
  config::CheckSpec spec;
  spec.naming = naming;
  config::Problems problems;
  const auto check = type.create(spec, problems);
  EXPECT_NE(check, nullptr);
  OneRun run;
  check->start(run);
  EXPECT_EQ(run.status, metric::Status::ok);
  return run.values();
}

TEST(SelfCheck, TheProcess) {
  SelfCheckType type;
  const auto v = run_of(type, "otel");
  EXPECT_GT(v.at("process.cpu.time{cpu.mode=user}") + v.at("process.cpu.time{cpu.mode=system}"), 0);
  EXPECT_GT(v.at("process.memory.usage"), 1e5);
  EXPECT_GT(v.at("process.memory.virtual"), v.at("process.memory.usage"));
  EXPECT_GE(v.at("process.thread.count"), 1);
  EXPECT_GE(v.at("process.unix.file_descriptor.count"), 3);
  EXPECT_GT(v.at("virgo.agent.file_descriptor.limit"), v.at("process.unix.file_descriptor.count"));
  EXPECT_GT(v.at("process.uptime"), 0);
  EXPECT_LT(v.at("process.uptime"), 3600);
  EXPECT_EQ(v.count("virgo.agent.runs"), 0u) << "nobody told";
}

TEST(SelfCheck, WhatTheAgentKnows) {
  SelfCheckType type;
  type.set_source([] {
    SelfFigures f;
    f.checks = 5;
    f.quarantined = 1;
    f.runs = std::uint64_t{1} << 60u;
    f.skipped = 7;
    f.suspended = {{"redis", "lua_memory"}, {"web", "lua_cpu"}};
    f.timeouts = 3;
    f.queue = {.records = 12, .bytes = 3456, .dropped = 2};
    f.workers = {.threads = 4, .busy = 1, .queued = 0, .written_off = 2};
    f.connected = true;
    return f;
  });
  const auto v = run_of(type, "otel");
  EXPECT_EQ(v.at("virgo.agent.checks{virgo.check.state=running}"), 4);
  EXPECT_EQ(v.at("virgo.agent.checks.suspended"), 2);
  EXPECT_EQ(v.at("virgo.agent.check.suspension{virgo.check.name=redis}{virgo.limit=lua_memory}"),
            1);
  EXPECT_EQ(v.at("virgo.agent.check.suspension{virgo.check.name=web}{virgo.limit=lua_cpu}"), 1);
  EXPECT_EQ(v.at("virgo.agent.checks{virgo.check.state=quarantined}"), 1);
  EXPECT_EQ(v.at("virgo.agent.runs"), 0x1p60);
  EXPECT_EQ(v.at("virgo.agent.skipped"), 7);
  EXPECT_EQ(v.at("virgo.agent.timeouts"), 3);
  EXPECT_EQ(v.at("virgo.agent.queue.records"), 12);
  EXPECT_EQ(v.at("virgo.agent.queue.size"), 3456);
  EXPECT_EQ(v.at("virgo.agent.queue.dropped"), 2);
  EXPECT_EQ(v.at("virgo.agent.connected"), 1);
  EXPECT_EQ(v.at("virgo.agent.workers{virgo.worker.state=idle}"), 3);
  EXPECT_EQ(v.at("virgo.agent.workers{virgo.worker.state=busy}"), 1);
  EXPECT_EQ(v.at("virgo.agent.workers{virgo.worker.state=stuck}"), 2);
}

TEST(SelfCheck, PrometheusNames) {
  SelfCheckType type;
  type.set_source([] { return SelfFigures{}; });
  const auto v = run_of(type, "prometheus");
  EXPECT_GT(v.at("process_cpu_seconds_total"), 0);
  EXPECT_GT(v.at("process_start_time_seconds"), 1.6e9);
  EXPECT_EQ(v.at("virgo_agent_checks{state=running}"), 0);
  for (const auto& [name, value] : v) EXPECT_EQ(name.find('.'), std::string::npos) << name;
}

TEST(SelfCheck, ANamingThatIsNone) {
  SelfCheckType type;
  config::CheckSpec spec;
  spec.params.kind = config::NodeKind::map;
  spec.params.keys = {"naming"};
  spec.params.items.resize(1);
  spec.params.items[0].kind = config::NodeKind::scalar;
  spec.params.items[0].text = "statsd";
  config::Problems problems;
  EXPECT_EQ(type.create(spec, problems), nullptr);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].text, "must be otel or prometheus");
}

}  // namespace
}  // namespace virgo::agent
