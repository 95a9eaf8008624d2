// The `run` that collect(run) gets. check_emit.cpp has its emit.
#include <algorithm>
#include <array>
#include <cstring>
#include <lua.hpp>

#include "base/format.hpp"
#include "base/text.hpp"
#include "binding/bindings.hpp"
#include "script/check_bindings.hpp"
#include "script/lua_check.hpp"
#include "script/lua_file.hpp"
#include "script/lua_run.hpp"

namespace virgo::script {
namespace {

using metric::Health;

constexpr const char* kRun = "virgo.run";
constexpr std::size_t kMaxText = 1024;  // of an explanation

struct RunRef {
  std::uint64_t id;
};

// run:explain(text)
int explain(lua_State* L) {
  LuaRun& run = check_run(L, "run:explain");
  std::size_t size = 0;
  const char* text = luaL_checklstring(L, 2, &size);
  run.run().explain({text, std::min(size, kMaxText)});
  return 0;
}

// run:state("ok" | "warn" | "critical" | "unknown" [, text]); the worst one counts
int state(lua_State* L) {
  LuaRun& run = check_run(L, "run:state");
  const char* word = luaL_checkstring(L, 2);
  std::size_t size = 0;
  const char* text = luaL_optlstring(L, 3, "", &size);
  for (const Health h : {Health::ok, Health::warn, Health::critical, Health::unknown})
    if (std::strcmp(word, metric::health_name(h)) == 0) {
      run.run().judge(h, {text, std::min(size, kMaxText)});
      return 0;
    }
  return luaL_error(L, "run:state: '%s' is no state; there are ok, warn, critical and unknown",
                    word);
}

// run:log(text)
int log(lua_State* L) {
  check_run(L, "run:log");
  std::size_t size = 0;
  const char* text = luaL_checklstring(L, 2, &size);
  LuaFile::of(L).log(LogLevel::info, {text, size});
  return 0;
}

// run:time_left() -> seconds until the deadline
int time_left(lua_State* L) {
  LuaRun& run = check_run(L, "run:time_left");
  const Duration left = run.run().deadline() - run.check().services().clock.now();
  lua_pushnumber(L, std::max(0.0, std::chrono::duration<double>(left).count()));
  return 1;
}

// Upvalue 1: the methods.
int index(lua_State* L) {
  lua_pushvalue(L, 2);
  lua_rawget(L, lua_upvalueindex(1));
  if (!lua_isnil(L, -1)) return 1;
  const char* key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  if (std::strcmp(key, "number") == 0) {
    lua_pushnumber(L, static_cast<double>(check_run(L, "run.number").run().number()));
    return 1;
  }
  if (std::strcmp(key, "check") == 0) {
    lua_pushstring(L, check_run(L, "run.check").check().name().c_str());
    return 1;
  }
  if (std::strcmp(key, "interval") == 0) {
    const Duration interval = check_run(L, "run.interval").check().interval();
    lua_pushnumber(L, std::chrono::duration<double>(interval).count());
    return 1;
  }
  return luaL_error(L,
                    "run has no '%s'; it has emit, explain, state, log, time_left, number, check "
                    "and interval",
                    key);
}

void push_run_metatable(lua_State* L) {
  static constexpr binding::Method kMethods[] = {{"emit", run_emit},       {"explain", explain},
                                                 {"state", state},         {"log", log},
                                                 {"time_left", time_left}, {nullptr, nullptr}};
  luaL_getmetatable(L, kRun);
  if (!lua_isnil(L, -1)) return;
  lua_pop(L, 1);
  binding::push_metatable(L, kRun, kMethods);  // meta
  lua_getfield(L, -1, "__index");
  lua_pushcclosure(L, index, 1);
  lua_setfield(L, -2, "__index");
}

}  // namespace

LuaRun& check_run(lua_State* L, const char* method) {
  const auto* ref = static_cast<RunRef*>(binding::check_self(L, kRun, method));
  LuaRun* run = LuaFile::of(L).current_run();
  if (run == nullptr || run->id() != ref->id)
    luaL_error(L, "%s: this run is over; use the one that collect(run) was given", method);
  return *run;
}

void push_run(lua_State* L, std::uint64_t id) {
  auto* ref = static_cast<RunRef*>(lua_newuserdata(L, sizeof(RunRef)));
  ref->id = id;
  push_run_metatable(L);
  lua_setmetatable(L, -2);
}

}  // namespace virgo::script
