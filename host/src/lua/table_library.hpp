// The table library of plugin states. Internal to lua/.
#pragma once

struct lua_State;

namespace virgo::lua {

// Leaves the table on the stack: LuaJIT's, but sort and insert cannot run long in one
// call into C. May raise.
int open_table_library(lua_State* L);

}  // namespace virgo::lua
