// A Lua program on the runtime: all of LuaJIT's libraries, `uv` (luv), and the
// modules of host/runtime. What `virgo lua` runs. Loop thread only.
//
//   Program::start()   the main file runs, in a coroutine, until it first waits
//   loop.run()         callbacks; an error in one is the program's end
//   finish()           nothing is left to wait for: 'exit', and the exit code
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "lua/state.hpp"
#include "uv/loop.hpp"

struct lua_State;

namespace virgo::runtime {

class Worker;

// --profile: where the time goes, as folded stacks ("main;a;b 12" per line).
struct ProfileOptions {
  bool enabled = false;
  std::string file;            // "" = standard error
  bool with_vm_state = false;  // the last frame says what the VM did: compiled code, C, ...
};

struct ProgramOptions {
  std::string executable;          // what process.argv[0] names
  std::vector<std::string> words;  // the main file and its arguments; none = the REPL
  std::string source;              // a chunk to run in place of the main file; "" = none
  const char* component = "lua";   // its name in the host's log
  std::string settings;            // JSON, for require("virgo").settings; "" = none
  std::string runtime_folder;      // built-in modules come from here; "" = from the binary
  // Set for the state of a thread (worker.hpp): it runs functions in place of a main file.
  Worker* worker = nullptr;
  ProfileOptions profile;
  bool inspect_handles = false;  // what keeps the loop alive, at the end and on SIGUSR1
  // process.exit(code), and the end by an error. May end the process; if it
  // returns, the script goes on until it comes back to the loop.
  std::function<void(int code)> exit;
};

class Program {
 public:
  // Errors are Virgo's own (a damaged build). What is wrong with the program goes
  // to its uncaughtException, or to stderr, and to options.exit(1).
  static Result<std::unique_ptr<Program>> start(uv::Loop& loop, ProgramOptions options);
  // Closes the program's handles; turns the loop for that.
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  static Program& of(lua_State* L) { return *static_cast<Program*>(lua::State::of(L).owner()); }

  // When the loop has nothing left: tells the program, which may start something
  // again (then false). Otherwise true, and `code` is the exit code.
  bool finish(int& code);

  const ProgramOptions& options() const { return options_; }
  uv::Loop& loop() const { return loop_; }
  lua::State& state() const { return *state_; }

  // Calls the function below its `nargs` arguments on top of `L`, without results,
  // for a native half that calls back from the loop. An error is the program's.
  void call(lua_State* L, int nargs);
  // Pushes what runs the main file; in a worker what runs a function, given its code
  // and its arguments.
  void push_entry() const;
  // The last call failed: tells the program, and ends it.
  void uncaught();

 private:
  Program(uv::Loop& loop, ProgramOptions options) : loop_(loop), options_(std::move(options)) {}
  static int open(lua_State* L);
  Result<void> start();

  uv::Loop& loop_;
  ProgramOptions options_;
  std::unique_ptr<lua::State> state_;
  int uncaught_ref_ = -1;  // of host/runtime/main.lua
  int finish_ref_ = -1;
};

}  // namespace virgo::runtime
