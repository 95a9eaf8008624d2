// The bounds of one Lua plugin file. Plain value.
#pragma once

#include <cstdint>

#include "base/clock.hpp"
#include "config/specs.hpp"

namespace virgo::script {

struct FileLimits {
  std::uint64_t memory = 8u << 20;                        // bytes
  Duration budget = std::chrono::milliseconds(100);       // without returning to the loop
  Duration cpu_per_run = std::chrono::milliseconds(500);  // processor time
  Duration cpu_per_minute = std::chrono::seconds(5);      // of all its runs
  std::uint32_t sockets = 64;                             // open in one run, children too
  std::uint32_t log_lines = 60;                           // a minute
  std::uint32_t series = 2000;                            // of one check
};

// What `own` (may be null) says, else `all`, else the above.
FileLimits limits_of(const config::LimitsSpec& all, const config::LuaPluginSpec* own);

}  // namespace virgo::script
