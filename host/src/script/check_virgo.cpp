// virgo.* and print for Lua checks.
#include <cmath>
#include <lua.hpp>
#include <memory>

#include "base/format.hpp"
#include "lua/sandbox.hpp"
#include "lua/traceback.hpp"
#include "script/check_bindings.hpp"
#include "script/lua_check.hpp"
#include "script/lua_file.hpp"
#include "script/lua_run.hpp"
#include "uv/timer.hpp"

namespace virgo::script {
namespace {

constexpr double kMaxSleep = 86400;

// virgo.check{name=, ...} -> the same table
int declare_check(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  LuaFile::of(L).declare(L, 1);
  lua_settop(L, 1);
  return 1;
}

void write_log(lua_State* L, LogLevel level, const char* text, std::size_t size) {
  LuaFile& file = LuaFile::of(L);
  LuaRun* run = file.current();
  const std::string who = run != nullptr ? format("check '{}'", run->check().name()) : file.name();
  file.log().write(level, who, {text, size});
}

template <LogLevel level>
int log_text(lua_State* L) {
  std::size_t size = 0;
  const char* text = luaL_checklstring(L, 1, &size);
  write_log(L, level, text, size);
  return 0;
}

// print(...): like Lua's, into the log.
int print(lua_State* L) {
  const int count = lua_gettop(L);
  luaL_checkstack(L, count + 4, "print");
  lua_getglobal(L, "tostring");  // arguments tostring
  for (int i = 1; i <= count; ++i) {
    lua_pushvalue(L, count + 1);
    lua_pushvalue(L, i);
    lua_call(L, 1, 1);
    lua_replace(L, i);
  }
  lua_settop(L, count);
  for (int i = count; i > 1; --i) {
    lua_pushliteral(L, "\t");
    lua_insert(L, i);
  }
  if (count > 1) lua_concat(L, lua_gettop(L));
  std::size_t size = 0;
  const char* text = count == 0 ? "" : lua_tolstring(L, -1, &size);
  write_log(L, LogLevel::info, text == nullptr ? "" : text, size);
  return 0;
}

int open_print(lua_State* L) {
  lua_pushcfunction(L, print);
  return 1;
}

void start_sleep(lua_State* L, LuaRun& run, double seconds) {
  auto timer = std::make_shared<uv::Timer>(run.check().services().loop,
                                           [&run] { run.complete([](lua_State*) { return 0; }); });
  timer->start(Duration{static_cast<std::int64_t>(seconds * 1e9)});
  run.wait_for(L, format("virgo.sleep({})", seconds), std::move(timer));
}

// virgo.sleep(seconds)
int sleep(lua_State* L) {
  LuaRun& run = LuaRun::current(L, "virgo.sleep");
  const double seconds = luaL_checknumber(L, 1);
  if (!(seconds >= 0 && seconds <= kMaxSleep))
    return luaL_argerror(L, 1, "seconds, from 0 to 86400");
  lua::check_can_wait(L, "virgo.sleep");
  start_sleep(L, run, seconds);
  return lua::wait(L);
}

// virgo.now() -> seconds of a clock that never steps
int now(lua_State* L) {
  const TimePoint t = LuaFile::of(L).services().clock.now();
  lua_pushnumber(L, std::chrono::duration<double>(t.time_since_epoch()).count());
  return 1;
}

// virgo.time() -> seconds since 1970
int time(lua_State* L) {
  lua_pushnumber(L, static_cast<double>(LuaFile::of(L).services().clock.wall()) / 1e9);
  return 1;
}

}  // namespace

int open_check_virgo(lua_State* L) {
  const luaL_Reg functions[] = {
      {"check", declare_check}, {"sleep", sleep}, {"now", now}, {"time", time}, {nullptr, nullptr}};
  const luaL_Reg levels[] = {{"error", log_text<LogLevel::error>},
                             {"warn", log_text<LogLevel::warn>},
                             {"info", log_text<LogLevel::info>},
                             {"debug", log_text<LogLevel::debug>},
                             {nullptr, nullptr}};
  lua_createtable(L, 0, 5);
  luaL_setfuncs(L, functions, 0);
  lua_createtable(L, 0, 4);
  luaL_setfuncs(L, levels, 0);
  lua_setfield(L, -2, "log");
  lua::add_lazy_global(L, "print", open_print);
  return 1;
}

}  // namespace virgo::script
