// Code that is replaced while the agent runs: nothing is lost, nothing is late.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include <gtest/gtest.h>

#include "functional/starved.hpp"
#include "functional/wire.hpp"
#include "functional/world.hpp"

namespace virgo::functional {
namespace {

using std::chrono::milliseconds;

// An agent, and the endpoint that it reports to, which looks at every record that comes.
struct Reloaded : ::testing::Test {
  Wire wire;
  Endpoint files;  // certificates and token
  FakeEndpoint endpoint{wire, files};
  Agent agent;
  const std::string folder = agent.dir().path();
  double last_seq = 0;
  std::size_t records = 0;
  std::map<std::string, std::set<double>> runs;  // by check
  std::map<std::string, double> values;          // the last of "check metric"
  std::map<std::string, std::string> outcomes;   // the last status and message by check
  std::vector<std::string> gaps;                 // but for those of ticks that were late
  double late = 0;                               // such ticks
  std::function<void(const json::Value&)> on_report = [](const json::Value&) {};
  int hellos = 0;
  int asked = 0;
  std::vector<std::string> answers;

  Reloaded() {
    files.use_port(endpoint.port());
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
        if (text_of(*gap, "reason") == "late")
          late += number_of(*gap, "to") - number_of(*gap, "from") + 1;
        else
          gaps.push_back(json::to_json(*gap));
        for (double n = number_of(*gap, "from"); n <= number_of(*gap, "to"); ++n)
          EXPECT_TRUE(runs[text_of(*gap, "check")].insert(n).second) << "twice";
        continue;
      }
      const std::string check = text_of(record, "check");
      EXPECT_TRUE(runs[check].insert(number_of(record, "run")).second) << "twice";
      outcomes[check] = text_of(record, "status") + ": " + text_of(record, "message");
      for (const json::Value& sample : record.find("samples")->items)
        values[check + " " + text_of(sample, "n")] = number_of(sample, "v");
      on_report(record);
    }
  }
  // Each check ran at each of its ticks.
  void nothing_was_missed() {
    for (const auto& [check, numbers] : runs) {
      EXPECT_EQ(static_cast<double>(numbers.size()), *numbers.rbegin()) << check << " lost a tick";
      EXPECT_EQ(*numbers.begin(), 1) << check;
    }
    EXPECT_TRUE(gaps.empty()) << gaps.size() << ", the first " << gaps.front();
    EXPECT_LE(late, excused()) << "ticks were late";
  }
  // Ticks that the machine has made late, by keeping the process from running for most of
  // an interval; in the benchmark that is no excuse.
  double excused() {
    if (std::getenv("VIRGO_RELOADS") != nullptr) return 0;
    if (kSanitized) return HUGE_VAL;
    return std::floor(starved_ms(agent.process().pid()) / 50) * static_cast<double>(runs.size());
  }
  void look() { agent.process().signal(SIGHUP); }
};

struct ReloadedConversation : Reloaded {
  std::string shipped = read_file(source_dir() + "/lua-plugins/agent/conversation.lua");

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
    if (rename) {
      ASSERT_EQ(::rename((file + ".new").c_str(), file.c_str()), 0);
    }
  }
  void ask() { endpoint.talks().back()->send(request_line(++asked, "agent.info", "{}")); }
  std::string yaml() {
    return agent_yaml(files, "  - load\n  - uptime\n  - memory\n",
                      "conversation: " + folder + "\ndefaults: {interval: 100ms, splay: 0s}\n");
  }
};

TEST_F(ReloadedConversation, NothingIsLostAndNothingIsLate) {
  put_version("0", false);
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
  nothing_was_missed();
  EXPECT_EQ(runs.size(), 3u);
  EXPECT_EQ(agent.err().find("failed before it had completed"), std::string::npos) << agent.err();
}

