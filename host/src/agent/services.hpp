// What checks and scripts run on, in the order of their making. Internal to
// agent/.
#pragma once

#include "agent/check_types.hpp"
#include "lua/watchdog.hpp"
#include "native/host.hpp"
#include "script/check_services.hpp"
#include "script/lua_plugins.hpp"
#include "uv/worker_pool.hpp"

namespace virgo::agent {

struct CheckTypes::Services {
  lua::Watchdog watchdog;
  uv::WorkerPool workers;
  native::Host native;
  script::CheckServices lua;
  check::Registry registry;
  script::LuaPlugins plugins;

  Services(uv::Loop& loop, const Clock& clock, const config::AgentSpec& spec);
};

}  // namespace virgo::agent
