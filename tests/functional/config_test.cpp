// What is wrong with a configuration, or with a plugin file, is said with its
// place, all of it at once; and only as much stops as has to.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/format.hpp"
#include "functional/world.hpp"

namespace virgo::functional {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Ended {
  int code = -1;
  std::string out;
  std::string err;
};

struct Config : ::testing::Test {
  TempDir dir;
  int runs = 0;

  Ended virgo(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), virgo_binary());
    Process process(std::move(arguments), dir.file("run" + std::to_string(++runs)));
    const int code = process.wait();
    return {code, process.out(), process.err()};
  }
  // Writes the main file; its path.
  std::string main_file(const std::string& yaml) {
    write_file(dir.file("agent.yaml"), yaml);
    return dir.file("agent.yaml");
  }
};

constexpr const char* kBad = R"(agent:
  id: web-01
  log_levle: info
endpoint:
  address: 127.0.0.1:1
  ca: ca.pem
  token: s3cret
checks:
  - name: cpu
    intervall: 10s
  - name: cpu
    interval: 5 parsecs
  - memry
)";

TEST_F(Config, EveryProblemIsNamedWithItsPlace) {
  const std::string file = main_file(kBad);
  for (const auto& arguments : {std::vector<std::string>{"run", "-c", file},
                                std::vector<std::string>{"config", "check", file},
                                std::vector<std::string>{"config", "show", file}}) {
    const Ended ended = virgo(arguments);
    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, HasSubstr(file + ":3:3: agent: unknown key 'log_levle', did you mean "
                                            "'log_level'?"));
    EXPECT_THAT(ended.err, HasSubstr(file + ":10:5: checks[0]: unknown key 'intervall', did you "
                                            "mean 'interval'?"));
    EXPECT_THAT(ended.err, HasSubstr(file + ":11:11: checks[1].name"));
    EXPECT_THAT(ended.err, HasSubstr(file + ":12:15: checks[1].interval"));
    EXPECT_THAT(ended.err, Not(HasSubstr("s3cret")));
    EXPECT_EQ(ended.out, "");
  }
  EXPECT_THAT(virgo({"run", "-c", file}).err, HasSubstr("nothing was started"));
}

TEST_F(Config, AFileThatIsNone) {
  const std::string missing = dir.file("nowhere.yaml");
  EXPECT_EQ(virgo({"run", "-c", missing}).code, 2);
  EXPECT_THAT(virgo({"run", "-c", missing}).err, HasSubstr(missing + ": cannot be read: "));
  EXPECT_THAT(virgo({"config", "check", dir.path()}).err, HasSubstr(dir.path()));
  for (const char* text : {"", "\t- [", "checks: [", "7", "- cpu\n", "a: &a [*a]\n", "%YAML 9\n"}) {
    const Ended ended = virgo({"config", "check", main_file(text)});
    EXPECT_EQ(ended.code, 2) << text;
    EXPECT_THAT(ended.err, HasSubstr(dir.file("agent.yaml:"))) << text;
  }
  const std::string open(100'000, '[');
  EXPECT_EQ(virgo({"config", "check", main_file("checks: " + open)}).code, 2);
  const std::string deep = "checks: " + std::string(1'000, '[') + std::string(1'000, ']') + "\n";
  const Ended ended = virgo({"config", "check", main_file(deep)});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("(limit 'depth')"));
}

// What only the check types know is found, too: by `run` and by `config check`.
TEST_F(Config, ParametersThatTheCheckDoesNotKnow) {
  Endpoint endpoint;
  endpoint.use_port(1);
  const std::string file = main_file(agent_yaml(endpoint,
                                                "  - name: filesystem\n"
                                                "    params: {mounts: [/], exclud_types: [tmpfs]}\n"
                                                "  - name: tcp\n"
                                                "    params: {hots: localhost, port: 70000}\n"
                                                "  - name: cpu2\n"
                                                "    type: virgo.cpuu\n"));
  for (const auto& arguments : {std::vector<std::string>{"run", "-c", file},
                                std::vector<std::string>{"config", "check", file}}) {
    const Ended ended = virgo(arguments);
    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, HasSubstr("has no parameter 'exclud_types', did you mean "
                                     "'exclude_types'?"));
    EXPECT_THAT(ended.err, HasSubstr("has no parameter 'hots', did you mean 'host'?"));
    EXPECT_THAT(ended.err, HasSubstr("did you mean 'virgo.cpu'?"));
    EXPECT_THAT(ended.err, HasSubstr(file + ":"));
  }
}

// Also those that only their check type knows to be secret; of a type that nobody
// has, everything may be one.
TEST_F(Config, ShowMasksWhatATypeDeclaresSecret) {
  Endpoint endpoint;
  endpoint.use_port(1);
  const std::string file = main_file(
      agent_yaml(endpoint,
                 "  - {name: p, type: test.params, params: {path: /seen, token: topsecret}}\n"
                 "  - {name: q, type: test.unknown, params: {key: alsosecret}}\n",
                 format("plugins: {{native: [{}]}}\n", test_plugins())));
  const Ended shown = virgo({"config", "show", file});
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("/seen"));
  EXPECT_THAT(shown.out, Not(HasSubstr("secret")));
  EXPECT_THAT(shown.out, Not(HasSubstr("printed while it was loaded")));
}

