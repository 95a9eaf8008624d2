// virgo.icmp: echo requests. lua-plugins/README.md is the reference. Loop thread only.
#pragma once

struct lua_State;

namespace virgo::binding {

// Leaves the table with `ping` on the stack. May raise.
int open_icmp(lua_State* L);

}  // namespace virgo::binding
