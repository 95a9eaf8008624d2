// virgo config check | show | options
#include <cstdio>

#include "agent/check_types.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "cli/cli.hpp"
#include "cli/commands.hpp"
#include "cli/own_output.hpp"
#include "config/load.hpp"
#include "uv/loop.hpp"

namespace virgo::cli {
namespace {

void print(const config::Problems& problems) {
  for (const config::Problem& p : problems)
    std::fprintf(stderr, "%s\n", config::to_string(p).c_str());
}

// Creates every check, which configures it, and throws it away. Nothing runs.
config::Problems check_parameters(const config::AgentSpec& spec) {
  config::Problems problems;
  uv::Loop loop;
  {
    agent::CheckTypes types(loop, system_clock(), spec);
    for (const std::string& refusal : types.refusals())
      std::fprintf(stderr, "%s\n", refusal.c_str());
    for (const config::CheckSpec& check : spec.checks)
      if (check.enabled) (void)types.registry().create(check, problems);
  }
  loop.run();
  return problems;
}

int check(const Args& args) {
  const config::Loaded loaded = config::load(args.operands()[0], config::process_sources());
  config::Problems problems = loaded.problems;
  for (const config::FailedDropIn& file : loaded.spec.failed_drop_ins)
    problems.insert(problems.end(), file.problems.begin(), file.problems.end());
  // Parameters are looked at only when the rest can be trusted.
  if (loaded.problems.empty()) {
    const config::Problems found = check_parameters(loaded.spec);
    problems.insert(problems.end(), found.begin(), found.end());
  }
  print(problems);
  if (!problems.empty()) {
    std::fprintf(stderr, "%zu problem%s found\n", problems.size(), problems.size() == 1 ? "" : "s");
    return kUsage;
  }
  const auto counted = [](std::size_t n, const char* what) {
    return format("{} {}{}", n, what, n == 1 ? "" : "s");
  };
  std::printf("ok: %s in %s\n", counted(loaded.spec.checks.size(), "check").c_str(),
              counted(loaded.spec.files.size(), "file").c_str());
  return kOk;
}

// What a check type declares secret is masked; of a type that nobody has, that is not
// known, and all its parameters are.
void mask_secrets(config::AgentSpec& spec) {
  uv::Loop loop;
  {
    const agent::CheckTypes types(loop, system_clock(), spec);
    for (config::CheckSpec& check : spec.checks) {
      if (const check::CheckType* type = types.registry().find(check.type); type != nullptr)
        check::mark_secrets(*type, check.params);
      else
        for (config::Node& value : check.params.items) value.secret = true;
    }
  }
  loop.run();
}

int show(const Args& args) {
  config::Loaded loaded = config::load(args.operands()[0], config::process_sources());
  if (!loaded.problems.empty()) {
    print(loaded.problems);
    return kUsage;
  }
  for (const config::FailedDropIn& file : loaded.spec.failed_drop_ins) print(file.problems);
  const OwnOutput out;  // plugins are loaded
  mask_secrets(loaded.spec);
  out.write(config::show(loaded.spec));
  return kOk;
}

int options(const Args&) {
  std::fputs(config::options_reference().c_str(), stdout);
  return kOk;
}

}  // namespace

const Command& config_check_command() {
  static const Command command{
      "config check",
      "FILE",
      "check a configuration without running it",
      "Reads FILE and its drop-ins, loads the plugins, and configures every check; nothing is\n"
      "run and no connection is made. Prints every problem found as file:line:column: what.\n"
      "Exit code 0 if there is none, 2 otherwise.",
      {},
      1,
      1,
      check};
  return command;
}

const Command& config_show_command() {
  static const Command command{
      "config show",
      "FILE",
      "print the effective configuration, secrets masked",
      "With all defaults filled in, as YAML. The plugins are loaded, to know which parameters\n"
      "are secret. Exit code 2 if FILE cannot be used.",
      {},
      1,
      1,
      show};
  return command;
}

const Command& config_options_command() {
  static const Command command{
      "config options", "", "print the reference of all options (Markdown)", "", {}, 0, 0, options};
  return command;
}

}  // namespace virgo::cli
