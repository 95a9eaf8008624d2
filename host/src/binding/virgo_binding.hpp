// The functions of the global `virgo` that every kind of state has. Loop thread only.
#pragma once

struct lua_State;

namespace virgo::binding {

// Adds to the table on top of the stack; may raise:
//   sleep(seconds)         waits
//   now() -> seconds       of a clock that never steps
//   time() -> seconds      since 1970
//   log.error|warn|info|debug(text)   through Context::log
void open_virgo(lua_State* L);

}  // namespace virgo::binding
