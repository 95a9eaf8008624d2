// Worker: a Lua state and a loop of their own for a thread of a program. What it
// runs has all of the runtime's modules and shares nothing with the program.
//
// Made, used and destroyed on any thread, by one at a time.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "runtime/program.hpp"
#include "uv/loop.hpp"

struct lua_State;

namespace virgo::runtime {

// What may pass from one state to another: nil, booleans, numbers, strings.
using ThreadValue = std::variant<std::monostate, bool, double, std::string>;
using ThreadValues = std::vector<ThreadValue>;

// Appends the values from `first` to `last`. False, with its place in `bad`, at the
// first that may not pass. Raises nothing.
bool read_values(lua_State* L, int first, int last, ThreadValues& out, int& bad);
// Pushes them; may raise.
void push_values(lua_State* L, const ThreadValues& values);

class Worker {
 public:
  struct Outcome {
    bool failed = false;
    ThreadValues values;    // what the function returned
    std::string message;    // of the error, if it failed
    std::string traceback;  // of the error
  };

  // `parent`: of the program. Its executable, words and runtime_folder count.
  static Result<std::unique_ptr<Worker>> create(const ProgramOptions& parent, std::uint64_t id);
  ~Worker();

  // Calls the function that `code` is, bytecode or text, in a coroutine, and runs the
  // loop until nothing is left to wait for. With `last` the program in it then ends.
  Outcome run(const std::string& code, const ThreadValues& arguments, bool last);
  // Whether run() may be called again: not after an error, or process.exit().
  bool usable() const { return !exited_; }

  // Told by the state.
  void returned(ThreadValues values) { outcome_.values = std::move(values); }
  void failed(std::string message, std::string traceback);
  std::uint64_t id() const { return id_; }

 private:
  explicit Worker(std::uint64_t id) : id_(id) {}

  std::uint64_t id_;
  uv::Loop loop_;
  std::unique_ptr<Program> program_;
  Outcome outcome_;
  bool exited_ = false;
};

}  // namespace virgo::runtime
