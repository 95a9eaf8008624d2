// virgo plugin test: does a plugin keep the rules of virgo/plugin.h?
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/child_process.hpp"
#include "base/clock.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/cli.hpp"
#include "cli/commands.hpp"
#include "cli/lua_plugin.hpp"
#include "cli/lua_program.hpp"
#include "cli/set_options.hpp"
#include "cli/text_table.hpp"
#include "conform/runner.hpp"
#include "json/writer.hpp"
#include "native/elf_note.hpp"

namespace virgo::cli {
namespace {

using conform::TestResult;
using conform::Verdict;

int refuse(const std::string& what) {
  std::fprintf(stderr, "virgo plugin test: %s\n", what.c_str());
  return kUsage;
}

Result<conform::Target> target_of(const Args& args) {
  conform::Target target;
  char path[PATH_MAX];
  target.file = realpath(args.operands()[0].c_str(), path) == nullptr ? args.operands()[0]
                                                                      : std::string(path);
  target.type = args.get("type");
  auto params = params_of(args.all("set"));
  if (!params) return params.error();
  target.params = std::move(*params);
  target.seed = static_cast<std::uint64_t>(system_clock().wall());
  if (args.has("seed")) {
    const std::string& text = args.get("seed");
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), target.seed);
    if (error != std::errc() || end != text.data() + text.size())
      return Error{Errc::invalid, format("--seed: '{}' is no number", printable(text))};
  }
  return target;
}

Result<std::vector<const conform::Test*>> chosen_tests(const Args& args) {
  std::vector<const conform::Test*> out;
  if (!args.has("only")) {
    for (const conform::Test& test : conform::all_tests()) out.push_back(&test);
    return out;
  }
  for (const std::string& name : args.all("only")) {
    out.push_back(conform::find_test(name));
    if (out.back() != nullptr) continue;
    std::vector<std::string_view> names;
    for (const conform::Test& test : conform::all_tests()) names.emplace_back(test.name);
    const auto near = did_you_mean(name, names);
    return Error{Errc::invalid, format("--only: no test '{}'{}; --list shows them", printable(name),
                                       near.empty() ? "" : format(", did you mean '{}'?", near))};
  }
  return out;
}

int list_tests() {
  TextTable table({{"test"}, {"a plugin passes when"}});
  for (const conform::Test& test : conform::all_tests()) table.add({test.name, test.summary});
  std::fputs(table.text().c_str(), stdout);
  return kOk;
}

// In this process, for a debugger, and for the parent that started us so. Standard
// output is the report's; what the plugin prints goes to standard error.
int run_in_process(const conform::Target& target, const conform::Test& test) {
  const int report_fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  dup2(STDERR_FILENO, STDOUT_FILENO);
  set_log_level(LogLevel::error);
  conform::Report report(report_fd);
  test.run(target, report);
  report.end();
  // Not through exit(): destructors of libraries that were made to misbehave.
  _exit(kOk);
}

// The command that makes this program run one test in-process. `sets` are as given.
std::vector<std::string> child_arguments(const conform::Target& target,
                                         const std::vector<std::string>& sets,
                                         const conform::Test& test) {
  std::vector<std::string> out{own_program(), "plugin",       "test",
                               target.file,   "--in-process", "--only",
                               test.name,     "--seed",       std::to_string(target.seed)};
  if (!target.type.empty()) out.insert(out.end(), {"--type", target.type});
  for (const std::string& set : sets) out.insert(out.end(), {"--set", set});
  return out;
}

void print(const TestResult& result, bool notes) {
  std::printf("%-8s %-15s %s\n", conform::verdict_name(result.verdict), result.test->name,
              result.test->summary);
  for (const std::string& finding : result.findings)
    std::printf("           %s\n", one_line(finding).c_str());
  for (const std::string& missing : result.missing)
    std::printf("           %s\n", one_line(missing).c_str());
  if (notes || result.verdict == Verdict::failed)
    for (const std::string& note : result.notes)
      std::printf("           (%s)\n", one_line(note).c_str());
  std::fflush(stdout);
}

void write_list(json::Writer& json, const char* key, const std::vector<std::string>& list) {
  json.key(key);
  json.begin_array();
  for (const std::string& text : list) json.string(to_utf8(text));
  json.end_array();
}

