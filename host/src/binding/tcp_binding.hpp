// virgo.tcp, virgo.tls and virgo.unix: connections for scripts. What waits, waits at most
// until the strand ends (a run's deadline); what is opened is closed with the strand.
// lua-plugins/README.md is the reference. Loop thread only.
#pragma once

struct lua_State;

namespace virgo::binding {

// Each leaves its table with `connect` on the stack. May raise.
int open_tcp(lua_State* L);
int open_tls(lua_State* L);
int open_unix(lua_State* L);

}  // namespace virgo::binding
