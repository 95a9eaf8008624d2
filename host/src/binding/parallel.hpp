// virgo.parallel: several functions of a script at once, with a common deadline.
// Loop thread only.
#pragma once

struct lua_State;

namespace virgo::binding {

// Adds `parallel` to the table on top of the stack; may raise:
//   parallel({f, g, ...} [, {timeout = seconds}]) -> {{ok = true, value = ...},
//                                                     {ok = false, error = ...}, ...}
// Waits until all functions have returned or the time is over. A function has failed
// when it raises an error, or returns nil and an error. What they open belongs to the
// run, so that a connection may be handed on.
void open_parallel(lua_State* L);

}  // namespace virgo::binding
