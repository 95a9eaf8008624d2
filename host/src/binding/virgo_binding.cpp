#include "binding/virgo_binding.hpp"

#include <lua.hpp>
#include <memory>

#include "base/format.hpp"
#include "binding/options.hpp"
#include "binding/strand.hpp"
#include "uv/timer.hpp"

namespace virgo::binding {
namespace {

constexpr double kMaxSleep = 86400;

void start_sleep(lua_State* L, Strand& strand, double seconds) {
  auto timer = std::make_shared<uv::Timer>(
      strand.context().loop(), [&strand] { strand.complete([](lua_State*) { return 0; }); });
  timer->start(as_duration(seconds));
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

}  // namespace virgo::binding
