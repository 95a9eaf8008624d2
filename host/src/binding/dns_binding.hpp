// virgo.dns: questions to name servers, and to the system. lua-plugins/README.md is the
// reference. Loop thread only.
#pragma once

struct lua_State;

namespace virgo::binding {

// Leaves the table with `query` and `lookup` on the stack. May raise.
int open_dns(lua_State* L);

}  // namespace virgo::binding
