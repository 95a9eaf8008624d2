// Code that is replaced while the agent runs: nothing is lost, nothing is late.
#include <signal.h>

#include <fstream>
#include <set>

#include <gtest/gtest.h>

#include "functional/wire.hpp"
#include "functional/world.hpp"

namespace virgo::functional {
namespace {

using std::chrono::milliseconds;

// Every record that came in batches, once each; what was answered to requests.
struct ReloadedConversation : ::testing::Test {
  Wire wire;
  Endpoint files;  // certificates and token
  FakeEndpoint endpoint{wire, files};
  Agent agent;
  const std::string folder = agent.dir().path();
  std::string shipped = read_file(source_dir() + "/lua-plugins/agent/conversation.lua");
  double last_seq = 0;
  std::size_t records = 0;
  std::map<std::string, std::set<double>> runs;  // by check
  std::vector<std::string> gaps;
  int hellos = 0;
  int asked = 0;
  std::vector<std::string> answers;

  ReloadedConversation() {
    endpoint.message = [this](Talk& talk, const json::Value& m) {
      const std::string method = text_of(m, "method");
      if (method.empty()) {
        const json::Value* result = m.find("result");
        answers.push_back(result == nullptr ? json::to_json(m) : text_of(*result, "bundle"));
        return;
      }
      hellos += method == "handshake.hello" ? 1 : 0;
      if (method == "batch.post") take(*m.find("params")->find("reports"));
      FakeEndpoint::answer(talk, m);
    };
  }
  void take(const json::Value& batch) {
    for (const json::Value& record : batch.items) {
      const double seq = number_of(record, "seq");
      EXPECT_EQ(seq, last_seq + 1) << "out of sequence: " << json::to_json(record);
      last_seq = seq;
      ++records;
      if (const json::Value* gap = record.find("gap")) {
        gaps.push_back(json::to_json(*gap));
      } else {
        const std::string check = text_of(record, "check");
        EXPECT_TRUE(runs[check].insert(number_of(record, "run")).second) << "twice";
      }
    }
  }
  // Puts a version of the conversation in place that says so.
  void put_version(const std::string& version, bool rename) {
    std::string text = shipped;
    const std::string mark = "agent_id = agent.id,\n    version";
    const std::size_t at = text.find(mark);
    ASSERT_NE(at, std::string::npos);
    text.insert(at, "bundle = '" + version + "', ");
    put(text, rename);
  }
  void put(const std::string& text, bool rename) {
    const std::string file = folder + "/conversation.lua";
    write_file(rename ? file + ".new" : file, text);
    if (rename) ASSERT_EQ(::rename((file + ".new").c_str(), file.c_str()), 0);
  }
  void ask() { endpoint.talks().back()->send(request_line(++asked, "agent.info", "{}")); }
  std::string yaml() {
    return agent_yaml(files, "  - load\n  - uptime\n  - memory\n",
                      "conversation: " + folder + "\ndefaults: {interval: 100ms, splay: 0s}\n");
  }
};

TEST_F(ReloadedConversation, NothingIsLostAndNothingIsLate) {
  put_version("0", false);
  files.use_port(endpoint.port());
  agent.start(yaml());
  ASSERT_TRUE(wire.until([&] { return records > 10; })) << agent.err();

  // The endpoint goes on asking.
  uv::Timer asking(wire.loop(), [this] { ask(); });
  asking.start(milliseconds(1), milliseconds(7));
  const int kVersions = 25;
  for (int version = 1; version <= kVersions; ++version) {
    const std::string name = std::to_string(version);
    if (version % 5 == 0) {  // a broken one between changes nothing
      put("local c = {}\nfunction c.opened(\n", false);
      agent.process().signal(SIGHUP);
      ASSERT_TRUE(wire.says(agent.process(), "conversation.lua:3:")) << agent.err();
    }
    put_version(name, version % 2 == 0);
    // The watch sees it by itself, but takes its time until it is sure.
    if (version % 8 != 0) agent.process().signal(SIGHUP);
    ASSERT_TRUE(wire.until([&] { return !answers.empty() && answers.back() == name; }))
        << name << "\n"
        << agent.err();
  }
  asking.stop();
  const std::size_t before = records;
  ASSERT_TRUE(wire.until([&] {
    return answers.size() == static_cast<std::size_t>(asked) && records > before + 10;
  })) << answers.size()
      << " of " << asked << " answers";

  EXPECT_EQ(endpoint.talks().size(), 1u) << "the connection is the same";
  EXPECT_FALSE(endpoint.talks()[0]->over());
  EXPECT_EQ(hellos, 1);
  for (const std::string& answer : answers) EXPECT_LE(answer.size(), 2u) << answer;
  for (const auto& [check, numbers] : runs) {
    EXPECT_EQ(static_cast<double>(numbers.size()), *numbers.rbegin()) << check << " lost a tick";
    EXPECT_EQ(*numbers.begin(), 1) << check;
  }
  EXPECT_EQ(runs.size(), 3u);
  EXPECT_TRUE(gaps.empty()) << gaps.front();
  EXPECT_EQ(agent.err().find("failed before it had completed"), std::string::npos) << agent.err();
}

TEST_F(ReloadedConversation, OneThatFailsIsTakenBack) {
  put_version("good", false);
  files.use_port(endpoint.port());
  agent.start(yaml());
  ASSERT_TRUE(wire.until([&] { return records > 3; })) << agent.err();
  std::string bad = shipped;
  bad.insert(bad.find("  heartbeat_interval = handed"), "  error('lost my words')\n");
  put(bad, true);
  ASSERT_TRUE(wire.says(agent.process(), "lost my words; the old one goes on")) << agent.err();
  const std::size_t before = records;
  ASSERT_TRUE(wire.until([&] { return records > before + 6; })) << agent.err();
  ask();
  ASSERT_TRUE(wire.until([&] { return answers.size() == 1; }));
  EXPECT_EQ(answers[0], "good");
  EXPECT_EQ(endpoint.talks().size(), 1u);
}

}  // namespace
}  // namespace virgo::functional
