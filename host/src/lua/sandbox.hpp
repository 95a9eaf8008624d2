// What a fresh state can reach. Internal to lua/, but for add_lazy_global().
// Functions for State::protect(): they may raise.
#pragma once

struct lua_State;

namespace virgo::lua {

// Plugin states: the base functions, string, and on first use table, math, bit,
// coroutine and os (clock, date, difftime, time). `load` takes text only,
// `collectgarbage` cannot stop the collector. Left out: io, debug, ffi, jit,
// package, require, newproxy, print, everything that reads files or bytecode.
int open_sandbox(lua_State* L);

// Trusted states: all of LuaJIT's libraries.
int open_everything(lua_State* L);

// In a plugin state: the global `name` is what `open` leaves on the stack, which
// is called when the name is first used. May raise.
void add_lazy_global(lua_State* L, const char* name, int (*open)(lua_State*));

}  // namespace virgo::lua
