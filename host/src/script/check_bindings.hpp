// What Lua checks can call, beside what binding/ offers to all scripts: virgo.check
// and the `run`. lua-plugins/README.md is the reference. Internal to script/.
#pragma once

#include <cstdint>

struct lua_State;

namespace virgo::script {

class LuaRun;

// Sets up the global `virgo` of a check file's state. May raise; for State::protect().
void bind_check_globals(lua_State* L);

// Leaves the table `virgo` on the stack. May raise.
int open_check_virgo(lua_State* L);

// Pushes the userdata that stands for run `id` of this file.
void push_run(lua_State* L, std::uint64_t id);
// Argument 1 as the run that is executing; a run that is over, or another
// instance's, raises an error. `method` is for the message.
LuaRun& check_run(lua_State* L, const char* method);

// run:emit
int run_emit(lua_State* L);

}  // namespace virgo::script
