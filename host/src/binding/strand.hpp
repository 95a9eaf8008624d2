// Strand: a script that runs as a coroutine and may wait, and what it has opened.
// Context: what the strands of one state share.
//
//   binding (C function)                       loop
//   Strand& s = Strand::current(L, "x")
//   check_can_wait(L, "x")
//   ... start the operation, whose callback
//       calls s.complete(...) ...
//   s.wait_for(L, "x of y", operation)
//   return lua::wait(L)  --------------------> other work
//                        <-------------------- s.complete(push results)
//
// A check's run and a task (a connection of a server, a conversation) are
// strands, and so is each function of virgo.parallel(), which works for the strand
// that called it. When a strand ends, its operation is destroyed and everything it
// opened is closed; nothing calls back afterwards. Loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "binding/scope.hpp"
#include "lua/coroutine.hpp"
#include "lua/state.hpp"
#include "uv/loop.hpp"

struct lua_State;

namespace virgo::uv {
class WorkerPool;
}

namespace virgo::binding {

class FileJob;
class Strand;
struct Permits;

// The owner of a state (lua::State::set_owner), as bindings find it.
class Context {
 public:
  // `workers` is for files that may lie on a dead mount; null where nothing reads any.
  Context(uv::Loop& loop, const Clock& clock, uv::WorkerPool* workers = nullptr);
  virtual ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  static Context& of(lua_State* L) { return *static_cast<Context*>(lua::State::of(L).owner()); }

  uv::Loop& loop() const { return loop_; }
  const Clock& clock() const { return clock_; }
  uv::WorkerPool* workers() const { return workers_; }
  // The strand whose code executes now; null outside of strands.
  Strand* running() const { return running_; }
  // Connections that were closed and still send what was written before.
  const std::shared_ptr<unsigned>& lingering() const { return lingering_; }
  // The most bytes one read may give the script.
  virtual std::size_t max_read() const { return 16u << 20; }
  // The most that is under way for one run may hold beside the script's memory: four
  // times its cap.
  std::size_t max_held() const { return 16 * max_read(); }
  // The most resources one run may have open at a time.
  virtual std::size_t max_open() const { return 64; }
  // What the code that executes may reach; nothing unless overridden.
  virtual const Permits& permits() const;
  // The strand that executes has begun to read a file, which may never end.
  virtual void watch(const std::shared_ptr<FileJob>&) {}
  // Who executes: a check, "" outside of a run, and the file it is from, with that file's
  // identity when it was loaded; "" if it is nobody's that could be left out.
  struct Executing {
    std::string check;
    std::string file;
    std::string identity;
  };
  virtual Executing executing() const { return {}; }

  // The code that executes has met a bound on what it may have or do, and may catch the
  // error: `limit` is the option, `value` what it says, `text` a sentence.
  virtual void exceeded(const char* /*limit*/, std::string /*value*/, std::string /*text*/) {}
  // Around each time that a strand's code executes.
  virtual void entering(Strand&) {}
  virtual void left(Strand&) {}
  // A resource was opened: for those who list them. `kind` and `what` as Resource has them.
  virtual void opened(const char* /*kind*/, std::string_view /*what*/) {}
  // The code that executes made use of a permit: `list` is "net", "exec" or "read".
  virtual void used(const char* /*list*/, std::string_view /*what*/) {}
  // A folder that lies over the host's files, for tests: what it has is read, and run,
  // in place of the host's. "" = none. See file_to_use().
  virtual const std::string& overlay() const;
  virtual void log(LogLevel level, std::string_view text) = 0;

 private:
  friend class Strand;
  uv::Loop& loop_;
  const Clock& clock_;
  uv::WorkerPool* const workers_;
  Strand* running_ = nullptr;
  std::uint64_t strands_ = 0;  // made so far
  const std::shared_ptr<unsigned> lingering_ = std::make_shared<unsigned>(0);
};

class Strand {
 public:
  // With a scope of its own.
  Strand(Context& context, lua::Coroutine coroutine);
  // One that works for `parent`, in its scope, and ends before it does.
  Strand(Strand& parent, lua::Coroutine coroutine);
  virtual ~Strand();
  Strand(const Strand&) = delete;
  Strand& operator=(const Strand&) = delete;

  // The strand whose code is executing. Raises an error outside of one;
  // `function` is the binding's name.
  static Strand& current(lua_State* L, const char* function);

  Context& context() const { return context_; }
  // The strand this one works for; itself, if for none.
  Strand& root() { return root_ == nullptr ? *this : *root_; }
  // What it and those that work for it have opened.
  Scope& scope() const { return *scope_; }
  std::uint64_t id() const { return id_; }  // never used again in its context
  lua::Coroutine& coroutine() { return coroutine_; }

  // A binding has started `operation` (kept until the wait ends) and is about to
  // yield in `L`; `what` is for people: "net.connect to db:5432".
  void wait_for(lua_State* L, std::string what, std::shared_ptr<void> operation);
  bool waiting() const { return waiting_in_ != nullptr; }
  // The operation is done: `push` leaves the binding's results on the given
  // stack and returns how many. The script goes on; this may be destroyed when
  // it returns.
  void complete(const std::function<int(lua_State*)>& push);
  // The same, for operations that have none but an error.
  void complete_error(const Error& error, const char* status);

  // "net.connect to db:5432 at redis.lua:12"; "" while it does not wait.
  std::string waiting_in() const;

  // The state is spent (`exit` is over_budget or over_memory): a strand that works for
  // this one met a limit. May destroy this.
  virtual void broke(lua::Exit exit) = 0;

 protected:
  // Runs the script until it waits or ends: `nargs` values are on its coroutine.
  lua::Exit resume(int nargs);
  // After complete(): resume(), and what the kind of strand does with its end.
  virtual void go_on(int nargs) = 0;

 private:
  Context& context_;
  const std::uint64_t id_;
  lua::Coroutine coroutine_;
  lua_State* waiting_in_ = nullptr;
  std::string waiting_for_;
  Strand* const root_ = nullptr;
  std::unique_ptr<Scope> own_scope_;  // of a root
  Scope* const scope_;
  std::shared_ptr<void> operation_;  // destroyed before what is open
};

}  // namespace virgo::binding
