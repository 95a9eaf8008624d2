// native.terminal: what a prompt needs of the process.
//
//   guard(fd, text)   text is written to the terminal if the process ends; nil: no more
//   interrupts(fn)    SIGINT calls fn from the loop; nil: it does what it did before
//   interrupted()     whether a SIGINT came that fn was not yet called for; forgets it
//   busy(flag)        while set, Lua that runs at a SIGINT gets the error "interrupted"
//                     instead
//
// The handler sets a count hook, which is what Lua allows in a signal handler. Compiled
// code does not look at hooks, but leaves at a tick of the profiler, which therefore
// runs meanwhile. Should all that not help, a call into C that does not return, the
// second SIGINT ends the process.
#include <lua.hpp>

#include <memory>

#include "lua/state.hpp"
#include "runtime/natives.hpp"
#include "runtime/program.hpp"
#include "uv/signal.hpp"
#include "uv/terminal.hpp"

namespace virgo::runtime {
namespace {

struct Interrupts {
  lua::State* state = nullptr;
  std::unique_ptr<uv::Signal> signal;  // libuv's own handler, which wakes the loop
  struct sigaction previous {};
  int callback_ref = LUA_NOREF;
};
// One program per process has the terminal.
Interrupts g_interrupts;
volatile sig_atomic_t g_pending = 0;
volatile sig_atomic_t g_busy = 0;

void interrupt_hook(lua_State* L, lua_Debug*) {
  lua_sethook(L, nullptr, 0, 0);
  g_pending = 0;
  luaL_error(L, "interrupted");
}

extern "C" void on_interrupt(int number) {
  if (g_pending != 0) {
    uv::restore_terminal();
    signal(number, SIG_DFL);
    raise(number);
    return;
  }
  g_pending = 1;
  if (g_busy != 0 && g_interrupts.state->running())
    lua_sethook(g_interrupts.state->raw(), interrupt_hook, LUA_MASKCOUNT, 1);
  g_interrupts.previous.sa_handler(number);
}

// The loop came round, so no Lua runs.
void interrupted() {
  if (g_pending == 0) return;
  g_pending = 0;
  lua_State* L = g_interrupts.state->raw();
  lua_sethook(L, nullptr, 0, 0);
  lua_rawgeti(L, LUA_REGISTRYINDEX, g_interrupts.callback_ref);
  Program::of(L).call(L, 0);
}

// The profiler is there for its ticks alone; --profile has its own.
void set_busy(lua_State* L, bool busy) {
  lua_sethook(L, nullptr, 0, 0);
  if (busy == (g_busy != 0)) return;
  g_busy = busy ? 1 : 0;
  if (Program::of(L).options().profile.enabled) return;
  if (busy)
    luaJIT_profile_start(
        L, "li10", [](void*, lua_State*, int, int) {}, nullptr);
  else
    luaJIT_profile_stop(L);
}

void stop_interrupts(lua_State* L) {
  Interrupts& interrupts = g_interrupts;
  if (!interrupts.signal) return;
  set_busy(L, false);
  sigaction(SIGINT, &interrupts.previous, nullptr);
  interrupts.signal.reset();
  g_pending = 0;
  luaL_unref(L, LUA_REGISTRYINDEX, interrupts.callback_ref);
}

void start_interrupts(lua_State* L) {
  Program& program = Program::of(L);
  Interrupts& interrupts = g_interrupts;
  interrupts.state = &program.state();
  interrupts.signal = std::make_unique<uv::Signal>(program.loop(), SIGINT, interrupted);
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, &interrupts.previous);
}

int interrupts(lua_State* L) {
  stop_interrupts(L);
  if (lua_isnoneornil(L, 1)) return 0;
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_settop(L, 1);
  g_interrupts.callback_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  start_interrupts(L);
  return 0;
}

int busy(lua_State* L) {
  if (g_interrupts.signal) set_busy(L, lua_toboolean(L, 1) != 0);
  return 0;
}

int was_interrupted(lua_State* L) {
  lua_pushboolean(L, g_pending != 0 ? 1 : 0);
  g_pending = 0;
  return 1;
}

int guard(lua_State* L) {
  const int fd = static_cast<int>(luaL_checkinteger(L, 1));
  std::size_t size = 0;
  const char* text = luaL_optlstring(L, 2, "", &size);
  uv::guard_terminal(fd, {text, size});
  return 0;
}

}  // namespace

int open_terminal(lua_State* L) {
  static const luaL_Reg functions[] = {{"guard", guard},
                                       {"interrupts", interrupts},
                                       {"busy", busy},
                                       {"interrupted", was_interrupted},
                                       {nullptr, nullptr}};
  lua_createtable(L, 0, 4);
  luaL_register(L, nullptr, functions);
  return 1;
}

void close_terminal(lua_State* L) {
  stop_interrupts(L);
}

}  // namespace virgo::runtime
