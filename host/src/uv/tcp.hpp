// TCP sockets on the loop. Loop thread only. Callbacks may destroy the object
// that calls them; after destruction none follows.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "uv/handle.hpp"
#include "uv/loop.hpp"

namespace virgo::uv {

// A libuv error number as our Error ("connection refused").
Error uv_error(int status);

class TcpStream {
 public:
  struct Handlers {
    std::function<void(std::string_view)> data;  // the bytes live during the call only
    // Once, and no data after it; Errc::closed = the peer's end of stream, or a
    // reset. After an end of stream our side can still write.
    std::function<void(const Error&)> end;
    std::function<void()> written;  // the write queue has become empty
  };

  explicit TcpStream(Loop& loop);
  // Writes that are still queued are dropped.
  ~TcpStream();

  void set_handlers(Handlers handlers);

  // `done` gets ok or the reason. The address is copied.
  void connect(const sockaddr* address, std::function<void(Result<void>)> done);

  void read_start();
  void read_stop();
  // handlers.end was due: nothing more can be read.
  bool ended() const { return ended_; }
  // It was the peer's end of stream, not a failure: our side can still write.
  bool half_open() const { return half_open_; }

  // Queues all of `bytes`. Failures arrive by handlers.end.
  void write(std::string bytes);
  std::size_t queued() const { return queued_; }
  // Ends our side after everything queued has gone; `done` is called then.
  void shutdown(std::function<void()> done);

  std::string peer_name() const;  // "127.0.0.1:4433", "[::1]:4433"
  std::string local_name() const;
  Loop& loop() { return *loop_; }

 private:
  friend class TcpServer;
  struct WriteRequest;
  void on_read(ssize_t n, const char* bytes);
  void on_written(std::size_t bytes, int status);
  void fail(const Error& error);

  Loop* loop_;
  HandleBox<uv_tcp_t, TcpStream> handle_;
  std::shared_ptr<Handlers> handlers_ = std::make_shared<Handlers>();
  std::shared_ptr<TcpStream*> self_;  // what requests in flight find us by
  std::size_t queued_ = 0;
  bool ended_ = false;
  bool half_open_ = false;
};

class TcpServer {
 public:
  // A new connection, or why accepting failed (the server goes on listening).
  using Accepted = std::function<void(Result<std::unique_ptr<TcpStream>>)>;
  TcpServer(Loop& loop, Accepted accepted);

  // `host` is an IP address; port 0 lets the system choose (see port()).
  Result<void> listen(const std::string& host, std::uint16_t port, int backlog = 511);
  std::uint16_t port() const;
  std::string local_name() const;
  // A listener that does not keep Loop::run() going is of no use to a server,
  // but to a test.
  void unref() { uv_unref(handle_.base()); }

 private:
  void on_connection(int status);
  Loop* loop_;
  HandleBox<uv_tcp_t, TcpServer> handle_;
  std::shared_ptr<const Accepted> accepted_;
};

// "127.0.0.1:80" or "[::1]:80" of an address.
std::string address_name(const sockaddr* address);

}  // namespace virgo::uv
