// virgo.exec: another program, run to its end. Loop thread only.
#pragma once

struct lua_State;

namespace virgo::binding {

// Leaves the function on the stack; may raise:
//   exec{ "/path", "argument", ..., env=, stdin=, max_output=, timeout=, cwd= }  waits
//     -> { code= or signal=, stdout=, stderr=, truncated=, left_behind=, seconds= } | nil, error
int open_exec(lua_State* L);

}  // namespace virgo::binding
