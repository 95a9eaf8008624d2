// Runs a program on the Lua runtime, to its end. Main thread.
#pragma once

#include "runtime/program.hpp"

namespace virgo::cli {

// The exit code; a program that ends itself (process.exit) ends the process. `command` for
// messages: "lua".
int run_program(runtime::ProgramOptions options, const char* command);

}  // namespace virgo::cli
