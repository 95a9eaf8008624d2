#include "cli/lua_program.hpp"

#include <unistd.h>

#include <cstdio>
#include <utility>

#include "cli/cli.hpp"
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

}  // namespace

int run_program(runtime::ProgramOptions options, const char* command) {
  options.exit = leave;
  int code = kOk;
  uv::Loop loop;
  {
    auto program = runtime::Program::start(loop, std::move(options));
    if (!program) {
      std::fprintf(stderr, "virgo %s: %s\n", command, program.error().message.c_str());
      return kFailed;
    }
    do loop.run();
    while (!(*program)->finish(code));
  }
  loop.run();  // last goodbyes
  return code;
}

}  // namespace virgo::cli
