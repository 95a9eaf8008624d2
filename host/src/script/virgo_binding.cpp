#include "script/virgo_binding.hpp"

#include <cstdio>
#include <lua.hpp>
#include <memory>
#include <new>

#include "base/format.hpp"
#include "base/text.hpp"
#include "crypto/random.hpp"
#include "script/bindings.hpp"
#include "uv/timer.hpp"

namespace virgo::script {
namespace {

constexpr const char* kSuspended = "virgo.suspended";
constexpr double kMaxSleep = 86400;

void start_sleep(lua_State* L, Strand& strand, double seconds) {
  auto timer = std::make_shared<uv::Timer>(
      strand.context().loop(), [&strand] { strand.complete([](lua_State*) { return 0; }); });
  timer->start(Duration{static_cast<std::int64_t>(seconds * 1e9)});
  strand.wait_for(L, format("virgo.sleep({})", seconds), std::move(timer));
}

int virgo_sleep(lua_State* L) {
  Strand& strand = Strand::current(L, "virgo.sleep");
  const double seconds = luaL_checknumber(L, 1);
  if (!(seconds >= 0 && seconds <= kMaxSleep))
    return luaL_argerror(L, 1, "seconds, from 0 to 86400");
  lua::check_can_wait(L, "virgo.sleep");
  start_sleep(L, strand, seconds);
  return lua::wait(L);
}

int virgo_now(lua_State* L) {
  const TimePoint t = Context::of(L).clock().now();
  lua_pushnumber(L, std::chrono::duration<double>(t.time_since_epoch()).count());
  return 1;
}

int virgo_time(lua_State* L) {
  lua_pushnumber(L, static_cast<double>(Context::of(L).clock().wall()) / 1e9);
  return 1;
}

template <LogLevel level>
int virgo_log(lua_State* L) {
  std::size_t n = 0;
  const char* text = luaL_checklstring(L, 1, &n);
  Context::of(L).log(level, {text, n});
  return 0;
}

Application& application_of(lua_State* L) {
  return *static_cast<Application*>(lua_touserdata(L, lua_upvalueindex(1)));
}

int virgo_printable(lua_State* L) {
  std::size_t n = 0;
  const char* text = luaL_checklstring(L, 1, &n);
  const auto max = static_cast<std::size_t>(luaL_optinteger(L, 2, 64));
  // Into the stack, so that no string object lives where an error may be raised.
  char buffer[1024];
  std::snprintf(buffer, sizeof buffer, "%s",
                printable({text, n}, std::min<std::size_t>(max, 200)).c_str());
  lua_pushstring(L, buffer);
  return 1;
}

// A strand that will wait, or waits, in suspend(); null once it is resumed or
// dropped. Shared by the script's handle and the wait.
struct Suspended {
  Strand* strand = nullptr;
};
using SharedSuspended = std::shared_ptr<Suspended>;

SharedSuspended& check_suspended(lua_State* L) {
  return *static_cast<SharedSuspended*>(luaL_checkudata(L, 1, kSuspended));
}

int suspended_collect(lua_State* L) {
  static_cast<SharedSuspended*>(lua_touserdata(L, 1))->~SharedSuspended();
  return 0;
}

int suspended_resume(lua_State* L) {
  const SharedSuspended handle = check_suspended(L);
  Strand* strand = std::exchange(handle->strand, nullptr);
  if (strand == nullptr || !strand->waiting()) return 0;
  const int n = lua_gettop(L) - 1;
  strand->complete([L, n](lua_State* to) {
    lua_xmove(L, to, n);
    return n;
  });
  return 0;
}

int virgo_current(lua_State* L) {
  Strand& strand = Strand::current(L, "virgo.current");
  void* memory = lua_newuserdata(L, sizeof(SharedSuspended));
  if (luaL_newmetatable(L, kSuspended) != 0) {
    lua_pushcfunction(L, suspended_collect);
    lua_setfield(L, -2, "__gc");
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, suspended_resume);
    lua_setfield(L, -2, "resume");
    lua_setfield(L, -2, "__index");
  }
  auto* handle = new (memory) SharedSuspended(std::make_shared<Suspended>());
  (*handle)->strand = &strand;
  lua_setmetatable(L, -2);
  return 1;
}

// suspend(handle) -> what handle:resume(...) is given
int virgo_suspend(lua_State* L) {
  Strand& strand = Strand::current(L, "virgo.suspend");
  const SharedSuspended handle = check_suspended(L);
  lua::check_can_wait(L, "virgo.suspend");
  strand.wait_for(L, "virgo.suspend",
                  std::shared_ptr<void>(nullptr, [handle](void*) { handle->strand = nullptr; }));
  return lua::wait(L);
}

int virgo_spawn(lua_State* L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  application_of(L).spawn(L, lua_gettop(L) - 1);
  return 0;
}

int virgo_equal(lua_State* L) {
  std::size_t n = 0;
  std::size_t m = 0;
  const char* a = luaL_checklstring(L, 1, &n);
  const char* b = luaL_checklstring(L, 2, &m);
  lua_pushboolean(L, crypto::equal_constant_time({a, n}, {b, m}) ? 1 : 0);
  return 1;
}

int virgo_exit(lua_State* L) {
  application_of(L).exit(static_cast<int>(luaL_optinteger(L, 1, 0)));
  return 0;
}

}  // namespace

void open_virgo(lua_State* L) {
  const luaL_Reg functions[] = {
      {"sleep", virgo_sleep}, {"now", virgo_now}, {"time", virgo_time}, {nullptr, nullptr}};
  const luaL_Reg levels[] = {{"error", virgo_log<LogLevel::error>},
                             {"warn", virgo_log<LogLevel::warn>},
                             {"info", virgo_log<LogLevel::info>},
                             {"debug", virgo_log<LogLevel::debug>},
                             {nullptr, nullptr}};
  luaL_setfuncs(L, functions, 0);
  lua_createtable(L, 0, 4);
  luaL_setfuncs(L, levels, 0);
  lua_setfield(L, -2, "log");
}

void open_virgo_application(lua_State* L, Application& application) {
  add_function(L, "spawn", virgo_spawn, &application);
  add_function(L, "exit", virgo_exit, &application);
  const luaL_Reg functions[] = {{"current", virgo_current},
                                {"suspend", virgo_suspend},
                                {"equal", virgo_equal},
                                {"printable", virgo_printable},
                                {nullptr, nullptr}};
  luaL_setfuncs(L, functions, 0);
}

}  // namespace virgo::script
