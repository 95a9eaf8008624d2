// What the options of `virgo plugin run` ask for. Any thread.
#pragma once

#include <cstdint>

#include "cli/args.hpp"
#include "config/specs.hpp"

namespace virgo::cli {

struct RunPlan {
  config::CheckSpec spec;  // interval, timeout, params
  std::string wanted;      // check type; "" = the only one
  std::uint64_t runs = 0;  // 0 = until interrupted
  bool json = false;
  bool step = false;    // a run for each line of standard input, in place of an interval
  bool watch = false;   // when the file changes, load it again and go on
  std::string overlay;  // of a Lua plugin: a folder over the host's files
};

// The error is a sentence that begins with the option that is wrong.
Result<RunPlan> run_plan(const Args& args);

}  // namespace virgo::cli
