// The functions of the global `virgo` that every kind of state has, and those of
// trusted states. Each opens into the table on top of the stack; to be called
// protected. Loop thread only.
#pragma once

#include <functional>
#include <memory>

#include "script/task.hpp"
#include "uv/loop.hpp"

struct lua_State;

namespace virgo::script {

// What the bindings need of their surroundings; a light upvalue of theirs, so it
// lives as long as the state.
struct Surroundings {
  uv::Loop& loop;
  const char* log_component = "lua";
  // Runs a function as a task of its own that nobody waits for; takes it, and
  // its arguments, from the top of L. Null where scripts may not.
  std::function<void(lua_State* L, int nargs)> spawn;
  // Ends the application with a code (trusted applications).
  std::function<void(int code)> exit;
};

//   sleep(seconds)         waits
//   now() -> seconds       monotonic
//   time() -> seconds      since 1970
//   log.error|warn|info|debug(text)
//   printable(text, max) -> text   for log lines
int open_virgo(lua_State* L, const Surroundings& surroundings);

//   spawn(function, ...)   runs it as a task of its own
//   current() -> task, suspend() -> ..., task:resume(...)   to wait for a
//                          callback of uv: resume() makes suspend() return
//   equal(a, b) -> boolean   in constant time
//   exit(code)
int open_virgo_trusted(lua_State* L, const Surroundings& surroundings);

}  // namespace virgo::script