std::string to_json(const conform::Target& target, const std::vector<TestResult>& results) {
  std::string out;
  json::Writer json(out);
  json.begin_object();
  json.key("file");
  json.string(to_utf8(target.file));
  json.key("seed");
  json.integer(target.seed);
  json.key("tests");
  json.begin_array();
  for (const TestResult& result : results) {
    json.begin_object();
    json.key("name");
    json.string(result.test->name);
    json.key("verdict");
    json.string(conform::verdict_name(result.verdict));
    json.key("seconds");
    json.number(static_cast<double>(result.took.count()) / 1e9);
    write_list(json, "findings", result.findings);
    write_list(json, "missing", result.missing);
    write_list(json, "notes", result.notes);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return out + "\n";
}

int run_tests(const conform::Target& target, const std::vector<std::string>& sets,
              const std::vector<const conform::Test*>& tests, bool json) {
  // The tests of leaks count what is allocated; malloc's caches per thread would count
  // as that. Read by the children when they start.
  setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0", 1);
  std::vector<TestResult> results;
  unsigned count[3] = {};
  for (const conform::Test* test : tests) {
    results.push_back(conform::run_test(*test, child_arguments(target, sets, *test)));
    ++count[static_cast<unsigned>(results.back().verdict)];
    if (!json) print(results.back(), tests.size() == 1);
  }
  const unsigned failed = count[static_cast<unsigned>(Verdict::failed)];
  const unsigned not_run = count[static_cast<unsigned>(Verdict::not_run)];
  if (json)
    std::fputs(to_json(target, results).c_str(), stdout);
  else
    std::printf("\n%u passed, %u failed, %u not run (seed %llu)\n", count[0], failed, not_run,
                static_cast<unsigned long long>(target.seed));
  return failed > 0 ? kFailed : not_run > 0 ? kUsage : kOk;
}

// NAME_test.lua beside NAME.lua, by the runtime of Lua programs.
int test_lua_plugin(const Args& args) {
  const std::string& file = args.operands()[0];
  for (const char* option : {"set", "type", "json", "list", "seed", "in-process"})
    if (args.has(option)) return refuse(format("--{} is for native plugins (*.so)", option));
  if (args.all("only").size() > 1) return refuse("--only: once, for a Lua plugin");
  if (file.ends_with("_test.lua"))
    return refuse(
        format("give the plugin's file, not its tests: {}.lua", file.substr(0, file.size() - 9)));
  const std::string tests = file.substr(0, file.size() - 4) + "_test.lua";
  for (const std::string& path : {file, tests})
    if (access(path.c_str(), R_OK) != 0) return refuse(path + ": " + std::strerror(errno));
  runtime::ProgramOptions options;
  options.executable = own_program() + "-lua";
  options.words = {tests, file, tests, own_program(), args.get("only")};
  options.source = "return require('internal/plugin_test')(...)";
  return run_program(std::move(options), "plugin test");
}

int test_plugin(const Args& args) {
  if (args.has("list")) return list_tests();
  if (args.operands().empty()) return refuse("which plugin? Give its file");
  if (is_lua_plugin(args.operands()[0])) return test_lua_plugin(args);
  const auto target = target_of(args);
  if (!target) return refuse(target.error().message);
  const auto tests = chosen_tests(args);
  if (!tests) return refuse(tests.error().message);
  if (args.has("in-process")) {
    if (tests->size() != 1) return refuse("--in-process runs one test: say which with --only NAME");
    return run_in_process(*target, *tests->front());
  }
  if (const auto note = native::read_abi_note(target->file); !note)
    return refuse(target->file + ": " + note.error().message);
  return run_tests(*target, args.all("set"), *tests, args.has("json"));
}

}  // namespace

const Command& plugin_test_command() {
  static constexpr Option kOptions[] = {
      {"only", 0, "NAME", "run this test only; may be given several times"},
      {"set", 's', "KEY=VALUE", "a parameter, as YAML; as often as needed"},
      {"type", 't', "TYPE", "test this check type only"},
      {"json", 'j', nullptr, "print the results as JSON"},
      {"list", 0, nullptr, "list the tests"},
      {"seed", 0, "NUMBER", "repeat what is random as in the run that printed it"},
      {"in-process", 0, nullptr, "run the one test in this process, under a debugger"},
  };
  static const Command command{
      "plugin test",
      "FILE [--set KEY=VALUE]... [--only NAME]...",
      "test whether a plugin keeps the rules of the ABI; run the tests of a Lua plugin",
      "Runs each test in a process of its own, in which the plugin meets an agent that watches\n"
      "it: its tables are read-only and end at an inaccessible page. Each check type is made,\n"
      "configured, run, cancelled and destroyed, with the parameters given.\n"
      "A Lua plugin NAME.lua is tested by NAME_test.lua beside it; --only is then a part of the\n"
      "names of the tests to be run.\n"
      "Exit codes: 0 all passed, 1 a test failed, 2 a test could not be run.",
      kOptions,
      0,
      1,
      test_plugin};
  return command;
}

}  // namespace virgo::cli
