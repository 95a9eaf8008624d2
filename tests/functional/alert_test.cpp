// Alert rules through the real agent and endpoint, and `virgo ctl`.
#include <signal.h>
#include <sys/stat.h>

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "functional/commands.hpp"

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

struct Ctl : Commands {
  Endpoint endpoint;
  Agent agent;
  const std::string socket = dir.file("control.sock");

  std::string yaml(const std::string& checks = "  - uptime\n") {
    return agent_yaml(endpoint, checks,
                      "control: " + socket + "\nplugins: {native: [" + test_plugins() + ", " +
                          shipped() + "]}\ndefaults: {interval: 100ms, splay: 0s}\n");
  }
  static std::string shipped() {
    const std::string bin = virgo_binary().substr(0, virgo_binary().rfind('/'));
    return bin.substr(0, bin.rfind('/')) + "/lib/virgo/plugins";
  }
  Ended ctl(std::vector<std::string> arguments) { return virgo("ctl", std::move(arguments)); }
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
  const Ended table = ctl({"checks", "-s", socket});
  EXPECT_THAT(table.out,
              AllOf(HasSubstr("NAME  TYPE"), HasSubstr("quarantined"),
                    HasSubstr("100ms of the event loop (1"), HasSubstr("up is warn since ")));
  EXPECT_TRUE(eventually([&] {
    const Ended status = ctl({"status", "-c", agent.dir().file("agent.yaml")});
    return status.out.find(", connected\n") != std::string::npos &&
           status.out.find("2, 1 suspended\n") != std::string::npos &&
           status.out.find("states       1 warn\n") != std::string::npos;
  }));

  const Ended one = ctl({"checks", "up", "-s", socket});
  EXPECT_EQ(one.code, 0);
  EXPECT_THAT(one.out,
              AllOf(HasSubstr("type      virgo.uptime (native)\n"), Not(HasSubstr("hog"))));
  const Ended raw = ctl({"checks", "up", "--json", "-s", socket});
  const auto parsed = json::parse(raw.out);
  ASSERT_TRUE(parsed.ok()) << raw.out;
  const json::Value& check = parsed->find("checks")->items.at(0);
  EXPECT_EQ(text_of(check, "state"), "warn");
  EXPECT_EQ(text_of(check, "status"), "ok");
  EXPECT_EQ(ctl({"checks", "hag", "-s", socket}).err,
            "virgo ctl checks: there is no check 'hag', did you mean 'hog'?\n");
  const Ended none = ctl({"checks", "other", "-s", socket});
  EXPECT_EQ(none.code, 1);
  EXPECT_EQ(none.err, "virgo ctl checks: there is no check 'other'\n");

  agent.process().signal(SIGTERM);
  EXPECT_EQ(agent.process().wait(), 0);
  struct stat status {};
  EXPECT_NE(stat(socket.c_str(), &status), 0);
  const Ended gone = ctl({"status", "-s", socket});
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
  write_file(dir.file("bomb.lua"), kBomb);
  agent.start(agent_yaml(endpoint, "  - {name: bomb, type: acme.bomb}\n  - agent\n",
                         "control: " + socket + "\nplugins: {lua: [" + dir.path() +
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

// A check that runs by itself, is warn, and emits this.
std::string own_check(const std::string& value) {
  return R"(local check = virgo.check {
  name = "acme.own", interval = "100ms",
  metrics = { { name = "acme.v" } },
}
function check:collect(run)
  run:state("warn", "as always")
  run:emit("acme.v", )" +
         value + ") end\n";
}

TEST_F(Ctl, TellsWhichPluginFilesCannotBeUsed) {
  endpoint.start();
  const std::string lua = dir.file("lua");
  std::filesystem::create_directory(lua);
  const std::string own = written("lua/own.lua", own_check("1"));
  const std::string bad = written("lua/bad.lua", "local = 1\n");
  agent.start(agent_yaml(
      endpoint, "  - uptime\n  - {name: bad, type: acme.bad}\n",
      "control: " + socket + "\nplugins: {lua: [" + lua + "]}\ndefaults: {interval: 100ms}\n"));
  wait_for_socket();
  if (HasFatalFailure()) return;
  const auto says = [&](const std::vector<std::string>& arguments, const std::string& text) {
    std::vector<std::string> all = arguments;
    all.insert(all.end(), {"-s", socket});
    return eventually([&] { return ctl(all).out.find(text) != std::string::npos; });
  };
  const std::string bad_line = "\n" + bad + " cannot be used as it is: bad.lua:1: ";
  EXPECT_TRUE(says({"status"}, bad_line));
  EXPECT_TRUE(says({"status"}, "; its checks do not run until it is mended\n"));
  EXPECT_TRUE(says({"status"}, "states       1 warn\n"));
  EXPECT_TRUE(says({"checks"}, "\nbad ended invalid: ")) << "why a run failed";
  EXPECT_TRUE(says({"checks", "bad"}, "\nit said "));

  write_file(own, own_check("1 +"));
  const std::string own_line = "\n" + own + " cannot be used as it is: own.lua:7: ";
  ASSERT_TRUE(says({"checks", "acme.own"}, own_line)) << agent.err();
  const Ended one = ctl({"checks", "acme.own", "-s", socket});
  EXPECT_THAT(one.out, AllOf(HasSubstr("file      " + own + "\n"), HasSubstr("last run  ok, "),
                             HasSubstr("; the version before goes on until it is mended\n"),
                             Not(HasSubstr("bad.lua"))));
  EXPECT_THAT(ctl({"checks", "uptime", "-s", socket}).out, Not(HasSubstr("cannot be used")));
  EXPECT_THAT(ctl({"checks", "-s", socket}).out, AllOf(HasSubstr(own_line), HasSubstr(bad_line)));
  const auto raw = json::parse(ctl({"status", "--json", "-s", socket}).out);
  ASSERT_TRUE(raw.ok());
  ASSERT_EQ(raw->find("broken_files")->items.size(), 2u);
  const json::Value& broken = raw->find("broken_files")->items[1];
  EXPECT_EQ(text_of(broken, "file"), own);
  EXPECT_THAT(text_of(broken, "problem"), HasSubstr("own.lua:7: "));
  EXPECT_TRUE(broken.find("before_runs")->boolean);

  write_file(own, own_check("2"));
  std::filesystem::remove(bad);
  EXPECT_TRUE(eventually([&] {
    return ctl({"status", "-s", socket}).out.find("cannot be used") == std::string::npos;
  })) << agent.err();
  // A check that is gone is in no state.
  std::filesystem::remove(own);
  EXPECT_TRUE(says({"status"}, "states       nothing is judged\n"));
  EXPECT_TRUE(says({"status"}, "checks       2, 0 suspended\n"));
  EXPECT_EQ(ctl({"checks", "acme.own", "-s", socket}).code, 1);
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
  agent.start(
      agent_yaml(endpoint, "  - uptime\n", "control: " + dir.file(std::string(108, 's')) + "\n"));
  EXPECT_EQ(agent.process().wait(), 2);
  EXPECT_THAT(agent.err(), HasSubstr("cannot be the path of a unix socket (1 to 107 bytes)"));
}

TEST_F(Ctl, WithoutASocketItSaysSo) {
  endpoint.start();
  agent.start(agent_yaml(endpoint, "  - uptime\n"));
  const Ended said = ctl({"status", "-c", agent.dir().file("agent.yaml")});
  EXPECT_EQ(said.code, 2);
  EXPECT_THAT(said.err, HasSubstr("has no control socket"));
}

}  // namespace
}  // namespace virgo::functional
