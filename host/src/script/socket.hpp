// A TCP or TLS connection as scripts use it: straight-line reads and writes over
// net::Connection. What arrives is buffered up to a bound, beyond which the
// connection is not read. Loop thread only.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "net/connection.hpp"
#include "script/task.hpp"
#include "uv/loop.hpp"
#include "uv/timer.hpp"

struct lua_State;

namespace virgo::script {

class Socket final : public Resource, public std::enable_shared_from_this<Socket> {
 public:
  // A read waits for one of these.
  struct Want {
    enum class Kind { line, bytes, some } kind = Kind::some;
    std::size_t size = 0;  // line: its bound; bytes: how many
  };

  Socket(uv::Loop& loop, std::unique_ptr<net::Connection> connection);
  ~Socket() override;

  // The bindings: they return as Lua C functions do, and may wait.
  int read(lua_State* L, const Want& want, Duration timeout);
  int write(lua_State* L, std::string_view bytes);
  void close();

  bool open() const { return connection_ != nullptr; }
  const std::string& peer() const { return peer_; }

  void task_over() noexcept override { close(); }

  // Pushes a userdata that shares `socket`. May raise.
  static void push(lua_State* L, const std::shared_ptr<Socket>& socket);

 private:
  // Bytes kept beyond what a read asks for before the peer has to wait.
  static constexpr std::size_t kBuffer = 64 * 1024;
  static constexpr std::size_t kMaxUnsent = 256 * 1024;

  struct Ready {
    enum class Kind { no, data, error } kind = Kind::no;
    std::size_t length = 0;   // data: bytes of the result
    std::size_t consume = 0;  // data: bytes to take out of the buffer
    Error error;
  };
  Ready look(const Want& want) const;
  int push_ready(lua_State* L, const Ready& ready);
  void on_data(std::string_view bytes);
  void on_closed(const Error& error);
  void serve_reader();
  void wake_reader(const Error& error);
  void adjust_flow();

  uv::Loop& loop_;
  std::unique_ptr<net::Connection> connection_;
  const std::string peer_;
  std::string buffer_;
  std::optional<Error> ended_;
  Task* reader_ = nullptr;
  Want want_;
  mutable std::size_t scanned_ = 0;  // no \n before this in buffer_
  std::unique_ptr<uv::Timer> read_timer_;
  Task* writer_ = nullptr;
  bool paused_ = false;
};

// nil, message, code: how bindings return errors. May raise.
int push_error(lua_State* L, const Error& error);

}  // namespace virgo::script
