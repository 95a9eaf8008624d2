// What Lua checks run on. All references outlive the checks.
#pragma once

#include <cstdint>

#include <vector>

#include "base/clock.hpp"
#include "config/specs.hpp"

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
  uv::WorkerPool& workers;                     // for files that may lie on a dead mount
  config::LimitsSpec limits{};                 // of every file; zeros for the defaults
  std::vector<config::LuaPluginSpec> files{};  // what single files may do
};

}  // namespace virgo::script
