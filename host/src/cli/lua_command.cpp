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
      Option{"runtime", 0, "DIR", "take the built-in modules from DIR (to work on them)"},
  };
  static const Command command{
      "lua",
      "[FILE [ARGUMENT...]]",
      "run a Lua program (net, http, tls, fs, ...), or a prompt without FILE",
      "FILE is run in a coroutine, so it may wait in straight lines. 'virgo-lua FILE' is the "
      "same.\n"
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
