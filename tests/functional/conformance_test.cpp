// `virgo plugin test` finds what each evil plugin does, and finds nothing where there
// is nothing to find.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/child_process.hpp"
#include "functional/world.hpp"
#include "json/value.hpp"

namespace virgo::functional {
namespace {

using ::testing::HasSubstr;

ChildResult plugin_test(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {virgo_binary(), "plugin", "test"});
  auto done = run_child(arguments, std::chrono::minutes(4));
  EXPECT_TRUE(done.ok()) << done.error().message;
  return done ? std::move(*done) : ChildResult{};
}

std::string evil(const std::string& name) {
  return std::string(VIRGO_TEST_PLUGIN_DIR) + "/evil/" + name + ".so";
}

struct Evil {
  const char* plugin;
  const char* test;     // that has to find it
  const char* finding;  // part of what it says
};
void PrintTo(const Evil& e, std::ostream* out) {
  *out << e.plugin;
}

class EvilPlugin : public ::testing::TestWithParam<Evil> {};

TEST_P(EvilPlugin, IsFound) {
  const Evil& e = GetParam();
  const auto done = plugin_test({evil(e.plugin), "--only", e.test, "--json"});
  EXPECT_EQ(done.exit_code, 1) << done.out << done.err;
  const auto report = json::parse(done.out);
  ASSERT_TRUE(report.ok()) << done.out;
  const json::Value& test = report->find("tests")->items.at(0);
  EXPECT_EQ(test.find("name")->text, e.test);
  EXPECT_EQ(test.find("verdict")->text, "failed");
  std::string findings;
  for (const json::Value& finding : test.find("findings")->items) findings += finding.text + "\n";
  EXPECT_THAT(findings, HasSubstr(e.finding));
}

constexpr Evil kEvil[] = {
    {"aborts", "collect", "crashed (SIGABRT) in: collect() of 'evil.aborts'"},
    {"bad_stride", "collect", "emit() was given a stride that is not that of a virgo_sample"},
    {"blocks_loop", "loop-latency", "its budget is 5ms"},
    {"chdir", "process-state", "the working directory changed from"},
    {"complete_after_destroy", "late-calls", "complete() was called after destroy()"},
    {"crashes_on_config", "configure", " in: configure() with path: "},
    {"create_leak", "create-destroy",
     "destroy() of 'evil.create_leak' leaks file descriptors: 1.00"},
    {"double_complete", "collect", "complete() of something that has ended"},
    {"environment", "process-state", "the environment changed"},
    {"exits", "collect", "ended the process (exit code 0) in: collect()"},
    {"exits", "older-hosts", "ended the process (exit code 0) in: collect()"},
    {"exits_77", "older-hosts", "ended the process (exit code 77) in: collect()"},
    {"fd_leak", "repeat", "a run of 'evil.fd_leak' leaks file descriptors: 1.00 each time"},
    {"forks", "process-state", "child processes changed from"},
    {"huge_label", "collect", "emit() went beyond a limit"},
    {"ignores_cancel", "cancel", "did not end within 2 s of being cancelled"},
    {"ignores_cancel", "configure", "did not end its run after configure() with nothing"},
    {"ignores_cancel", "process-state", "has not returned from a run that was given up"},
    {"ignores_cancel", "late-calls", "has not returned from a run that was given up"},
    {"instance_leak", "create-destroy", "leaks memory"},
    {"invalid_utf8", "collect", "a label's value is not UTF-8: \"caf\\xe9\""},
    {"late_config", "threads", "the configuration was read outside configure(): size()"},
    {"locale", "process-state", "the locale changed from C to C.UTF-8"},
    {"memory_leak", "repeat", "a run of 'evil.memory_leak' leaks memory"},
    {"needs_extension", "older-hosts", "in an agent of ABI 1.0 without extensions"},
    {"never_completes", "collect", "had not ended its run at the deadline of 5s"},
    {"noisy_constructor", "quiet-load", "static constructors or virgo_module_v1() called open"},
    {"pipe_leak", "repeat", "a run of 'evil.pipe_leak' leaks file descriptors: 2.00 each time"},
    {"reads_newer_member", "older-hosts", " in an agent of ABI 1.0"},
    {"second_symbol", "exports", "it exports 1 symbol beside virgo_module_v1 (evil_helper)"},
    {"signal_handler", "process-state", "the handler of SIGUSR2 changed from"},
    {"speechless", "collect", "without a word: explain() what is wrong"},
    {"thread_leak", "repeat", "leaks threads: 1.00 each time"},
    {"umask", "process-state", "the umask changed from"},
    {"writes_past_size", "collect", " in: collect() of 'evil.writes_past_size'"},
    {"writes_table", "collect", " in: collect() of 'evil.writes_table'"},
    {"wrong_thread", "threads", "timer_start() was called on the wrong thread"},
    {"wrong_type", "collect", "emit() was given something invalid"},
};

INSTANTIATE_TEST_SUITE_P(Conformance, EvilPlugin, ::testing::ValuesIn(kEvil), [](const auto& i) {
  std::string name = std::string(i.param.plugin) + "_" + i.param.test;
  for (char& c : name)
    if (c == '-') c = '_';
  return name;
});

// What is leaked is found also where there are few descriptors to leak: they may be
// all taken before it is clear how many are lost each time.
TEST(Conformance, LeaksOfDescriptorsAreFoundWhereThereAreFew) {
  struct Case {
    const char* limit;
    const char* plugin;
    const char* test;
    const char* finding;
  };
  constexpr Case kCases[] = {
      {"1024", "pipe_leak", "repeat", "leaks file descriptors: 2.00 each time"},
      {"128", "pipe_leak", "repeat", "a run of 'evil.pipe_leak' leaks file descriptors: "},
      {"1024", "create_leak", "create-destroy", "leaks file descriptors: 1.00 each time"},
      {"1024", "create_leak", "create-destroy", " times: 'evil.create_leak' could not be created"},
  };
  for (const Case& c : kCases) {
    const std::string command = std::string("ulimit -n ") + c.limit + " && exec \"$@\"";
    const auto done = run_child({"/bin/sh", "-c", command, "sh", virgo_binary(), "plugin", "test",
                                 evil(c.plugin), "--only", c.test},
                                std::chrono::minutes(4));
    ASSERT_TRUE(done.ok()) << done.error().message;
    EXPECT_EQ(done->exit_code, 1) << done->out << done->err;
    EXPECT_THAT(done->out, HasSubstr(c.finding)) << c.limit;
  }
}

// Every evil plugin there is, is in the list above.
TEST(Conformance, NoEvilIsForgotten) {
  std::size_t files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(VIRGO_TEST_PLUGIN_DIR) + "/evil")) {
    const std::string name = entry.path().stem().string();
    ++files;
    EXPECT_TRUE(std::any_of(std::begin(kEvil), std::end(kEvil), [&name](const Evil& e) {
      return e.plugin == name;
    })) << name;
  }
  EXPECT_GE(files, 15u);
}

