// Alert rules through the real agent and endpoint, and `virgo ctl`.
#include <signal.h>
#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "functional/world.hpp"

namespace virgo::functional {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

struct Alerts : ::testing::Test {
  Endpoint endpoint{{"--show"}};
  Agent agent;
  TempDir folder;

  // What a backup job leaves behind.
  void backup(const std::string& duration, bool files = true) {
    write_file(folder.file("new"), "backup_duration_seconds{set=\"home\"} " + duration + "\n" +
                                       (files ? "backup_files 12\n" : ""));
    ASSERT_EQ(rename(folder.file("new").c_str(), folder.file("backup.prom").c_str()), 0);
  }
  // Waits for a report in this state; its reason.
  std::string reason_of(const std::string& state) {
    std::string reason;
    const bool found = eventually([&] {
      const auto records = endpoint.records();
      const auto reports = reports_of(records, "backup");
      if (reports.empty() || reports.back()->find("state") == nullptr) return false;
      reason = reports.back()->find("state_reason") == nullptr
                   ? ""
                   : text_of(*reports.back(), "state_reason");
      return text_of(*reports.back(), "state") == state;
    });
    EXPECT_TRUE(found) << state << " did not come, but: " << reason << "\n" << agent.err();
    return reason;
  }
};

TEST_F(Alerts, FollowAMetricThroughThresholdHysteresisAndAbsence) {
  backup("1");
  endpoint.start();
  agent.start(agent_yaml(
      endpoint,
      "  - name: backup\n    type: textfile\n    params: {directory: " + folder.path() +
          "}\n    alert:\n"
          "      - {metric: backup_duration_seconds, labels: {set: home}, above: 10, clear: 5,\n"
          "         severity: warn, text: slow}\n"
          "      - {metric: backup_files, absent: true}\n  - uptime\n",
      "defaults: {interval: 100ms}\n"));
  EXPECT_EQ(reason_of("ok"), "");
  backup("20");
  EXPECT_EQ(reason_of("warn"), "slow: backup_duration_seconds of set=home is 20, above 10");
  backup("7");
  EXPECT_TRUE(eventually([&] {
    return reason_of("warn") ==
           "slow: backup_duration_seconds of set=home is 7, was above 10 and is not back at 5";
  }));
  backup("7", false);
  EXPECT_EQ(reason_of("critical"), "backup_files is absent (and 1 more)");
  backup("5");
  EXPECT_EQ(reason_of("ok"), "");

  const auto records = endpoint.records();
  ASSERT_FALSE(reports_of(records, "uptime").empty());
  EXPECT_EQ(reports_of(records, "uptime")[0]->find("state"), nullptr) << "nobody judges it";
  EXPECT_THAT(agent.err(), HasSubstr("alert: check 'backup' is warn, was ok: slow: "));
  agent.process().signal(SIGTERM);
  EXPECT_EQ(agent.process().wait(), 0);
  EXPECT_THAT(endpoint.process().out(), HasSubstr("critical: backup_files is absent"));
}

TEST_F(Alerts, AWrongRuleIsRefusedWithItsPlace) {
  endpoint.start();
  agent.start(agent_yaml(endpoint,
                         "  - {name: web, type: tcp, params: {host: ::1, port: 1},\n"
                         "     alert: [{metric: virgo.tcp.connect.durations, above: 1}]}\n"));
  EXPECT_EQ(agent.process().wait(), 2);
  EXPECT_THAT(agent.err(), HasSubstr("agent.yaml:13:23: checks[0].alert[0].metric: 'virgo.tcp' has "
                                     "no metric 'virgo.tcp.connect.durations', did you mean "
                                     "'virgo.tcp.connect.duration'?"));
}

struct Ctl : ::testing::Test {
  Endpoint endpoint;
  Agent agent;
  TempDir folder;
  const std::string socket = folder.file("control.sock");

  std::string yaml(const std::string& checks = "  - uptime\n") {
    return agent_yaml(endpoint, checks,
                      "control: " + socket + "\nplugins: {native: [" + test_plugins() + ", " +
                          shipped() + "]}\ndefaults: {interval: 100ms, splay: 0s}\n");
  }
  static std::string shipped() {
    const std::string bin = virgo_binary().substr(0, virgo_binary().rfind('/'));
    return bin.substr(0, bin.rfind('/')) + "/lib/virgo/plugins";
  }
  struct Said {
    int code;
    std::string out;
    std::string err;
  };
  int asked = 0;
  Said ctl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {virgo_binary(), "ctl"});
    Process process(arguments, folder.file("ctl" + std::to_string(++asked)));
    const int code = process.wait();
    return {code, process.out(), process.err()};
  }
  void wait_for_socket() {
    ASSERT_TRUE(eventually([&] { return ctl({"status", "-s", socket}).code == 0; })) << agent.err();
  }
};

