#include "script/virgo_binding.hpp"

#include <lua.hpp>

#include <new>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "crypto/random.hpp"
#include "uv/timer.hpp"

namespace virgo::script {
namespace {

constexpr const char* kTaskMeta = "virgo.task";

const Surroundings& surroundings_of(lua_State* L) {
  return *static_cast<const Surroundings*>(lua_touserdata(L, lua_upvalueindex(1)));
}

int virgo_sleep(lua_State* L) {
  const double seconds = luaL_checknumber(L, 1);
  luaL_argcheck(L, seconds >= 0 && seconds < 1e9, 1, "seconds, not negative");
  Task& task = Tasks::of(L).waitable(L, "virgo.sleep");
  auto timer = std::make_shared<std::unique_ptr<uv::Timer>>();
  *timer = std::make_unique<uv::Timer>(surroundings_of(L).loop, [&task, timer] {
    const auto keep = std::move(*timer);  // the timer ends with this call
    task.wake([](lua_State*) { return 0; });
  });
  (*timer)->start(Duration(static_cast<std::int64_t>(seconds * 1e9)));
  return task.wait(L, "virgo.sleep", [timer] { timer->reset(); });
}

int virgo_now(lua_State* L) {
  const auto now = system_clock().now().time_since_epoch();
  lua_pushnumber(L, static_cast<double>(now.count()) / 1e9);
  return 1;
}

int virgo_time(lua_State* L) {
  lua_pushnumber(L, static_cast<double>(system_clock().wall()) / 1e9);
  return 1;
}

template <LogLevel level>
int virgo_log(lua_State* L) {
  std::size_t n = 0;
  const char* text = luaL_checklstring(L, 1, &n);
  log_message(level, surroundings_of(L).log_component, {text, n});
  return 0;
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

void add(lua_State* L, const char* name, lua_CFunction function, const Surroundings& s) {
  lua_pushlightuserdata(L, const_cast<Surroundings*>(&s));
  lua_pushcclosure(L, function, 1);
  lua_setfield(L, -2, name);
}

// A task that waits in suspend(), for whoever is to resume it. Knows when the
// task has gone or has been resumed.
struct Suspended {
  Task* task = nullptr;
};
using SharedSuspended = std::shared_ptr<Suspended>;

int task_collect(lua_State* L) {
  static_cast<SharedSuspended*>(lua_touserdata(L, 1))->~SharedSuspended();
  return 0;
}

int task_resume(lua_State* L) {
  const SharedSuspended handle = *static_cast<SharedSuspended*>(luaL_checkudata(L, 1, kTaskMeta));
  Task* task = std::exchange(handle->task, nullptr);
  if (task == nullptr || !task->waiting()) return 0;
  const int n = lua_gettop(L) - 1;
  task->wake([L, n](lua_State* to) {
    lua_xmove(L, to, n);
    return n;
  });
  return 0;
}

// One handle per task and wait, kept in the registry under the task's address.
int virgo_current(lua_State* L) {
  Task* task = Tasks::of(L).running();
  if (task == nullptr) return luaL_error(L, "virgo.current: no task is running");
  void* memory = lua_newuserdata(L, sizeof(SharedSuspended));
  if (luaL_newmetatable(L, kTaskMeta) != 0) {
    lua_pushcfunction(L, task_collect);
    lua_setfield(L, -2, "__gc");
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, task_resume);
    lua_setfield(L, -2, "resume");
    lua_setfield(L, -2, "__index");
  }
  auto* handle = new (memory) SharedSuspended(std::make_shared<Suspended>());
  (*handle)->task = task;
  lua_setmetatable(L, -2);
  lua_pushlightuserdata(L, task);
  lua_pushvalue(L, -2);
  lua_rawset(L, LUA_REGISTRYINDEX);
  return 1;
}

int virgo_suspend(lua_State* L) {
  Task& task = Tasks::of(L).waitable(L, "virgo.suspend");
  lua_pushlightuserdata(L, &task);
  lua_rawget(L, LUA_REGISTRYINDEX);
  if (lua_isnil(L, -1))
    return luaL_error(L, "virgo.suspend: call virgo.current() first, for whoever is to resume");
  SharedSuspended handle = *static_cast<SharedSuspended*>(lua_touserdata(L, -1));
  lua_pushlightuserdata(L, &task);
  lua_pushnil(L);
  lua_rawset(L, LUA_REGISTRYINDEX);
  return task.wait(L, "virgo.suspend", [handle] { handle->task = nullptr; });
}

int virgo_spawn(lua_State* L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  surroundings_of(L).spawn(L, lua_gettop(L) - 1);
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
  surroundings_of(L).exit(static_cast<int>(luaL_optinteger(L, 1, 0)));
  return 0;
}

}  // namespace

int open_virgo(lua_State* L, const Surroundings& s) {
  add(L, "sleep", virgo_sleep, s);
  add(L, "now", virgo_now, s);
  add(L, "time", virgo_time, s);
  add(L, "printable", virgo_printable, s);
  lua_createtable(L, 0, 4);
  add(L, "error", virgo_log<LogLevel::error>, s);
  add(L, "warn", virgo_log<LogLevel::warn>, s);
  add(L, "info", virgo_log<LogLevel::info>, s);
  add(L, "debug", virgo_log<LogLevel::debug>, s);
  lua_setfield(L, -2, "log");
  return 0;
}

int open_virgo_trusted(lua_State* L, const Surroundings& s) {
  add(L, "spawn", virgo_spawn, s);
  add(L, "current", virgo_current, s);
  add(L, "suspend", virgo_suspend, s);
  add(L, "equal", virgo_equal, s);
  add(L, "exit", virgo_exit, s);
  return 0;
}

}  // namespace virgo::script
