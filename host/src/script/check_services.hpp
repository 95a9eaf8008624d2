// What Lua checks run on. All references outlive the checks.
#pragma once

#include <cstdint>

#include "base/clock.hpp"

namespace virgo::uv {
class Loop;
class WorkerPool;
}  // namespace virgo::uv
namespace virgo::lua {
class Watchdog;
}

namespace virgo::script {

struct CheckServices {
  uv::Loop& loop;
  const Clock& clock;
  lua::Watchdog& watchdog;
  uv::WorkerPool& workers;                           // for files that may lie on a dead mount
  std::uint64_t memory = 8u << 20;                   // bytes per file (limits.lua_memory)
  Duration budget = std::chrono::milliseconds(100);  // limits.lua_budget
};

}  // namespace virgo::script