TEST_F(Config, ShowMasksSecrets) {
  write_file(dir.file("token"), "hush-hush-file\n");
  const std::string head = "endpoint:\n  address: collector:443\n  ca: ca.pem\n  token: ";
  const std::string tail = "\nchecks: [cpu, uptime]\n";
  for (const char* token : {"hush-hush-text", "${env:VIRGO_TEST_TOKEN}", "${file:token}"}) {
    Process show({virgo_binary(), "config", "show", main_file(head + token + tail)},
                 dir.file("show" + std::to_string(++runs)),
                 {{"VIRGO_TEST_TOKEN", "hush-hush-environment"}});
    EXPECT_EQ(show.wait(), 0) << show.err();
    EXPECT_THAT(show.out() + show.err(), Not(HasSubstr("hush-hush")));
    EXPECT_THAT(show.out(), HasSubstr("token: "));
    EXPECT_THAT(show.out(), HasSubstr("request_timeout: 30s"));
    EXPECT_THAT(show.out(), HasSubstr("type: virgo.uptime"));
  }
}

TEST_F(Config, NamingsThatAreNone) {
  const std::string file = main_file("naming: statsd\nchecks: [memory]\n");
  const Ended whole = virgo({"config", "check", file});
  EXPECT_EQ(whole.code, 2);
  EXPECT_THAT(whole.err, HasSubstr(": naming: 'statsd' is not known, use otel or prometheus"));
  main_file("checks: [{name: memory, params: {naming: statsd}}]\n");
  const Ended one = virgo({"config", "check", file});
  EXPECT_EQ(one.code, 2);
  EXPECT_THAT(one.err, HasSubstr("checks[0].params.naming: must be otel or prometheus"));
}

TEST_F(Config, CheckSaysWhatIsThere) {
  std::filesystem::create_directory(dir.file("conf.d"));
  write_file(dir.file("conf.d/more.yaml"), "checks: [memory]\n");
  const Ended ended = virgo({"config", "check", main_file("checks: [cpu, uptime]\n")});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.out, "ok: 3 checks in 2 files\n");
  write_file(dir.file("conf.d/worse.yaml"), "checks: [{name: x, intervall: 1s}]\n");
  const Ended bad = virgo({"config", "check", dir.file("agent.yaml")});
  EXPECT_EQ(bad.code, 2);
  EXPECT_THAT(bad.err, HasSubstr("conf.d/worse.yaml:1:20: checks[0]: unknown key 'intervall'"));
}

// What `config show` prints is itself a configuration that says the same.
TEST_F(Config, WhatIsShownCanBeRead) {
  const Ended first = virgo({"config", "show", main_file("checks: [cpu, {name: x, type: tcp}]\n")});
  EXPECT_EQ(first.code, 0) << first.err;
  const Ended second = virgo({"config", "show", main_file(first.out)});
  EXPECT_EQ(second.code, 0) << second.err;
  EXPECT_EQ(second.out, first.out);
}

TEST_F(Config, RunNeedsAnEndpointItCanTrust) {
  const Ended none = virgo({"run", "-c", main_file("checks: [cpu]\n")});
  EXPECT_EQ(none.code, 2);
  EXPECT_THAT(none.err, HasSubstr("no 'endpoint:' section"));

  const std::string yaml =
      "endpoint: {address: '127.0.0.1:1', token: x, ca: ca.pem}\nchecks: [cpu]\n";
  const Ended missing = virgo({"run", "-c", main_file(yaml)});
  EXPECT_EQ(missing.code, 2);
  EXPECT_THAT(missing.err, HasSubstr("endpoint.ca: " + dir.file("ca.pem")));
  write_file(dir.file("ca.pem"), "-----BEGIN CERTIFICATE-----\nnonsense\n");
  const Ended damaged = virgo({"run", "-c", main_file(yaml)});
  EXPECT_EQ(damaged.code, 2);
  EXPECT_THAT(damaged.err, HasSubstr("endpoint.ca: " + dir.file("ca.pem")));
}

