// What Lua checks can call. Each check_*.cpp beside this file
// holds one global; lua-plugins/README.md is their reference. Internal to script/.
#pragma once

#include <cstdint>

struct lua_State;

namespace virgo::script {

// Sets up the globals of a check file's state: virgo at once, net, fs and json
// when first used. May raise; for State::protect().
void bind_check_globals(lua_State* L);

// Leave their tables on the stack. May raise.
int open_check_virgo(lua_State* L);
int open_check_fs(lua_State* L);

// Pushes the userdata that stands for run `id` of this file.
void push_run(lua_State* L, std::uint64_t id);

}  // namespace virgo::script
