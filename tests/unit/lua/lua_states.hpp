// What the tests of lua/ share: one watchdog, states, and a witness that code
// was compiled.
#pragma once

#include <gtest/gtest.h>

#include <lua.hpp>
#include <memory>
#include <string>

#include "lua/state.hpp"
#include "lua/watchdog.hpp"

namespace virgo::lua {

inline std::unique_ptr<State> make_state(StateOptions options) {
  options.name = "test";
  options.memory_option = "limits.lua_memory";
  auto state = State::create(std::move(options));
  EXPECT_TRUE(state.ok()) << state.error().message;
  return std::move(state).value();
}

// Loads and calls `source`; results stay on the main thread's stack.
inline Exit run(State& state, const std::string& source, int results = 0) {
  const auto loaded = state.load(state.raw(), source, "@test.lua");
  EXPECT_TRUE(loaded.ok()) << loaded.error().message;
  return loaded.ok() ? state.call(state.raw(), 0, results) : Exit::error;
}

// Keeps where the traces begin that LuaJIT finishes in `state` from now on and that
// jit.util.traceinfo knows: the proof that what a test stopped was compiled code. (Once
// it is stopped its traces are gone.)
inline void watch_traces(State& state) {
  const auto ready = state.protect(
      [](lua_State* L) {
        lua_pushcfunction(L, luaopen_jit);
        lua_pushstring(L, "jit");
        lua_call(L, 1, 0);
        lua_getglobal(L, "jit");
        lua_getfield(L, -1, "attach");
        const char* counter =
            "local traceinfo, funcinfo = ...\n"
            "local places, place = '', ''\n"
            "return function(what, trace, func, pc)\n"
            "  if what == 'start' then place = funcinfo(func, pc).loc end\n"
            "  local info = what == 'stop' and traceinfo(trace)\n"
            "  if info and info.nins > 0 and info.linktype ~= 'none' then\n"
            "    places = places .. place .. '\\n'\n"
            "  end\n"
            "end, function() return places end";
        EXPECT_EQ(0, luaL_loadstring(L, counter));
        lua_getfield(L, LUA_REGISTRYINDEX, "_PRELOAD");
        lua_getfield(L, -1, "jit.util");
        lua_call(L, 0, 1);
        lua_getfield(L, -1, "traceinfo");
        lua_getfield(L, -2, "funcinfo");
        lua_remove(L, -3);
        lua_remove(L, -3);  // jit attach counter traceinfo funcinfo
        lua_call(L, 2, 2);
        lua_setfield(L, LUA_REGISTRYINDEX, "test.traces");  // jit attach on_trace
        lua_pushstring(L, "trace");
        lua_call(L, 2, 0);
        lua_pushnil(L);
        lua_setglobal(L, "jit");
        return 0;
      },
      nullptr);
  ASSERT_TRUE(ready.ok()) << ready.error().message;
}

// A line for each: "test.lua:7".
inline std::string traces(State& state) {
  lua_State* L = state.raw();
  lua_getfield(L, LUA_REGISTRYINDEX, "test.traces");
  lua_call(L, 0, 1);
  const std::string places = lua_tostring(L, -1);
  lua_pop(L, 1);
  return places;
}

}  // namespace virgo::lua