TEST_F(Ctl, TellsHowAgentAndChecksFare) {
  endpoint.start();
  agent.start(
      yaml("  - {name: up, type: uptime, alert: [{metric: system.uptime, above: 0, "
           "severity: warn}]}\n"
           "  - {name: hog, type: test.sleep_loop, params: {for: 150ms}}\n"));
  wait_for_socket();
  if (HasFatalFailure()) return;
  ASSERT_TRUE(eventually([&] {
    return ctl({"checks", "-s", socket}).out.find("until the agent is restarted") !=
           std::string::npos;
  }));
  const Said table = ctl({"checks", "-s", socket});
  EXPECT_THAT(table.out,
              AllOf(HasSubstr("NAME  TYPE"), HasSubstr("quarantined"),
                    HasSubstr("100ms of the event loop (1"), HasSubstr("up is warn since ")));
  EXPECT_TRUE(eventually([&] {
    const Said status = ctl({"status", "-c", agent.dir().file("agent.yaml")});
    return status.out.find(", connected\n") != std::string::npos &&
           status.out.find("2, 1 suspended\n") != std::string::npos &&
           status.out.find("states       1 warn\n") != std::string::npos;
  }));

  const Said one = ctl({"checks", "up", "-s", socket});
  EXPECT_EQ(one.code, 0);
  EXPECT_THAT(one.out,
              AllOf(HasSubstr("type      virgo.uptime (native)\n"), Not(HasSubstr("hog"))));
  const Said raw = ctl({"checks", "up", "--json", "-s", socket});
  const auto parsed = json::parse(raw.out);
  ASSERT_TRUE(parsed.ok()) << raw.out;
  const json::Value& check = parsed->find("checks")->items.at(0);
  EXPECT_EQ(text_of(check, "state"), "warn");
  EXPECT_EQ(text_of(check, "status"), "ok");
  const Said none = ctl({"checks", "other", "-s", socket});
  EXPECT_EQ(none.code, 1);
  EXPECT_EQ(none.err, "virgo ctl checks: there is no check 'other'\n");

  agent.process().signal(SIGTERM);
  EXPECT_EQ(agent.process().wait(), 0);
  struct stat status {};
  EXPECT_NE(stat(socket.c_str(), &status), 0);
  const Said gone = ctl({"status", "-s", socket});
  EXPECT_EQ(gone.code, 1);
  EXPECT_THAT(gone.err, HasSubstr("no agent can be asked at " + socket));
}

constexpr const char* kBomb = R"(
local check = virgo.check {
  name = "acme.bomb", summary = "Takes all memory",
  metrics = { { name = "acme.bombs", unit = "1", kind = "gauge", type = "i64" } },
}
function check:collect()
  local all = {}
  for i = 1, 1e9 do all[i] = i end
end
return check
)";

TEST_F(Ctl, TellsWhichLimitKeepsALuaCheckFromRunningAndUntilWhen) {
  endpoint.start();
  write_file(folder.file("bomb.lua"), kBomb);
  agent.start(agent_yaml(endpoint, "  - {name: bomb, type: acme.bomb}\n  - agent\n",
                         "control: " + socket + "\nplugins: {lua: [" + folder.path() +
                             "]}\ndefaults: {interval: 100ms, splay: 0s}\n"));
  wait_for_socket();
  if (HasFatalFailure()) return;
  ASSERT_TRUE(eventually([&] {
    return ctl({"checks", "-s", socket}).out.find("lua_memory (8MiB), 3 strikes, until 2") !=
           std::string::npos;
  })) << agent.err();
  EXPECT_THAT(ctl({"checks", "bomb", "-s", socket}).out,
              HasSubstr("suspended  limits.lua_memory (8MiB), 3 strikes, until 2"));
  EXPECT_THAT(ctl({"status", "-s", socket}).out, HasSubstr("2, 1 suspended\n"));
  // The agent's own check has it as metrics.
  EXPECT_TRUE(eventually([&] {
    for (const json::Value& record : endpoint.records())
      if (const std::string text = json::to_json(record);
          text.find("virgo.agent.check.suspension") != std::string::npos &&
          text.find(R"("virgo.check.name":"bomb")") != std::string::npos &&
          text.find(R"("virgo.limit":"limits.lua_memory")") != std::string::npos)
        return true;
    return false;
  }));
}

TEST_F(Ctl, ASocketBelongsToOneAgentUntilItIsDead) {
  endpoint.start();
  agent.start(yaml());
  wait_for_socket();
  Agent second;
  second.start(yaml());
  EXPECT_EQ(second.process().wait(), 2);
  EXPECT_THAT(second.err(), HasSubstr("another agent answers there"));
  EXPECT_EQ(ctl({"status", "-s", socket}).code, 0) << "the first is as it was";

  agent.process().signal(SIGKILL);
  agent.process().wait();
  struct stat status {};
  EXPECT_EQ(stat(socket.c_str(), &status), 0);
  EXPECT_EQ(ctl({"status", "-s", socket}).code, 1);
  second.start(yaml());
  EXPECT_TRUE(eventually([&] { return ctl({"status", "-s", socket}).code == 0; })) << second.err();
}

TEST_F(Ctl, APathThatIsTooLongIsRefused) {
  endpoint.start();
  agent.start(agent_yaml(endpoint, "  - uptime\n",
                         "control: " + folder.file(std::string(108, 's')) + "\n"));
  EXPECT_EQ(agent.process().wait(), 2);
  EXPECT_THAT(agent.err(), HasSubstr("cannot be the path of a unix socket (1 to 107 bytes)"));
}

TEST_F(Ctl, WithoutASocketItSaysSo) {
  endpoint.start();
  agent.start(agent_yaml(endpoint, "  - uptime\n"));
  const Said said = ctl({"status", "-c", agent.dir().file("agent.yaml")});
  EXPECT_EQ(said.code, 2);
  EXPECT_THAT(said.err, HasSubstr("has no control socket"));
}

}  // namespace
}  // namespace virgo::functional