class OwnPlugin : public ::testing::TestWithParam<std::string> {};

// All that ship.
std::vector<std::string> own_plugins() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(source_dir() + "/plugins"))
    if (std::filesystem::exists(entry.path() / "CMakeLists.txt") && entry.is_directory())
      names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

TEST_P(OwnPlugin, Conforms) {
  const std::string file = std::filesystem::path(virgo_binary()).parent_path().string() +
                           "/../lib/virgo/plugins/" + GetParam() + ".so";
  const auto done = plugin_test({file});
  EXPECT_EQ(done.exit_code, 0) << done.out << done.err;
  EXPECT_THAT(done.out, HasSubstr("13 passed, 0 failed, 0 not run"));
}

INSTANTIATE_TEST_SUITE_P(Conformance, OwnPlugin, ::testing::ValuesIn(own_plugins()),
                         [](const auto& i) { return i.param; });

// ---- The command

TEST(Conformance, ListsItsTests) {
  const auto done = plugin_test({"--list"});
  EXPECT_EQ(done.exit_code, 0);
  for (const char* test : {"descriptor", "quiet-load", "create-destroy", "older-hosts"})
    EXPECT_THAT(done.out, HasSubstr(test));
}

TEST(Conformance, SaysWhatIsWrongWithTheCommand) {
  const std::string good = std::string(VIRGO_TEST_PLUGIN_DIR) + "/test_good.so";
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{}, "which plugin? Give its file"},
      {{"/nonexistent.so"}, "/nonexistent.so: cannot be opened"},
      {{"/etc/passwd"}, "/etc/passwd: is not a shared library"},
      {{good, "--only", "colect"}, "no test 'colect', did you mean 'collect'?"},
      {{good, "--set", "nothing"}, "--set 'nothing': write KEY=VALUE"},
      {{good, "--set", "a=1", "--set", "a=2"}, "--set a: is given twice"},
      {{good, "--set", "a=1\n  b: 2"}, "--set a: "},
      {{good, "--seed", "x"}, "--seed: 'x' is no number"},
      {{good, "--in-process"}, "--in-process runs one test"},
  };
  for (const auto& [arguments, text] : cases) {
    const auto done = plugin_test(arguments);
    EXPECT_EQ(done.exit_code, 2) << text;
    EXPECT_THAT(done.err, HasSubstr(text));
  }
}

TEST(Conformance, WhatCannotBeTriedForWantOfParametersIsNotPassed) {
  const std::string file = evil("crashes_on_config");
  const auto done = plugin_test({file, "--only", "collect", "--set", "nonsense=1"});
  EXPECT_EQ(done.exit_code, 2) << done.out;
  EXPECT_THAT(done.out, HasSubstr("not run"));
  EXPECT_THAT(done.out, HasSubstr("has no parameter 'nonsense'"));
}

TEST(Conformance, ACheckTypeCanBeChosen) {
  const auto done =
      plugin_test({evil("double_complete"), "--only", "collect", "--type", "evil.other"});
  EXPECT_EQ(done.exit_code, 1);
  EXPECT_THAT(done.out, HasSubstr("no check type 'evil.other'; it has: evil.double_complete"));
}

}  // namespace
}  // namespace virgo::functional
