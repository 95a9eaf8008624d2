// Runs another program to its end, with its output in memory: for what may crash
// or hang, such as looking into somebody's plugin. No shell is involved.
//
// Blocks the calling thread; any thread, also while others run.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace virgo {

struct ChildLimits {
  std::size_t output = 4 << 20;  // bytes kept of each stream; the rest is read and dropped
};

struct ChildResult {
  bool timed_out = false;  // it was killed, with all it had started
  int exit_code = -1;      // -1: ended by a signal
  int signal = 0;          // 0: ended by itself
  std::string out;
  std::string err;
};

// Runs `argv` (argv[0] is looked up in PATH when it has no slash) until it ends or
// `timeout` is over. The child has our environment, /dev/null as its standard
// input, no other open file of ours, no blocked or ignored signal, and a process
// group of its own: when this returns, it and all processes of that group are gone.
//
// Fails when the program cannot be started. A program that cannot do its work is
// no failure here: see exit_code.
Result<ChildResult> run_child(const std::vector<std::string>& argv, Duration timeout,
                              ChildLimits limits = {});

// The file of the running program, symbolic links resolved; "" if unknown.
std::string own_program();

// "SIGSEGV", "SIGKILL"; "signal 64" for one without a name.
std::string signal_name(int number);

}  // namespace virgo
