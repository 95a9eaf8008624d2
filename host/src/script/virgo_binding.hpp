// The functions of the global `virgo` that every kind of state has, and those of
// applications. Loop thread only.
#pragma once

#include <functional>

#include "script/strand.hpp"

struct lua_State;

namespace virgo::script {

// Adds to the table on top of the stack; may raise:
//   sleep(seconds)         waits
//   now() -> seconds       of a clock that never steps
//   time() -> seconds      since 1970
//   log.error|warn|info|debug(text)   through Context::log
void open_virgo(lua_State* L);

// What applications may do beside that. A light upvalue of the functions, so it
// lives as long as the state.
struct Application {
  // Runs the function and its arguments, on top of L, as a task of its own.
  std::function<void(lua_State* L, int nargs)> spawn;
  // Ends the application.
  std::function<void(int code)> exit;
};

// Adds to the table on top of the stack; may raise:
//   spawn(function, ...)   runs it as a task of its own
//   current() -> strand, suspend() -> ..., strand:resume(...)   to wait for a
//                          callback of uv: resume() makes suspend() return
//   equal(a, b) -> boolean   in constant time
//   printable(text, max) -> text   for log lines
//   exit(code)
void open_virgo_application(lua_State* L, Application& application);

}  // namespace virgo::script
