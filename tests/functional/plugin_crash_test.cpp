// A plugin that crashes the agent is named, remembered, and after the second time
// not loaded any more.
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "functional/world.hpp"

namespace virgo::functional {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct PluginCrash : ::testing::Test {
  Endpoint endpoint;
  Agent agent;
  TempDir plugins;
  std::string module;  // canonical
  int runs = 0;

  void SetUp() override {
    if (kSanitized) GTEST_SKIP() << "crashes are the sanitizer's there";
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);  // for the agents, which inherit it
    module = std::filesystem::canonical(plugins.path()).string() + "/crash.so";
    copy("crash");
    copy("good");
    endpoint.start();
  }
  void copy(const std::string& name) {
    const std::string to = plugins.file(name + ".so");
    std::filesystem::remove(to);
    std::filesystem::copy_file(test_plugins() + "/test_" + name + ".so", to);
  }
  void start(const std::string& type) {
    agent.start(agent_yaml(endpoint,
                           "  - {name: acme, type: " + type +
                               ", interval: 1s, splay: 0s}\n"
                               "  - {name: fine, type: test.samples, interval: 200ms, splay: 0s}\n",
                           rest()));
  }
  std::string rest() const {
    return "plugins: {native: [" + plugins.path() +
           "], lua: []}\nstate: " + agent.dir().file("state") + "\n";
  }
  void expect_crash(const std::string& type,
                    const std::string& call = ", check 'acme', collect()") {
    start(type);
    EXPECT_EQ(agent.process().wait(), 128 + SIGSEGV) << agent.err();
    EXPECT_THAT(agent.err(), HasSubstr("virgo: crashed (SIGSEGV at 0x"));
    EXPECT_THAT(agent.err(), HasSubstr(") in module test.crash (" + module + ")" + call + "\n"));
  }
  struct Ended {
    int code;
    std::string out, err;
  };
  Ended plugin(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {virgo_binary(), "plugin"});
    Process process(std::move(arguments), plugins.file("run" + std::to_string(++runs)));
    const int code = process.wait();
    return {code, process.out(), process.err()};
  }
};

TEST_F(PluginCrash, TwiceOnAWorkerAndTheThirdStartSkipsIt) {
  expect_crash("test.crash_worker");
  expect_crash("test.crash_worker");

  start("test.crash_worker");
  ASSERT_TRUE(agent.process().says("plugin " + module + " skipped: it crashed the agent twice"));
  EXPECT_THAT(agent.err(), HasSubstr("'virgo plugin retry -c CONFIG " + module + "'"));
  ASSERT_TRUE(eventually([&] { return reports_of(endpoint.records(), "fine").size() >= 2; }));
  ASSERT_TRUE(eventually([&] { return !reports_of(endpoint.records(), "acme").empty(); }));
  const auto records = endpoint.records();
  const json::Value& report = *reports_of(records, "acme").back();
  EXPECT_EQ(text_of(report, "status"), "invalid");
  EXPECT_THAT(text_of(report, "message"), HasSubstr("unknown check type 'test.crash_worker'"));
  EXPECT_THAT(text_of(report, "message"), HasSubstr(module + " skipped: it crashed the agent"));
  agent.process().signal(SIGTERM);
  EXPECT_EQ(agent.process().wait(), 0);
}

TEST_F(PluginCrash, TheListShowsItAndRetryLoadsItAgain) {
  expect_crash("test.crash_loop");
  expect_crash("test.crash_loop");
  start("test.crash_loop");
  ASSERT_TRUE(agent.process().says("runs as"));
  agent.process().signal(SIGTERM);
  EXPECT_EQ(agent.process().wait(), 0);

  const std::string config = agent.dir().file("agent.yaml");
  const Ended listed = plugin({"list", "-c", config});
  EXPECT_EQ(listed.code, 0) << listed.err;
  EXPECT_THAT(listed.out,
              HasSubstr("skipped: crashed the agent twice within ten minutes, last on 2"));
  EXPECT_THAT(listed.out, HasSubstr("test.good"));
  const auto json = json::parse(plugin({"list", "--config", config, "--json"}).out);
  ASSERT_TRUE(json.ok());
  ASSERT_EQ(json->items.size(), 2u);
  EXPECT_EQ(text_of(json->items[0], "state"), "skipped");
  EXPECT_EQ(text_of(json->items[0], "module"), "test.crash");
  EXPECT_EQ(text_of(json->items[1], "state"), "ok");
  EXPECT_EQ(text_of(json->items[1], "module"), "test.good");

  EXPECT_EQ(plugin({"retry", "-c", config, plugins.file("good.so")}).code, 2);
  EXPECT_EQ(plugin({"retry", "-c", config, plugins.file("crash.so")}).code, 0);
  EXPECT_EQ(plugin({"retry", "-c", config, plugins.file("crash.so")}).code, 2);
  EXPECT_THAT(plugin({"list", "-c", config}).out, Not(HasSubstr("skipped")));
  expect_crash("test.crash_loop");
}

