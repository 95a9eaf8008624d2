// A connection of a script, with the bytes that have come and were not read yet.
// Belongs to a scope; one strand at a time waits for it. Loop thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "binding/scope.hpp"
#include "net/connection.hpp"
#include "uv/timer.hpp"

namespace virgo::binding {

class Strand;

// What a script waits for.
struct Want {
  enum class Kind : std::uint8_t { some, exactly, line };
  Kind kind = Kind::some;
  std::size_t bytes = 0;  // exactly: how many; line: at most
};

class Socket final : public Resource {
 public:
  // `kind`: "tcp", "tls", "unix". `host`: the name or address that was connected to.
  Socket(uv::Loop& loop, std::unique_ptr<net::Connection> connection, const char* kind,
         std::string host);

  const char* kind() const override { return kind_; }
  std::string description() const override { return peer(); }
  const std::string& peer() const { return peer_; }
  const std::string& host() const { return host_; }
  // Null while it is being turned into TLS, or if that failed.
  net::Connection* connection() const { return connection_.get(); }

  // What has come already, if it is enough. The view lives until the next call
  // of any function here.
  std::optional<Result<std::string_view>> take(const Want& want);
  // take() gave nothing: `strand` is completed with it when it comes, or with
  // an error after `timeout` (zero: never).
  // `held` is what was reserved for it; kept while so much may be here, also when the
  // strand gives up.
  void wait(Strand& strand, const Want& want, Duration timeout, std::shared_ptr<void> held);
  // Another strand waits already.
  bool busy() const { return strand_ != nullptr; }
  // The strand that waits has gone.
  void forget_waiter();

  Result<void> write(std::string_view bytes) { return connection_->write(bytes); }
  // More is queued than one should add to: `strand` is completed (with true) when that
  // has gone.
  bool is_full() const;
  void wait_until_written(Strand& strand, std::shared_ptr<void> held);

  // Bytes that have come and were not read.
  std::size_t unread() const { return inbox_.size() - read_; }
  // For turning it into TLS: `strand` waits for something else, then takes the connection,
  // and waits until it has put one in its place.
  void reserve(Strand& strand) { strand_ = &strand; }
  std::unique_ptr<net::Connection> lend() { return std::move(connection_); }
  void put_back(std::unique_ptr<net::Connection> connection);

  // Sends what is queued and says goodbye, without anybody waiting for it, and counts in
  // `lingering` until then; or drops it, if many do so already. The last call;
  // destroying the socket drops what is queued.
  void finish(const std::shared_ptr<unsigned>& lingering);

 private:
  void listen_to();
  void on_data(std::string_view bytes);
  void on_closed(const Error& error);
  void on_drained();
  std::size_t find_line_end();
  void release_inbox();
  void deliver();
  void fail(const Error& error);
  Error end_error(std::size_t wanted) const;

  uv::Loop& loop_;
  const char* kind_;
  const std::string host_;
  std::string peer_;
  Strand* strand_ = nullptr;  // that waits
  std::unique_ptr<net::Connection> connection_;
  std::string inbox_;
  std::size_t read_ = 0;  // bytes of inbox_ given away
  std::size_t seen_ = 0;  // bytes of inbox_ that have no end of a line, once it was looked for
  std::shared_ptr<void> inbox_held_;
  std::shared_ptr<void> outbox_held_;
  std::optional<Error> end_;
  std::optional<Want> want_;
  std::unique_ptr<uv::Timer> timer_;
  bool writing_ = false;
  bool paused_ = false;
};

}  // namespace virgo::binding
