// What plugin authors have in their hands: `virgo plugin info` and `plugin run` on
// files that are good, broken, or no plugins at all.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "functional/commands.hpp"

namespace virgo::functional {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

struct PluginTools : Commands {
  static std::string good(const std::string& name) {
    return test_plugins() + "/test_" + name + ".so";
  }
  static std::string refused(const std::string& name) {
    return test_plugins() + "/refused/" + name + ".so";
  }
  static std::string fatal(const std::string& name) {
    return test_plugins() + "/fatal/" + name + ".so";
  }
};

json::Value parsed(const std::string& text) {
  auto value = json::parse(text);
  EXPECT_TRUE(value.ok()) << (value ? "" : value.error().message) << " in " << text;
  return value ? *value : json::Value{};
}

TEST_F(PluginTools, InfoShowsAllThereIs) {
  const Ended ended = plugin({"info", good("params")});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("Module  test.params 2.1.0\n"));
  EXPECT_THAT(ended.out, HasSubstr("ABI     1.0"));
  EXPECT_THAT(ended.out, HasSubstr("test.params: Has parameters | of all sorts.\n"));
  EXPECT_THAT(ended.out, HasSubstr("Runs on a worker thread; one run at a time in the whole "
                                   "module; asks for a process of its own.\n"));
  EXPECT_THAT(ended.out, HasSubstr("  PARAMETER  TYPE  DEFAULT     MEANING\n"
                                   "  path       text  (required)  A path from the root.\n"
                                   "  hosts      list              Names | of hosts.\n"
                                   "  token      text  ********    To log in. Secret.\n"));
  EXPECT_THAT(ended.out, HasSubstr("  METRIC      KIND     UNIT    TYPE  MEANING\n"
                                   "  test.runs   counter  {run}   u64   How often it ran.\n"
                                   "  test.hosts  gauge    {host}  u64   How many hosts.\n"));
  EXPECT_THAT(ended.out, Not(HasSubstr("hunter2")));
  EXPECT_THAT(ended.out, Not(HasSubstr("printed while")));
}

TEST_F(PluginTools, InfoAsJsonIsNotSpoiltByWhatThePluginPrints) {
  const Ended ended = plugin({"info", "--json", good("params")});
  EXPECT_EQ(ended.code, 0) << ended.err;
  const json::Value info = parsed(ended.out);
  EXPECT_EQ(text_of(info, "module"), "test.params");
  EXPECT_EQ(text_of(info, "file"), good("params"));
  EXPECT_EQ(number_of(info, "abi_major"), 1);
  EXPECT_EQ(info.find("problem"), nullptr);
  const json::Value& type = info.find("types")->items.at(0);
  EXPECT_EQ(text_of(type, "thread"), "worker");
  ASSERT_EQ(type.find("flags")->items.size(), 2u);
  EXPECT_EQ(type.find("flags")->items[0].text, "serial");
  const json::Value& path = type.find("params")->items.at(0);
  EXPECT_TRUE(path.find("required")->boolean);
  EXPECT_EQ(path.find("default"), nullptr);
  EXPECT_TRUE(type.find("params")->items.at(2).find("secret")->boolean);
  EXPECT_EQ(text_of(type.find("metrics")->items.at(0), "unit"), "{run}");

  const Ended described = plugin({"describe", good("params")});
  EXPECT_EQ(described.code, 0);
  EXPECT_EQ(text_of(parsed(described.out), "module"), "test.params");
  EXPECT_THAT(described.err, HasSubstr("printed while it was loaded"));
}

TEST_F(PluginTools, InfoAsMarkdownHasAHeadingForEachOfSeveralTypes) {
  const Ended one = plugin({"info", "--markdown", good("params")});
  EXPECT_THAT(one.out, testing::StartsWith("| Parameter | Type | Default | Meaning |\n"));
  EXPECT_THAT(one.out, HasSubstr("| `path` | text | required | A path from the root. |\n"));
  EXPECT_THAT(one.out, HasSubstr("| `hosts` | list | | Names \\| of hosts. |\n"));
  const Ended two = plugin({"info", "--markdown", good("good")});
  EXPECT_THAT(two.out, HasSubstr("### test.samples\n"));
  EXPECT_THAT(two.out, HasSubstr("### test.kinds\n"));
}

