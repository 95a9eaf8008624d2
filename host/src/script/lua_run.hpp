// LuaRun: one open run of a Lua check: its coroutine, what it waits for, and
// everything it has opened. Destroying it stops the script where it stands and
// closes all of that; nothing calls back afterwards. Loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "check/check.hpp"
#include "lua/coroutine.hpp"

struct lua_State;

namespace virgo::script {

class LuaCheck;
class LuaSocket;

class LuaRun {
 public:
  LuaRun(LuaCheck& check, check::Run& run, std::uint64_t id, lua::Coroutine coroutine);
  ~LuaRun();
  LuaRun(const LuaRun&) = delete;
  LuaRun& operator=(const LuaRun&) = delete;

  // The run whose code is executing. Raises an error outside of runs; `function`
  // is the binding's name.
  static LuaRun& current(lua_State* L, const char* function);

  LuaCheck& check() { return check_; }
  check::Run& run() { return run_; }
  std::uint64_t id() const { return id_; }
  lua::Coroutine& coroutine() { return coroutine_; }

  // A binding has started `operation` (kept until the wait ends) and is about to
  // yield in `L`; `what` is for people: "net.connect to db:5432".
  void wait_for(lua_State* L, std::string what, std::shared_ptr<void> operation);
  // The operation is done: `push` leaves the binding's results on the given
  // stack and returns how many. The script goes on; this may be destroyed when
  // it returns.
  void complete(const std::function<int(lua_State*)>& push);
  // The same, for operations that have none but an error.
  void complete_error(const Error& error, const char* status);

  // "net.connect to db:5432 at redis.lua:12"; "" while it does not wait.
  std::string waiting_in() const;

  std::vector<std::unique_ptr<LuaSocket>>& sockets() { return sockets_; }
  // Null when it was closed.
  LuaSocket* socket(std::uint64_t id) const;
  std::uint64_t next_socket_id() { return ++last_socket_; }

 private:
  LuaCheck& check_;
  check::Run& run_;
  const std::uint64_t id_;
  lua::Coroutine coroutine_;
  lua_State* waiting_in_ = nullptr;
  std::string waiting_for_;
  std::shared_ptr<void> operation_;
  std::vector<std::unique_ptr<LuaSocket>> sockets_;
  std::uint64_t last_socket_ = 0;
};

}  // namespace virgo::script
