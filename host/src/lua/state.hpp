// State: one lua_State with its memory accounted and capped, and the only gate
// through which its code is entered.
//
// Two kinds. A plugin state runs files from operators: no io, debug, ffi, jit,
// bytecode, nothing that reaches disk or processes; what it may do is added by
// script/. A trusted state runs Virgo's own Lua with all libraries.
//
// The cap holds while Lua runs (inside call() and resume()); the host's own
// pushes between are let through, because an error raised there would have
// nobody to catch it, and count from the next call on. A state that these have
// brought to twice its cap is stopped, though it may ask for no memory itself.
//
// After over_budget or over_memory the state is spent: it must be closed and
// made anew, since nothing could stop it another time. Until then its code is not
// run: calls fail. Loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "lua/failure.hpp"

struct lua_State;
struct lua_Debug;

namespace virgo::lua {

class BlockPool;
class Watchdog;

enum class StateKind : std::uint8_t { plugin, trusted };

struct StateOptions {
  StateKind kind = StateKind::plugin;
  std::string name;              // for messages: the file's
  std::uint64_t memory = 0;      // bytes; 0 = no cap
  Duration budget{};             // of one call; 0 or less: none
  Watchdog* watchdog = nullptr;  // outlives the state; not needed without a budget
  // The options of the configuration that set the two bounds, for messages; or "".
  const char* memory_option = "";
  const char* budget_option = "";
};

class State {
 public:
  static constexpr std::size_t kMaxSource = std::size_t{256} * 1024;

  static Result<std::unique_ptr<State>> create(StateOptions options);
  // Nothing of this state may be running. Handles that luv made must be closed
  // before (luv.hpp).
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // The main thread of the state.
  lua_State* raw() const { return L_; }
  // The state any lua_State* belongs to. Never raises, costs nothing.
  static State& of(lua_State* L);

  const StateOptions& options() const { return options_; }
  // Bytes allocated now; traces' machine code is not counted.
  std::size_t memory() const { return used_; }
  bool spent() const { return spent_; }
  // Whether a call into Lua is open. Also for signal handlers on the loop thread.
  bool running() const { return depth_ > 0; }

  // The state is about to be closed: nobody calls back into it any more. For those who
  // have callbacks to ask; call() and resume() go on working.
  void silence() { silent_ = true; }
  bool silent() const { return silent_; }

  // A further bound on processor time, beyond that of each call. Zero: none.
  struct Allowance {
    Duration left{};          // for the calls to come
    Duration limit{};         // for messages: what it was at first,
    const char* per = "";     // "in one run",
    const char* option = "";  // and who set it
  };
  // Holds until it is set again.
  void set_allowance(const Allowance& allowance) { allowance_ = allowance; }
  // Processor time of all calls so far; zero without a budget.
  Duration cpu_used() const { return cpu_used_; }

  // What bindings find their host object by. Not owned.
  void set_owner(void* owner) { owner_ = owner; }
  void* owner() const { return owner_; }

  // Where errors go that happen in a callback, so that no caller sees them.
  std::function<void(const Failure&)> callback_failed;

  // Calls the function below its `nargs` arguments on top of `L` (the main
  // thread, or a running one from inside a binding), protected and under the
  // budget. `done`: the `nresults` results are on top (LUA_MULTRET = all).
  // Otherwise everything is popped, and failure() says why.
  Exit call(lua_State* L, int nargs, int nresults);
  // Starts or goes on with a coroutine; same rules. `done` and `yielded`: the
  // values are all of its stack.
  Exit resume(lua_State* coroutine, int nargs);
  // Of the last call that failed. Valid until the next one.
  const Failure& failure() const { return failure_; }

  // Pushes the value the last failed call raised; nil in plugin states, which do not
  // keep it, and when Lua was stopped. Raises nothing.
  void push_error(lua_State* L) const;

  // Raises an error if calls from C into Lua and back are nested so deep that the
  // C stack is in danger. For bindings that call Lua functions. May raise.
  void check_c_stack(lua_State* L) const;

  // For C functions that run long: whether the running call is to be stopped, which
  // costs nothing to ask, and what raises the error that stops it if so. May raise.
  static bool stopping(lua_State* L);
  static void check_stopped(lua_State* L);

  // For a binding that has pushed `results` under HostWork and does not wait: `return
  // State::pushed(L, n)`. Raises an error if the state is at twice its cap.
  static int pushed(lua_State* L, int results);

  // Compiles `source` (text, never bytecode) and leaves the function on top of
  // `L`; an error has the line. `chunk` as Lua writes it: "@redis.lua". In a plugin
  // state the globals that are tables are read-only from the first load on, and the
  // source has at most kMaxSource bytes: compiling is not stopped by the budget.
  Result<void> load(lua_State* L, const std::string& source, const std::string& chunk);

  // Runs `set_up(L, arg)` protected, without budget: for host work that may raise.
  Result<void> protect(int (*set_up)(lua_State*), void* arg);

 private:
  // A script may catch "not enough memory" and go on; not for ever.
  static constexpr int kMaxDenials = 4;

  explicit State(StateOptions options);
  static void* allocate(void* self, void* block, std::size_t old_size, std::size_t new_size);
  static void stop_hook(lua_State* L, lua_Debug* ar);
  static int on_error(lua_State* L);
  friend class HostWork;
  bool denied(std::size_t growth);
  bool is_overfull() const;
  void deny_all();
  void enter();
  void leave();
  Exit failed(lua_State* L, int code);
  Exit refuse_spent();

  StateOptions options_;
  std::unique_ptr<BlockPool> pool_;  // of trusted states
  lua_State* L_ = nullptr;
  void* owner_ = nullptr;
  std::size_t used_ = 0;
  int depth_ = 0;                  // calls open
  const char* c_stack_ = nullptr;  // where the outermost of them began
  Allowance allowance_;
  bool on_allowance_ = false;  // it, not the budget, bounds the open call
  Duration cpu_used_{};
  int error_ref_ = -1;        // on_error, in the registry
  int error_value_ref_ = -1;  // what was raised last, in trusted states
  int host_work_ = 0;         // HostWork objects
  int denials_ = 0;           // allocations refused during this call
  bool refuse_all_ = false;
  bool silent_ = false;
  bool stopped_ = false;  // the watchdog's hook was set during this call
  bool spent_ = false;
  char stopped_at_[80] = "";
  Failure failure_;
};

// While one exists no allocation of the state is refused, so that a binding with
// C++ objects in its frame can push its results: an error raised there would
// skip their destructors. What is pushed counts from then on.
class HostWork {
 public:
  explicit HostWork(lua_State* L) : state_(State::of(L)) { ++state_.host_work_; }
  ~HostWork() { --state_.host_work_; }
  HostWork(const HostWork&) = delete;
  HostWork& operator=(const HostWork&) = delete;

 private:
  State& state_;
};

}  // namespace virgo::lua
