// Straight-line scripts over an event loop: a Coroutine runs a Lua function that
// may wait; a binding that has to wait starts its work and yields, and the host
// goes on with the coroutine when the work is done.
//
//   binding (C function)                     host
//   check_can_wait(L, "net.connect")
//   ... start the work ...
//   return wait(L)  ----------------------> resume() returned `yielded`
//                                            ... the work is done: push results
//   returns the results to the script <----- resume(n)
//
// In plugin states coroutine.* passes a wait on, so that a binding may also be
// called inside a coroutine of the script's own. Loop thread only.
#pragma once

#include <string>
#include <utility>

#include "lua/state.hpp"

struct lua_State;

namespace virgo::lua {

// Keeps one Lua thread alive. Destroying it while it waits drops the script
// where it stands; none of its code runs again. Must not outlive its State.
class Coroutine {
 public:
  Coroutine() = default;
  // A new thread, empty.
  explicit Coroutine(State& state);
  Coroutine(Coroutine&& other) noexcept { *this = std::move(other); }
  Coroutine& operator=(Coroutine&& other) noexcept;
  ~Coroutine() { drop(); }

  explicit operator bool() const { return thread_ != nullptr; }
  // Push the function (the first time) and the arguments or results here.
  lua_State* raw() const { return thread_; }

  // As State::resume(). After `done` the thread can be used for another
  // function (pop what is left of the results first).
  Exit resume(int nargs) { return state_->resume(thread_, nargs); }

  void drop();

 private:
  State* state_ = nullptr;
  lua_State* thread_ = nullptr;
  int ref_ = -1;
};

// Raises an error if `L` cannot wait here: in the file's main part, or below a
// C function that cannot be left and re-entered (string.gsub).
// `function` is the binding's name. To be called before anything is started.
void check_can_wait(lua_State* L, const char* function);

// Last statement of a binding: `return wait(L);`
int wait(lua_State* L);

// True if the value on top of `coroutine`, which has just yielded, comes from
// wait(); pops it. Otherwise the script itself has called coroutine.yield() at
// its outermost level.
bool take_wait(lua_State* coroutine);

// Leaves the `coroutine` table of plugin states on the stack. May raise.
int open_wrapped_coroutines(lua_State* L);

}  // namespace virgo::lua
