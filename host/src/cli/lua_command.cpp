// virgo lua: runs a Lua program, or the REPL.
#include <array>
#include <utility>

#include "agent/paths.hpp"
#include "cli/cli.hpp"
#include "cli/commands.hpp"
#include "cli/lua_program.hpp"

namespace virgo::cli {
namespace {

int run_lua(const Args& args) {
  runtime::ProgramOptions options;
  options.executable = agent::executable() + "-lua";
  options.words = args.operands();
  options.source = args.get("execute");
  options.runtime_folder = args.get("runtime");
  options.profile.enabled = args.has("profile");
  options.profile.file = args.get("profile");
  options.profile.with_vm_state = args.has("profile-states");
  options.inspect_handles = args.has("inspect-handles");
  return run_program(std::move(options), "lua");
}

}  // namespace

const Command& lua_command() {
  static constexpr std::array kOptions{
      Option{"execute", 'e', "TEXT", "run TEXT in place of a file"},
      Option{"profile", 0, "[=FILE]", "at the end, where the time went, to standard error or FILE"},
      Option{"profile-states", 0, nullptr,
             "with --profile: also what the VM did (compiled code, C, ...)"},
      Option{"inspect-handles", 0, nullptr,
             "at the end and on SIGUSR1: what keeps the program alive"},
      Option{"runtime", 0, "DIR", "take the built-in modules from DIR (to work on them)"},
  };
  static const Command command{
      "lua",
      "[FILE [ARGUMENT...]]",
      "run a Lua program (net, http, tls, fs, ...), or a prompt without FILE",
      "FILE is run in a coroutine, so it may wait in straight lines. 'virgo-lua FILE' is the "
      "same.\n"
      "Without FILE on a terminal: a prompt; else the standard input is the program.\n"
      "--profile samples each millisecond of CPU time and writes folded stacks, a line\n"
      "'main;f (file:line);g (file:line) COUNT', for flamegraph.pl or speedscope.\n"
      "Exit codes: the program's own (process.exit, process.exitCode), 1 after an error.",
      kOptions,
      0,
      kAnyOperands,
      run_lua,
      false,
      true};
  return command;
}

}  // namespace virgo::cli
