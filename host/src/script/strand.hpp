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
// strands. When a strand ends, its operation is destroyed and everything it
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
#include "lua/coroutine.hpp"
#include "lua/state.hpp"
#include "uv/loop.hpp"

struct lua_State;

namespace virgo::script {

class Socket;
class Strand;

// The owner of a state (lua::State::set_owner), as bindings find it.
class Context {
 public:
  Context(uv::Loop& loop, const Clock& clock);
  virtual ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  static Context& of(lua_State* L) { return *static_cast<Context*>(lua::State::of(L).owner()); }

  uv::Loop& loop() const { return loop_; }
  const Clock& clock() const { return clock_; }
  // The strand whose code executes now; null outside of strands.
  Strand* running() const { return running_; }
  // The most bytes one read may give the script.
  virtual std::size_t max_read() const { return 16u << 20; }
  virtual void log(LogLevel level, std::string_view text) = 0;

 private:
  friend class Strand;
  uv::Loop& loop_;
  const Clock& clock_;
  Strand* running_ = nullptr;
  std::uint64_t strands_ = 0;  // made so far
};

class Strand {
 public:
  Strand(Context& context, lua::Coroutine coroutine);
  virtual ~Strand();
  Strand(const Strand&) = delete;
  Strand& operator=(const Strand&) = delete;

  // The strand whose code is executing. Raises an error outside of one;
  // `function` is the binding's name.
  static Strand& current(lua_State* L, const char* function);

  Context& context() const { return context_; }
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

  std::vector<std::unique_ptr<Socket>>& sockets() { return sockets_; }
  // Null when it was closed.
  Socket* socket(std::uint64_t id) const;
  std::uint64_t next_socket_id() { return ++last_socket_; }

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
  std::shared_ptr<void> operation_;
  std::vector<std::unique_ptr<Socket>> sockets_;
  std::uint64_t last_socket_ = 0;
};

}  // namespace virgo::script
