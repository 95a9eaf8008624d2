// The life of agent and endpoint: start, reconnect, stop.
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include <gtest/gtest.h>

#include "functional/world.hpp"

namespace virgo::functional {
namespace {

constexpr const char* kFive = R"(  - cpu
  - memory
  - filesystem
  - uptime
  - name: tcp
    params: {host: 127.0.0.1, port: %PORT%}
)";

std::string five_checks(const Endpoint& endpoint) {
  std::string text = kFive;
  text.replace(text.find("%PORT%"), 6, std::to_string(endpoint.port()));
  return text;
}

struct Pair : ::testing::Test {
  Endpoint endpoint;
  Agent agent;

  bool received(const std::string& check, std::size_t times) {
    return eventually([&] { return reports_of(endpoint.records(), check).size() >= times; });
  }
};

// Each tick of a check is in exactly one report or gap, from the first to the last.
void every_tick_is_there(const std::vector<json::Value>& records, const std::string& check) {
  std::set<double> runs;
  for (const json::Value* r : reports_of(records, check))
    EXPECT_TRUE(runs.insert(number_of(*r, "run")).second) << "twice: " << json::to_json(*r);
  for (const json::Value* gap : gaps_of(records, check))
    for (double n = number_of(*gap, "from"); n <= number_of(*gap, "to"); ++n)
      EXPECT_TRUE(runs.insert(n).second) << "twice: " << json::to_json(*gap);
  ASSERT_FALSE(runs.empty()) << check;
  EXPECT_EQ(static_cast<double>(runs.size()), *runs.rbegin()) << check << ": a tick is missing";
}

TEST_F(Pair, OneWordGivesAllChecksOtherNames) {
  endpoint.start();
  agent.start(agent_yaml(endpoint,
                         "  - memory\n  - agent\n"
                         "  - {name: own, type: load, params: {naming: otel}}\n",
                         "naming: prometheus\ndefaults: {interval: 200ms}\n"));
  for (const char* check : {"memory", "agent", "own"})
    EXPECT_TRUE(received(check, 1)) << check << "\n" << agent.err();
  const auto records = endpoint.records();
  const auto first = [&](const char* check) {
    return text_of(reports_of(records, check)[0]->find("samples")->items.at(0), "n");
  };
  EXPECT_EQ(first("memory"), "node_memory_MemTotal_bytes");
  EXPECT_EQ(first("agent"), "process_cpu_seconds_total");
  EXPECT_EQ(first("own"), "system.cpu.load_average.1m") << "a check may differ";
}

TEST_F(Pair, FiveChecksOfBothKindsArrive) {
  endpoint.start();
  agent.start(agent_yaml(endpoint, five_checks(endpoint), "defaults: {interval: 200ms}\n"));
  for (const char* check : {"cpu", "memory", "filesystem", "uptime", "tcp"})
    EXPECT_TRUE(received(check, 3)) << check << "\n" << agent.err();
  const auto records = endpoint.records();
  for (const char* check : {"cpu", "memory", "filesystem", "uptime"})
    EXPECT_EQ(text_of(*reports_of(records, check)[0], "runtime"), "native");
  EXPECT_EQ(text_of(*reports_of(records, "tcp")[0], "runtime"), "lua");
  for (const auto& record : records) {
    if (record.find("gap") != nullptr) continue;
    EXPECT_EQ(text_of(record, "status"), "ok") << json::to_json(record);
    EXPECT_FALSE(record.find("samples")->items.empty()) << json::to_json(record);
  }
  agent.process().signal(SIGTERM);
  EXPECT_EQ(agent.process().wait(), 0) << agent.err();
  endpoint.process().signal(SIGTERM);
  EXPECT_EQ(endpoint.process().wait(), 0) << endpoint.process().err();
}

// Every tick of every check is in exactly one record, over restarts of the
// endpoint by SIGKILL at any moment.
TEST_F(Pair, NothingIsLostOrDoubledWhenTheEndpointIsKilled) {
  endpoint.start();
  agent.start(agent_yaml(endpoint, "  - uptime\n  - cpu\n", "defaults: {interval: 100ms}\n"));
  for (int round = 0; round < 3; ++round) {
    const std::size_t before = reports_of(endpoint.records(), "uptime").size();
    EXPECT_TRUE(received("uptime", before + 5)) << agent.err();
    endpoint.kill();
    endpoint.start();
  }
  const std::size_t before = reports_of(endpoint.records(), "uptime").size();
  EXPECT_TRUE(received("uptime", before + 5)) << agent.err();
  agent.process().signal(SIGTERM);
  EXPECT_EQ(agent.process().wait(), 0);

  for (const char* check : {"uptime", "cpu"}) {
    every_tick_is_there(endpoint.records(), check);
  }
}

TEST_F(Pair, ARestartedAgentBeginsANewEpoch) {
  endpoint.start();
  const std::string yaml = agent_yaml(endpoint, "  - uptime\n", "defaults: {interval: 100ms}\n");
  agent.start(yaml);
  EXPECT_TRUE(received("uptime", 2));
  agent.process().signal(SIGKILL);
  agent.process().wait();
  const std::size_t before = endpoint.records().size();
  agent.start(yaml);
  EXPECT_TRUE(received("uptime", before + 2));
  const auto records = endpoint.records();
  EXPECT_GT(number_of(records.back(), "epoch"), number_of(records.front(), "epoch"));
  EXPECT_EQ(number_of(records[before], "seq"), 1);
}

TEST_F(Pair, TheAgentWaitsForAnEndpointThatIsNotThereYet) {
  endpoint.start();
  const std::string yaml = agent_yaml(endpoint, "  - uptime\n", "defaults: {interval: 100ms}\n");
  endpoint.kill();
  agent.start(yaml);
  EXPECT_TRUE(agent.process().says("connection refused; next try in"));
  endpoint.start();
  EXPECT_TRUE(received("uptime", 2)) << agent.err();
  // What was measured before the endpoint came is not lost.
  EXPECT_EQ(number_of(endpoint.records()[0], "run"), 1);
}

// Milliseconds of each "next try in 123ms" in a log.
std::vector<long> delays(const std::string& log) {
  static constexpr std::string_view kBefore = "next try in ";
  std::vector<long> out;
  for (std::size_t at = log.find(kBefore); at != std::string::npos; at = log.find(kBefore, at)) {
    at += kBefore.size();
    char* unit = nullptr;
    out.push_back(std::strtol(log.c_str() + at, &unit, 10));
    EXPECT_TRUE(std::string_view(unit).starts_with("ms") || out.back() == 0) << unit;
  }
  return out;
}

// Each delay is drawn from 0 to a bound that doubles from 100 ms to 500 ms, and
// starts anew when the endpoint has accepted the agent.
TEST_F(Pair, TheAgentReconnectsWithinItsBackOff) {
  endpoint.start();
  const std::string yaml = agent_yaml(endpoint, "  - uptime\n");
  endpoint.kill();
  agent.start(yaml);
  EXPECT_TRUE(eventually([&] { return delays(agent.err()).size() >= 8; })) << agent.err();
  const auto first = delays(agent.err());
  for (std::size_t i = 0; i < first.size(); ++i)
    EXPECT_LE(first[i], i < 3 ? 100L << i : 500L) << "try " << i;
  EXPECT_GT(*std::max_element(first.begin(), first.end()), 0);
  endpoint.start();
  EXPECT_TRUE(agent.process().says("the endpoint accepted us"));
  const std::size_t before = delays(agent.err()).size();
  endpoint.kill();
  EXPECT_TRUE(eventually([&] { return delays(agent.err()).size() > before; }));
  EXPECT_LE(delays(agent.err())[before], 100);
}

// Reports that found no room are gone, but not unnoticed.
TEST_F(Pair, WhatAFullQueueDropsLeavesGaps) {
  endpoint.start();
  const std::string yaml =
      agent_yaml(endpoint,
                 "  - {name: big, type: test.samples, params: {count: 100}}\n"
                 "  - {name: small, type: test.samples, params: {count: 1}}\n",
                 "limits: {queue: 64KiB}\ndefaults: {interval: 100ms}\nplugins: {native: [" +
                     test_plugins() + "]}\n");
  endpoint.kill();
  agent.start(yaml);
  EXPECT_TRUE(agent.process().says("the queue is full (64KiB of reports wait, limits.queue)"));
  // Some more are dropped, until the first of the small ones is certain to be.
  const std::size_t before = delays(agent.err()).size();
  EXPECT_TRUE(eventually([&] { return delays(agent.err()).size() >= before + 8; }));
  endpoint.start();
  EXPECT_TRUE(received("big", 5)) << agent.err();
  agent.process().signal(SIGTERM);
  EXPECT_EQ(agent.process().wait(), 0);
  const auto records = endpoint.records();
  for (const char* check : {"big", "small"}) {
    EXPECT_FALSE(gaps_of(records, check).empty()) << check;
    for (const json::Value* gap : gaps_of(records, check))
      EXPECT_EQ(text_of(*gap, "reason"), "queue") << json::to_json(*gap);
    every_tick_is_there(records, check);
  }
}

TEST_F(Pair, WithoutAnEndpointTheAgentStillStopsCleanly) {
  endpoint.start();
  const std::string yaml = agent_yaml(endpoint, "  - uptime\n", "defaults: {interval: 100ms}\n");
  endpoint.kill();
  agent.start(yaml);
  EXPECT_TRUE(agent.process().says("next try in"));
  agent.process().signal(SIGINT);
  EXPECT_EQ(agent.process().wait(), 0) << agent.err();
  EXPECT_TRUE(agent.process().says("stopped"));
}

TEST(Demo, ShowsEveryCheckAndExitsZero) {
  TempDir dir;
  Process demo({virgo_binary(), "demo", "--for", "5s"}, dir.file("demo"));
  EXPECT_EQ(demo.wait(), 0) << demo.err();
  for (const char* metric : {"system.cpu.time", "system.memory.usage", "system.filesystem.usage",
                             "system.uptime", "virgo.tcp.connect.duration"})
    EXPECT_NE(demo.out().find(metric), std::string::npos) << metric << "\n" << demo.out();
}

}  // namespace
}  // namespace virgo::functional