TEST_F(PluginTools, HelpListsTheCommandsOfTheGroup) {
  const Ended help = plugin({"--help"});
  EXPECT_EQ(help.code, 0);
  for (const char* command : {"plugin info", "plugin test", "plugin new"})
    EXPECT_THAT(help.out, HasSubstr(command));
  EXPECT_THAT(help.out, Not(HasSubstr("plugin describe")));
  EXPECT_EQ(plugin({}).code, 2);
  EXPECT_THAT(plugin({"info"}).err, HasSubstr("an argument is missing: virgo plugin info FILE"));
}

TEST_F(PluginTools, InfoSurvivesWhatThePluginDoes) {
  const struct {
    std::string file;
    const char* why;
  } kCases[] = {
      {fatal("exit_entry"), "ended the process with exit code 7"},
      {fatal("hang_entry"), "hung when it was loaded and asked for its tables: ended after 5s"},
      {refused("null_create"), "has no create()"},
      {refused("newer_minor"), "requires plugin ABI 1.7"},
  };
  for (const auto& c : kCases) {
    const Ended ended = plugin({"info", c.file});
    EXPECT_EQ(ended.code, 1) << c.file;
    EXPECT_THAT(ended.out, HasSubstr("ABI     1.0")) << c.file;
    EXPECT_THAT(ended.err, HasSubstr(c.why)) << c.file;
  }
  const Ended json = plugin({"info", "--json", fatal("exit_entry")});
  EXPECT_EQ(json.code, 1);
  EXPECT_THAT(text_of(parsed(json.out), "problem"), HasSubstr("exit code 7"));
}

TEST_F(PluginTools, InfoNamesTheSignalOfACrash) {
  if (kSanitized) GTEST_SKIP() << "the sanitizer turns signals into exit codes";
  const Ended ended = plugin({"info", fatal("crash_entry")});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.out, HasSubstr("ABI     1.0"));
  EXPECT_THAT(ended.err, HasSubstr("crashed with SIGSEGV when it was loaded"));
}

TEST_F(PluginTools, InfoOfWhatIsNoPlugin) {
  for (const std::string& file :
       {refused("no_note"), refused("plain_text"), dir.path(), dir.file("none.so")}) {
    const Ended ended = plugin({"info", file});
    EXPECT_EQ(ended.code, 2) << file;
    EXPECT_EQ(ended.out, "");
    EXPECT_THAT(ended.err, HasSubstr(file));
  }
}

TEST_F(PluginTools, InfoNeedsNoTrust) {
  const std::string copy = dir.file("-mine.so");
  std::filesystem::copy_file(good("good"), copy);
  ASSERT_EQ(chmod(copy.c_str(), 0666), 0);
  EXPECT_EQ(plugin({"info", copy}).code, 0);
}

