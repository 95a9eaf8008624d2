// What the options of `virgo plugin run` ask for. Any thread.
#pragma once

#include <cstdint>

#include "cli/args.hpp"
#include "config/specs.hpp"

namespace virgo::cli {

struct RunPlan {
  config::CheckSpec spec;  // interval, timeout, params, and perhaps a type
  std::uint64_t runs = 0;  // 0 = until interrupted
  bool json = false;
};

// The error is a sentence that begins with the option that is wrong.
Result<RunPlan> run_plan(const Args& args);

}  // namespace virgo::cli
