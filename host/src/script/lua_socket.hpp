// A TCP connection of a script, with the bytes that have come and were not read
// yet. Belongs to a run. Loop thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "net/connection.hpp"

namespace virgo::script {

class LuaRun;

// What a script waits for.
struct Want {
  enum class Kind : std::uint8_t { some, exactly, line };
  Kind kind = Kind::some;
  std::size_t bytes = 0;  // exactly: how many; line: at most
};

class LuaSocket {
 public:
  LuaSocket(LuaRun& run, std::uint64_t id, std::unique_ptr<net::Connection> connection);

  std::uint64_t id() const { return id_; }
  const std::string& peer() const { return connection_->peer(); }

  // What has come already, if it is enough. The view lives until the next call
  // of any function here.
  std::optional<Result<std::string_view>> take(const Want& want);
  // take() gave nothing: the run is completed with it when it comes.
  void wait(const Want& want) { want_ = want; }

  Result<void> write(std::string_view bytes) { return connection_->write(bytes); }
  // More is queued than one should add to: the run is completed (with true)
  // when that has gone.
  bool is_full() const;
  void wait_until_written() { writing_ = true; }

 private:
  void on_data(std::string_view bytes);
  void on_closed(const Error& error);
  void on_drained();
  void deliver();
  Error end_error(std::size_t wanted) const;

  LuaRun& run_;
  const std::uint64_t id_;
  std::unique_ptr<net::Connection> connection_;
  std::string inbox_;
  std::size_t read_ = 0;  // bytes of inbox_ given away
  std::optional<Error> end_;
  std::optional<Want> want_;
  bool writing_ = false;
  bool paused_ = false;
};

}  // namespace virgo::script
