// virgo.fs: small files as a whole. lua-plugins/README.md is the reference. Loop thread
// only.
#pragma once

struct lua_State;

namespace virgo::binding {

// Leaves the table on the stack. May raise.
int open_fs(lua_State* L);

}  // namespace virgo::binding