TEST_F(PluginTools, RunPrintsWhatWasMeasured) {
  const Ended ended = plugin({"run", good("params"), "--set", "path=/tmp", "--set", "hosts=[a, b]",
                              "--runs", "2", "--interval", "1ms"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("run 1: ok, 2 samples in "));
  EXPECT_THAT(ended.out, HasSubstr("METRIC      LABELS       VALUE  UNIT    KIND\n"
                                   "test.runs   test.who=it      1  {run}   counter\n"
                                   "test.hosts                   2  {host}  gauge\n"));
  EXPECT_THAT(ended.out, HasSubstr("run 2: ok, 2 samples in "));
  EXPECT_THAT(ended.out, HasSubstr("PER SECOND"));
  EXPECT_THAT(ended.out, Not(HasSubstr("printed while")));
  EXPECT_THAT(ended.err, HasSubstr("printed while it ran"));
}

TEST_F(PluginTools, RunAsJsonIsOneObjectPerLine) {
  const Ended ended =
      plugin({"run", good("good"), "--type=test.samples", "-s", "count=2", "--once", "--json"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  const json::Value run = parsed(ended.out);
  EXPECT_EQ(text_of(run, "status"), "ok");
  EXPECT_EQ(text_of(run, "type"), "test.samples");
  EXPECT_EQ(run.find("samples")->items.size(), 2u);
}

TEST_F(PluginTools, RunThatFailsSaysWhy) {
  const Ended ended = plugin({"run", good("throw"), "--type", "test.throw_worker", "--once"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.out, HasSubstr("run 1: failed, 0 samples"));
  EXPECT_THAT(ended.out, HasSubstr("boom in collect"));
}

TEST_F(PluginTools, RunThatHangsIsLeftBehind) {
  const Ended ended = plugin({"run", good("sleep"), "--type", "test.sleep_worker", "--once",
                              "--timeout", "50ms", "--set", "for=1h"});
  EXPECT_EQ(ended.code, 1) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("run 1: timeout, "));
  EXPECT_THAT(ended.out, HasSubstr("not finished within 50ms"));
  EXPECT_THAT(ended.err, HasSubstr("a call has not come back"));
}

TEST_F(PluginTools, RunRefusesWhatDoesNotFit) {
  const std::string file = good("params");
  const struct {
    std::vector<std::string> arguments;
    const char* why;
  } kCases[] = {
      {{"run", file, "--once"}, "parameter 'path' (text) of 'test.params' is required"},
      {{"run", file, "--once"}, "--set path=TEXT    A path from the root."},
      {{"run", file, "--set", "path=x"}, "virgo plugin run: --set path: must be an absolute path"},
      {{"run", file, "--set", "path=/", "--set", "hosts=[a, bad]"},
       "--set hosts[1]: is a bad host"},
      {{"run", file, "--set", "path=/", "--set", "hosts=a"}, "--set hosts: must be a list"},
      {{"run", file, "--set", "path=/", "--set", "hsots=[]"}, "did you mean 'hosts'?"},
      {{"run", file, "--set", "path"}, "write KEY=VALUE"},
      {{"run", file, "--runs", "0"}, "--runs: '0' is no number from 1"},
      {{"run", file, "--runs", "2", "--once"}, "give one of the two"},
      {{"run", file, "--timeout", "soon"}, "--timeout: 'soon' is not a duration"},
      {{"run", good("good")}, "which of its 2 check types?\n  --type test.samples "},
      {{"run", good("good"), "-t", "test.sampels"}, "did you mean 'test.samples'?"},
      {{"run", refused("load_fails")}, "its load() answered -3 (unsupported)"},
      {{"run", refused("bad_default")}, "default of parameter 'every'"},
      {{"run", dir.file("none.so")}, "none.so refused: "},
  };
  for (const auto& c : kCases) {
    const Ended ended = plugin(c.arguments);
    EXPECT_EQ(ended.code, 2) << c.why;
    EXPECT_THAT(ended.err, HasSubstr(c.why));
    EXPECT_EQ(ended.out, "") << c.why;
  }
}

TEST_F(PluginTools, RunGoesOnUntilItIsInterrupted) {
  Process process(
      {virgo_binary(), "plugin", "run", good("params"), "--set", "path=/", "--interval", "10ms"},
      dir.file("interrupted"));
  ASSERT_TRUE(eventually([&] { return process.out().find("run 3: ok") != std::string::npos; }));
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(), 0) << process.err();
}

TEST_F(PluginTools, ListShowsWhatBecomesOfEachFile) {
  std::filesystem::create_directory(dir.file("p"));
  const auto put = [this](const std::string& from, const std::string& name) {
    const std::string to = dir.file("p/" + name);
    std::filesystem::copy_file(from, to);
    chmod(to.c_str(), 0644);
  };
  put(good("good"), "a.so");
  put(good("good"), "b-again.so");
  put(refused("null_create"), "c.so");
  put(fatal("exit_entry"), "d.so");
  put(refused("plain_text"), "e.so");
  put(good("params"), "f.so");
  ASSERT_EQ(chmod(dir.file("p/f.so").c_str(), 0666), 0);
  write_file(dir.file("agent.yaml"),
             "plugins: {native: [p, none], lua: []}\nstate: state\nchecks: []\n");

  const Ended json = plugin({"list", "-c", dir.file("agent.yaml"), "--json"});
  EXPECT_EQ(json.code, 1);
  EXPECT_THAT(json.err, HasSubstr("plugin folder " + dir.file("none") + ": No such file"));
  const json::Value list = parsed(json.out);
  const struct {
    const char* name;
    const char* state;
    const char* why;
  } kExpected[] = {
      {"a.so", "ok", ""},
      {"b-again.so", "refused", "'test.samples' is already provided by "},
      {"c.so", "refused", "has no create()"},
      {"d.so", "refused", "ended the process with exit code 7"},
      {"e.so", "refused", "is not a shared library"},
      {"f.so", "refused", "can be written by others"},
  };
  ASSERT_EQ(list.items.size(), std::size(kExpected));
  for (std::size_t i = 0; i < std::size(kExpected); ++i) {
    const json::Value& entry = list.items[i];
    EXPECT_EQ(text_of(entry, "file"), dir.file("p/") + kExpected[i].name);
    EXPECT_EQ(text_of(entry, "state"), kExpected[i].state) << kExpected[i].name;
    EXPECT_THAT(text_of(entry, "why"), HasSubstr(kExpected[i].why));
  }
  EXPECT_EQ(text_of(list.items[0], "abi"), "1.0");
  EXPECT_EQ(list.items[0].find("types")->items.size(), 2u);
  EXPECT_EQ(list.items[5].find("module"), nullptr) << "code that others can write was run";
  EXPECT_FALSE(std::filesystem::exists(dir.file("state")));

  const Ended page = plugin({"list", "-c", dir.file("agent.yaml")});
  EXPECT_THAT(page.out, testing::StartsWith("FILE "));
  EXPECT_THAT(page.out, HasSubstr("1.0  test.samples test.kinds  ok\n"));
  EXPECT_EQ(plugin({"list", "-c", dir.file("nowhere.yaml")}).code, 2);
}

TEST_F(PluginTools, ListSaysWhenItCannotKnowWhatIsSkipped) {
  for (const char* folder : {"p", "state"}) std::filesystem::create_directory(dir.file(folder));
  std::filesystem::copy_file(good("good"), dir.file("p/a.so"));
  std::filesystem::copy_file(refused("plain_text"), dir.file("p/b.so"));
  for (const char* name : {"p/a.so", "p/b.so"}) chmod(dir.file(name).c_str(), 0644);
  write_file(dir.file("agent.yaml"), "plugins: {native: [p], lua: []}\nstate: state\nchecks: []\n");
  const auto expect_unknown = [this](const std::string& why) {
    const Ended json = plugin({"list", "-c", dir.file("agent.yaml"), "--json"});
    EXPECT_EQ(json.code, 1);
    EXPECT_THAT(json.err, HasSubstr("the list of skipped plugins cannot be read: "));
    EXPECT_THAT(json.err, HasSubstr(why));
    const json::Value list = parsed(json.out);
    ASSERT_EQ(list.items.size(), 2u);
    EXPECT_EQ(text_of(list.items[0], "state"), "unknown");
    EXPECT_EQ(text_of(list.items[0], "module"), "test.good");
    EXPECT_EQ(text_of(list.items[1], "state"), "refused");
  };
  ASSERT_EQ(chmod(dir.file("state").c_str(), 0777), 0);
  expect_unknown("can be written by others");
  ASSERT_EQ(chmod(dir.file("state").c_str(), 0700), 0);
  EXPECT_EQ(plugin({"list", "-c", dir.file("agent.yaml")}).code, 0);
  std::filesystem::create_directory(dir.file("state/skipped-plugins"));
  expect_unknown("state/skipped-plugins: is not a regular file");
  if (geteuid() == 0) return;  // who may read everything
  ASSERT_EQ(chmod(dir.file("state").c_str(), 0), 0);
  expect_unknown("Permission denied");
  ASSERT_EQ(chmod(dir.file("state").c_str(), 0700), 0);
}

TEST_F(PluginTools, AGroupOfCommandsSaysWhatItHas) {
  Process process({virgo_binary(), "plugin"}, dir.file("group"));
  EXPECT_EQ(process.wait(), 2);
  EXPECT_THAT(process.err(), HasSubstr("plugin info "));
  EXPECT_THAT(process.err(), Not(HasSubstr("plugin describe")));
  EXPECT_EQ(plugin({"describe", "--help"}).code, 0);
  EXPECT_THAT(plugin({"inof"}).err, HasSubstr("did you mean 'plugin info'?"));
  EXPECT_THAT(plugin({"frobnicate"}).err,
              AllOf(HasSubstr("unknown command 'plugin frobnicate'; there are:\n"),
                    HasSubstr("\n  plugin info ")));
}

}  // namespace
}  // namespace virgo::functional
