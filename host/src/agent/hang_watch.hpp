// The last line against Lua that does not come back: when the watchdog cannot stop a
// check, because it is inside one call into C, the guilty one is noted down and the
// process executes itself anew, with its process number, without that check. Reports
// that waited for the endpoint are lost.
#pragma once

#include <memory>

#include "config/specs.hpp"
#include "lua/watchdog.hpp"
#include "script/hung_checks.hpp"

namespace virgo::agent {

// The checks that must not run: of the state folder, and of the process that was here
// before. What cannot be read is logged, and nothing is left out then. Main thread.
std::shared_ptr<const script::HungChecks> read_hung_checks(const config::AgentSpec& spec);

// From now on a check that uses limits.lua_grace of processor time in such a call is
// noted down, and the process replaced; in `virgo run` only. Main thread.
void watch_hangs(const config::AgentSpec& spec, lua::Watchdog& watchdog);

}  // namespace virgo::agent