TEST_F(ReloadedConversation, OneThatFailsIsTakenBack) {
  put_version("good", false);
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

struct ReloadedPlugin : Reloaded {
  const std::string plugins = folder + "/lua";

  ReloadedPlugin() { ::mkdir(plugins.c_str(), 0700); }
  void put(const std::string& name, const std::string& text, bool rename = true) {
    const std::string file = plugins + "/" + name;
    write_file(rename ? file + ".new" : file, text);
    if (rename) {
      ASSERT_EQ(::rename((file + ".new").c_str(), file.c_str()), 0);
    }
  }
  // Emits its version and how many runs there have been, whichever version they were of.
  static std::string counter(const std::string& type, int version, const std::string& more = "") {
    return "local check = virgo.check { name = '" + type + "', " + more +
           "metrics = { { name = 'version' }, { name = 'count' } } }\n"
           "function check:configure(handed) self.count = handed and handed.count or 0 end\n"
           "function check:handover() return { count = self.count } end\n"
           "function check:collect(run)\n"
           "  self.count = self.count + 1\n"
           "  run:emit('version', " +
           std::to_string(version) +
           ")\n"
           "  virgo.sleep(0.002) -- so that some runs are open while it changes\n"
           "  run:emit('count', self.count)\n"
           "end\n";
  }
  void start(const std::string& checks) {
    agent.start(agent_yaml(files, checks,
                           "plugins: {lua: [" + plugins + "]}\nstate: " + folder +
                               "\ndefaults: {interval: 100ms, splay: 100ms}\n"));
  }
  bool value_is(const std::string& check_and_metric, double value) {
    return wire.until([&] { return values[check_and_metric] == value; }, std::chrono::seconds(20));
  }
  std::size_t descriptors() {
    std::size_t n = 0;
    for (const auto& entry : std::filesystem::directory_iterator(
             "/proc/" + std::to_string(agent.process().pid()) + "/fd"))
      n += entry.path().empty() ? 0 : 1;
    return n;
  }
  double resident_kib() {
    std::ifstream statm("/proc/" + std::to_string(agent.process().pid()) + "/statm");
    double pages = 0;
    statm >> pages >> pages;
    return pages * 4;
  }
};

// VIRGO_RELOADS=1000 is `./dev bench reload`.
TEST_F(ReloadedPlugin, AgainAndAgainUnderLoad) {
  const char* wanted = std::getenv("VIRGO_RELOADS");
  const int times = wanted != nullptr ? std::atoi(wanted) : 60;
  const int warm = times / 5;
  put("counter.lua", counter("my.counter", 0));
  put("steady.lua", counter("my.steady", 7));
  std::string checks =
      "  - load\n  - {name: steady, type: my.steady}\n  - {name: slow, type: my.counter, interval: "
      "1s}\n";
  // Their phases differ, so that one of them soon shows the version that runs.
  for (int i = 0; i < 8; ++i)
    checks += "  - {name: fast" + std::to_string(i) + ", type: my.counter}\n";
  start(checks);
  ASSERT_TRUE(wire.until([&] { return runs.size() == 11; })) << agent.err();

  double newest = 0;
  std::map<std::string, double> counts;
  on_report = [&](const json::Value& record) {
    const std::string check = text_of(record, "check");
    if (text_of(record, "type") != "my.counter") return;
    EXPECT_EQ(text_of(record, "status"), "ok") << json::to_json(record);
    newest = std::max(newest, values[check + " version"]);
  };
  std::size_t fds = 0;
  double memory = 0;
  const auto begun = std::chrono::steady_clock::now();
  for (int version = 1; version <= times; ++version) {
    if (version % 20 == 10) {  // one that cannot be used changes nothing
      put("counter.lua", "local check = virgo.check {\n  name = = 'counter' }\n");
      look();
      ASSERT_TRUE(wire.says(agent.process(), "counter.lua:2:")) << agent.err();
    }
    put("counter.lua", counter("my.counter", version), version % 3 != 0);
    look();
    ASSERT_TRUE(wire.until([&] { return newest == version; })) << version << agent.err();
    if (version == warm) fds = descriptors(), memory = resident_kib();
  }
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  const double grown = resident_kib() - memory;
  std::printf("%d reloads of 9 checks in %.1f s; resident memory %+.0f KiB since the first %d\n",
              times, seconds, grown, warm);

  ASSERT_TRUE(value_is("slow version", times)) << agent.err();
  nothing_was_missed();
  // Some are open for a moment: a file that is read.
  EXPECT_TRUE(wire.until([&] { return descriptors() <= fds; })) << descriptors() << ", not " << fds;
  if (!kSanitized) {
    EXPECT_LT(grown, 2048) << "in " << times - warm << " reloads";
  }
  EXPECT_EQ(values["steady version"], 7);
  // What was handed over was handed over each time, but for runs that were open: they end
  // after it.
  EXPECT_GE(values["slow count"], static_cast<double>(runs["slow"].size()) * 0.8);
  EXPECT_GE(values["steady count"], *runs["steady"].rbegin() * 0.8);
  EXPECT_EQ(outcomes["fast0"], "ok: ");
}

TEST_F(ReloadedPlugin, FilesThatComeAndGo) {
  put("steady.lua", counter("my.steady", 7));
  put("broken.lua", "local check = virgo.check { name = 'late', nonsense\n");
  start("  - {name: steady, type: my.steady}\n  - {name: mine, type: virgo.late}\n  - load\n");
  ASSERT_TRUE(wire.until([&] { return outcomes["mine"].find("invalid") == 0; })) << agent.err();
  EXPECT_NE(outcomes["mine"].find("broken.lua:"), std::string::npos) << outcomes["mine"];

  // The type comes: the check that waits for it lives. The watch sees it by itself.
  put("late.lua", counter("virgo.late", 1));
  ASSERT_TRUE(value_is("mine version", 1)) << agent.err();
  // One that runs by itself, so often as it says.
  put("own.lua", counter("own", 1, "interval = '100ms', "));
  look();
  ASSERT_TRUE(wire.until([&] { return values["own count"] >= 5; })) << agent.err();
  // At other times from now on, and it goes on where it was.
  put("own.lua", counter("own", 2, "interval = '120ms', "));
  look();
  ASSERT_TRUE(value_is("own version", 2)) << agent.err();
  EXPECT_GE(values["own count"], 5);
  EXPECT_TRUE(agent.process().says("check 'own' runs by itself, every 120ms"));
  // And goes.
  ::unlink((plugins + "/own.lua").c_str());
  ::unlink((plugins + "/late.lua").c_str());
  look();
  ASSERT_TRUE(wire.says(agent.process(), "check 'own' does not run by itself any more"));
  ASSERT_TRUE(wire.until([&] {
    return outcomes["mine"] == "unsupported: the plugin file " + plugins + "/late.lua is gone";
  })) << outcomes["mine"];
  const double seen = *runs["own"].rbegin();
  // And comes again, and goes on counting its runs.
  put("own.lua", counter("own", 3, "interval = '100ms', "));
  put("late.lua", counter("virgo.late", 2));
  look();
  ASSERT_TRUE(value_is("own version", 3)) << agent.err();
  ASSERT_TRUE(value_is("mine version", 2)) << agent.err();
  EXPECT_GT(*runs["own"].rbegin(), seen);
  EXPECT_GE(values["own count"], 5) << "what it has handed over is given to it again";
  nothing_was_missed();
  EXPECT_EQ(hellos, 1);
}

TEST_F(ReloadedPlugin, WhatIsHandedOverSurvivesARestart) {
  put("counter.lua", counter("my.counter", 1));
  start("  - {name: a/b, type: my.counter}\n");
  ASSERT_TRUE(wire.until([&] { return values["a/b count"] >= 5; })) << agent.err();
  agent.process().signal(SIGTERM);
  ASSERT_TRUE(
      wire.until([&] { return !agent.process().running() && endpoint.talks().back()->over(); }));
  const double before = values["a/b count"];
  EXPECT_EQ(std::filesystem::status(folder + "/handover/test-agent/a%2fb.json").permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  double first = 0;
  on_report = [&](const json::Value&) {
    if (first == 0) first = values["a/b count"];
  };
  last_seq = 0;
  runs.clear();
  start("  - {name: a/b, type: my.counter}\n");
  ASSERT_TRUE(wire.until([&] { return first > 0; })) << agent.err();
  EXPECT_GE(first, before + 1);
}

}  // namespace
}  // namespace virgo::functional
