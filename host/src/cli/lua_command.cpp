// virgo lua: runs a Lua program, or the REPL.
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "agent/paths.hpp"
#include "cli/cli.hpp"
#include "cli/commands.hpp"
#include "runtime/program.hpp"
#include "uv/loop.hpp"
#include "uv/terminal.hpp"

namespace virgo::cli {
namespace {

// Ends here and now: whatever the program still has open is its own decision.
[[noreturn]] void leave(int code) {
  std::fflush(nullptr);
  uv::restore_terminal();
  ::_exit(code);
}

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
  options.exit = leave;
  int code = kOk;
  uv::Loop loop;
  {
    auto program = runtime::Program::start(loop, std::move(options));
    if (!program) {
      std::fprintf(stderr, "virgo lua: %s\n", program.error().message.c_str());
      return kFailed;
    }
    do loop.run();
    while (!(*program)->finish(code));
  }
  loop.run();  // last goodbyes
  return code;
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
