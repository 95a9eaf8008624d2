// virgo.hash, virgo.base64 and virgo.random: what log-ins and fingerprints are made of.
// lua-plugins/README.md is the reference. Loop thread only.
#pragma once

struct lua_State;

namespace virgo::binding {

// Each leaves its table, or function, on the stack. May raise.
int open_hash(lua_State* L);
int open_base64(lua_State* L);
int open_random(lua_State* L);

}  // namespace virgo::binding
