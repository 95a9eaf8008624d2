// What tests of the endpoint stand on: one that runs, and the ways to speak to it.
#pragma once

#include <signal.h>

#include <gtest/gtest.h>

#include "base/format.hpp"
#include "functional/wire.hpp"

namespace virgo::functional {

struct BadAgent : ::testing::Test {
  Endpoint endpoint;
  Wire wire;
  Agent agent;

  void SetUp() override { endpoint.start(); }

  bool says(const std::string& text) { return wire.says(endpoint.process(), text); }
  std::unique_ptr<Talk> call() { return functional::call(wire, endpoint); }
  // A connection that is past its hello.
  std::unique_ptr<Talk> greet(const std::string& name) {
    auto talk = call();
    const auto reply = ask(wire, *talk, 0, "handshake.hello", hello_params(name, endpoint.token()));
    EXPECT_TRUE(reply && reply->find("result") != nullptr) << endpoint.process().err();
    return talk;
  }
  void ends(Talk& talk) {
    EXPECT_TRUE(wire.until([&] { return talk.over(); })) << endpoint.process().err();
  }
  // What a hello is answered with.
  int hello_code(const std::string& params) {
    auto talk = call();
    const auto reply = ask(wire, *talk, 0, "handshake.hello", params);
    ends(*talk);
    const json::Value* error = reply ? reply->find("error") : nullptr;
    return error == nullptr ? 0 : static_cast<int>(number_of(*error, "code"));
  }

  // A good agent reports as if nothing had been; the endpoint stops as asked.
  void goes_on() {
    agent.start(agent_yaml(endpoint, "  - uptime\n", "defaults: {interval: 200ms}\n"));
    EXPECT_TRUE(wire.until([&] { return reports_of(endpoint.records(), "uptime").size() >= 2; }))
        << agent.err() << endpoint.process().err();
    if (!kSanitized) {
      EXPECT_LT(endpoint.process().peak_mib(), 60);
    }
    agent.process().signal(SIGTERM);
    EXPECT_EQ(agent.process().wait(), 0) << agent.err();
    endpoint.process().signal(SIGTERM);
    EXPECT_EQ(endpoint.process().wait(), 0) << endpoint.process().err();
  }
};

inline std::string batch(double epoch, const std::vector<int>& seqs) {
  std::string reports;
  for (const int seq : seqs)
    reports += format(
        R"({}{{"seq":{},"check":"c","type":"t","runtime":"native","run":{},"status":"ok","samples":[]}})",
        reports.empty() ? "" : ",", seq, seq);
  return format(R"({{"agent":"x","epoch":{:.0f},"first":1,"reports":[{}]}})", epoch, reports);
}

inline std::vector<int> seqs(const std::vector<json::Value>& records) {
  std::vector<int> out;
  for (const json::Value& r : records) out.push_back(static_cast<int>(number_of(r, "seq")));
  return out;
}

inline int error_code(const std::optional<json::Value>& reply) {
  if (!reply || reply->find("error") == nullptr) return 0;
  return static_cast<int>(number_of(*reply->find("error"), "code"));
}

inline double acked(const std::optional<json::Value>& reply) {
  if (!reply || reply->find("result") == nullptr) return -1;
  return number_of(*reply->find("result"), "acked");
}

}  // namespace virgo::functional
