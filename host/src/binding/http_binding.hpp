// virgo.http: requests for scripts, one connection each. lua-plugins/README.md is the
// reference. Loop thread only.
#pragma once

struct lua_State;

namespace virgo::binding {

// Leaves the table with `request` and `get` on the stack. May raise.
int open_http(lua_State* L);

}  // namespace virgo::binding