TEST_F(PluginCrash, AFileInItsPlaceIsTried) {
  expect_crash("test.crash_worker");
  expect_crash("test.crash_worker");
  copy("crash");
  expect_crash("test.crash_worker");
}

TEST_F(PluginCrash, ByStackOverflowOnAWorkerAndOnTheLoop) {
  expect_crash("test.crash_stack");
  expect_crash("test.crash_loop_stack");
  start("test.crash_stack");
  EXPECT_TRUE(agent.process().says("skipped: it crashed the agent twice"));
}

TEST_F(PluginCrash, OnAThreadOfItsOwn) {
  expect_crash("test.crash_thread", "");
}

TEST_F(PluginCrash, WhileItIsLoadedItKeepsTheAgentFromStartingTwice) {
  std::filesystem::remove(plugins.file("crash.so"));
  std::filesystem::copy_file(test_plugins() + "/fatal/crash_entry.so", plugins.file("crash.so"));
  for (int i = 0; i < 2; ++i) {
    start("test.samples");
    EXPECT_EQ(agent.process().wait(), 128 + SIGSEGV);
    EXPECT_THAT(agent.err(), HasSubstr(" in the plugin " + module + ", virgo_module_v1()"));
  }
  start("test.samples");
  ASSERT_TRUE(agent.process().says("plugin " + module + " skipped"));
  ASSERT_TRUE(eventually([&] { return !reports_of(endpoint.records(), "acme").empty(); }));
}

TEST_F(PluginCrash, IsNamedByPluginRunToo) {
  const Ended ended = plugin({"run", plugins.file("crash.so"), "-t", "test.crash_stack", "--once"});
  EXPECT_EQ(ended.code, 128 + SIGSEGV);
  EXPECT_THAT(ended.err, HasSubstr(") in module test.crash (" + module + ")"));
}

TEST_F(PluginCrash, ASignalFromOutsideIsNobodysFault) {
  for (int i = 0; i < 2; ++i) {
    start("test.samples");
    ASSERT_TRUE(agent.process().says("runs as"));
    agent.process().signal(SIGSEGV);
    EXPECT_EQ(agent.process().wait(), 128 + SIGSEGV);
    EXPECT_THAT(agent.err(), HasSubstr("virgo: crashed (SIGSEGV, sent by process "));
  }
  EXPECT_EQ(read_file(agent.dir().file("state/crashes")), "");
}

TEST_F(PluginCrash, WithoutAStateFolderItIsStillNamed) {
  write_file(agent.dir().file("state"), "not a folder");
  for (int i = 0; i < 3; ++i) expect_crash("test.crash_worker");
  EXPECT_THAT(agent.err(), HasSubstr("is not a directory; crashes of plugins are not remembered"));
}

TEST_F(PluginCrash, AStateFolderThatOthersCanWriteIsNotBelieved) {
  expect_crash("test.crash_worker");
  expect_crash("test.crash_worker");
  std::filesystem::permissions(agent.dir().file("state"), std::filesystem::perms::all);
  expect_crash("test.crash_worker");
  EXPECT_THAT(agent.err(), HasSubstr("can be written by others"));
  EXPECT_THAT(agent.err(), HasSubstr("; crashes of plugins are not remembered"));
  EXPECT_THAT(agent.err(), HasSubstr("; no plugin is skipped"));
  std::filesystem::permissions(agent.dir().file("state"), std::filesystem::perms::owner_all);
  start("test.crash_worker");
  EXPECT_TRUE(agent.process().says("skipped: it crashed the agent twice"));
}

TEST_F(PluginCrash, AFifoInPlaceOfTheRecordsDoesNotHoldUpTheStart) {
  std::filesystem::create_directory(agent.dir().file("state"));
  std::filesystem::permissions(agent.dir().file("state"), std::filesystem::perms::owner_all);
  ASSERT_EQ(mkfifo(agent.dir().file("state/crashes").c_str(), 0600), 0);
  start("test.samples");
  EXPECT_TRUE(agent.process().says("runs as"));
  EXPECT_THAT(agent.err(), HasSubstr("/crashes: is not a regular file; remove it; crashes of"));
}

}  // namespace
}  // namespace virgo::functional