TEST_F(Config, WrongUsageIsSaid) {
  struct {
    std::vector<std::string> arguments;
    const char* says;
  } const cases[] = {
      {{}, "Usage: virgo COMMAND"},
      {{"rum"}, "unknown command 'rum', did you mean 'run'?"},
      {{"config", "chekc", "x"}, "did you mean 'config check'?"},
      {{"run"}, "-c FILE"},
      {{"run", "-c"}, "option '-c' needs a value: FILE"},
      {{"run", "--confg", "x"}, "unknown option '--confg', did you mean '--config'?"},
      {{"run", "-c", "x", "y"}, "unexpected argument 'y'"},
      {{"config", "check"}, "an argument is missing"},
      {{"endpoint"}, "which folder?"},
      {{"endpoint", "/nonexistent"}, "/nonexistent/tokens: No such file"},
      {{"endpoint", "/tmp", "--listen", "nowhere"}, "is not an address to listen on"},
      {{"endpoint", "/tmp", "--listen", "127.0.0.1:99999"}, "is not an address to listen on"},
      {{"endpoint", "/tmp", "--heartbeat", "often"}, "--heartbeat: "},
      {{"demo", "--for"}, "option '--for' needs a value: TIME"},
      {{"demo", "--for", "a while"}, "--for: "},
  };
  for (const auto& c : cases) {
    const Ended ended = virgo(c.arguments);
    EXPECT_EQ(ended.code, 2) << c.says;
    EXPECT_THAT(ended.err, HasSubstr(c.says));
    EXPECT_EQ(ended.out, "");
  }
  const Ended version = virgo({"--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_EQ(version.out, "virgo " VIRGO_VERSION "\n");
}

TEST_F(Config, InitReplacesNothing) {
  EXPECT_EQ(virgo({"endpoint", "--init", dir.file("e")}).code, 0);
  const std::string key = read_file(dir.file("e/ca-key.pem"));
  const Ended again = virgo({"endpoint", "--init", dir.file("e")});
  EXPECT_EQ(again.code, 1);
  EXPECT_THAT(again.err, HasSubstr("is there already"));
  EXPECT_EQ(read_file(dir.file("e/ca-key.pem")), key);
  for (const char* secret : {"e/ca-key.pem", "e/server-key.pem", "e/tokens", "e/agent.yaml"}) {
    struct stat st {};
    ASSERT_EQ(stat(dir.file(secret).c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 0777u, 0600u) << secret;
  }
}

TEST_F(Config, AnAddressThatIsTakenIsSaid) {
  Endpoint first;
  first.start();
  const Ended second = virgo({"endpoint", first.dir(), "--listen", first.address()});
  EXPECT_EQ(second.code, 1);
  EXPECT_THAT(second.err, HasSubstr("virgo endpoint: cannot listen on " + first.address() +
                                    ": address already in use"));
}

// --- the agent runs with what is left ---

struct PartlyBad : ::testing::Test {
  Endpoint endpoint;
  Agent agent;
  TempDir plugins;

  // The first report of a check.
  json::Value report(const std::string& check) {
    json::Value found;
    EXPECT_TRUE(eventually([&] {
      const auto records = endpoint.records();
      const auto reports = reports_of(records, check);
      if (!reports.empty()) found = *reports.front();
      return !reports.empty();
    })) << check
        << "\n"
        << agent.err();
    return found;
  }
  void tainted_is_well() {
    EXPECT_EQ(text_of(report("tainted"), "status"), "ok");
    agent.process().signal(SIGTERM);
    EXPECT_EQ(agent.process().wait(), 0) << agent.err();
  }
};

constexpr const char* kQuick = "defaults: {interval: 200ms}\n";

TEST_F(PartlyBad, DropInsAreReportedAsFailedChecks) {
  std::filesystem::create_directory(agent.dir().file("conf.d"));
  const std::string conf_d = agent.dir().file("conf.d/");
  write_file(conf_d + "10-good.yaml", "checks: [memory]\n");
  write_file(conf_d + "20-bad.yaml",
             "checks: [{name: a, intervall: 1s}, {name: b, colour: red}]\n");
  write_file(conf_d + "30-torn.yaml", "checks: [{name: ");
  write_file(conf_d + "40-old.yml", "checks: []\n");
  write_file(conf_d + "50-params.yaml", "checks: [{name: fs, type: filesystem, params: {x: 1}}]\n");
  endpoint.start();
  agent.start(agent_yaml(endpoint, "  - tainted\n", kQuick));

  const json::Value bad = report("conf.d/20-bad.yaml");
  EXPECT_EQ(text_of(bad, "status"), "invalid");
  EXPECT_EQ(text_of(bad, "runtime"), "agent");
  EXPECT_THAT(text_of(bad, "message"),
              HasSubstr(conf_d + "20-bad.yaml:1:20: checks[0]: unknown key "
                                 "'intervall', did you mean 'interval'?"));
  EXPECT_THAT(text_of(bad, "message"), HasSubstr("unknown key 'colour'"));
  EXPECT_EQ(text_of(report("conf.d/30-torn.yaml"), "status"), "invalid");
  EXPECT_THAT(text_of(report("conf.d/40-old.yml"), "message"), HasSubstr("rename it to .yaml"));
  const json::Value params = report("fs");
  EXPECT_EQ(text_of(params, "status"), "invalid");
  EXPECT_THAT(text_of(params, "message"), HasSubstr("has no parameter 'x'"));
  EXPECT_EQ(text_of(report("memory"), "status"), "ok");
  EXPECT_THAT(agent.err(), HasSubstr("check 'conf.d/20-bad.yaml' does not run: "));
  tainted_is_well();
}

TEST_F(PartlyBad, APluginFileThatOthersCanWrite) {
  const std::string file = plugins.file("test_good.so");
  std::filesystem::copy_file(test_plugins() + "/test_good.so", file);
  ASSERT_EQ(chmod(file.c_str(), 0666), 0);
  endpoint.start();
  const std::string yaml =
      agent_yaml(endpoint, "  - tainted\n  - {name: s, type: test.samples}\n",
                 std::string(kQuick) + "plugins: {native: [" + plugins.path() + "]}\n");
  agent.start(yaml);
  const std::string sentence = format("{} (owner {}, group {}, mode 0666) can be written by others",
                                      file, getuid(), getgid());
  EXPECT_TRUE(agent.process().says("plugin " + file + " refused: "));
  EXPECT_TRUE(agent.process().says(sentence));
  const json::Value refused = report("s");
  EXPECT_EQ(text_of(refused, "status"), "invalid");
  EXPECT_EQ(text_of(refused, "runtime"), "agent");
  EXPECT_THAT(text_of(refused, "message"), HasSubstr("test.samples"));
  tainted_is_well();
}

TEST_F(PartlyBad, APluginFolderThatOthersCanWrite) {
  const std::string folder = plugins.file("open");
  std::filesystem::create_directories(folder + "/inner");
  std::filesystem::copy_file(test_plugins() + "/test_good.so", folder + "/inner/test_good.so");
  ASSERT_EQ(chmod((folder + "/inner/test_good.so").c_str(), 0644), 0);
  ASSERT_EQ(chmod(folder.c_str(), 0777), 0);
  endpoint.start();
  const std::string yaml =
      agent_yaml(endpoint, "  - tainted\n  - {name: s, type: test.samples}\n",
                 std::string(kQuick) + "plugins: {native: [" + folder + "/inner]}\n");
  agent.start(yaml);
  EXPECT_TRUE(agent.process().says(
      format("the folder {} (owner {}, group {}, mode 0777) can be written by others", folder,
             getuid(), getgid())));
  EXPECT_EQ(text_of(report("s"), "status"), "invalid");
  agent.process().signal(SIGTERM);
  EXPECT_EQ(agent.process().wait(), 0);
  // Sticky, like /tmp: what is in it is only its owner's to change.
  ASSERT_EQ(chmod(folder.c_str(), 01777), 0);
  unlink(endpoint.reports_file().c_str());
  agent.start(yaml);
  EXPECT_EQ(text_of(report("s"), "status"), "ok");
  tainted_is_well();
}

// Each of them is refused with a sentence; those beside them work.
TEST_F(PartlyBad, PluginsThatAreNone) {
  endpoint.start();
  agent.start(agent_yaml(endpoint, "  - tainted\n  - {name: s, type: test.samples}\n",
                         format("{}plugins:\n  native: [{}/refused, {}, {}/nowhere]\n  lua: [{}, "
                                "{}/tests/lua/broken]\n",
                                kQuick, test_plugins(), test_plugins(), plugins.path(),
                                std::filesystem::path(virgo_binary()).parent_path().string() +
                                    "/../share/virgo/lua-plugins",
                                source_dir())));
  EXPECT_EQ(text_of(report("s"), "status"), "ok");
  for (const char* name : {"wrong_major", "newer_minor", "no_entry", "no_note", "null_module",
                           "plain_text", "truncated_module"})
    EXPECT_THAT(agent.err(),
                HasSubstr(format("plugin {}/refused/{}.so refused: ", test_plugins(), name)));
  for (const char* name : {"syntax", "error_at_load", "loops_at_load", "bomb_at_load",
                           "declares_nothing", "no_collect", "waits_at_load", "misspelt"})
    EXPECT_THAT(agent.err(), HasSubstr(format("/tests/lua/broken/{}.lua is not used: ", name)));
  EXPECT_THAT(agent.err(), HasSubstr("plugin folder " + plugins.file("nowhere")));
  tainted_is_well();
}

}  // namespace
}  // namespace virgo::functional
