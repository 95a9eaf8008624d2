// Byte streams on the loop: what TCP and unix sockets have in common. Loop
// thread only. Callbacks may destroy the object that calls them; after
// destruction none follows.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "uv/handle.hpp"
#include "uv/loop.hpp"

namespace virgo::uv {

// A libuv error number as our Error ("connection refused").
Error uv_error(int status);

union StreamHandle {
  void* data;  // the first member of each
  uv_stream_t stream;
  uv_tcp_t tcp;
  uv_pipe_t pipe;
};

// Memory: about 450 bytes, of which libuv's handle is the most; and while
// something is queued, that.
class Stream {
 public:
  struct Handlers {
    std::function<void(std::string_view)> data;  // the bytes live during the call only
    // Once, and no data after it; Errc::closed = the peer's end of stream, or a
    // reset. After an end of stream our side can still write; if that fails, it is
    // called once more.
    std::function<void(const Error&)> end;
    // The write queue has become empty: follows a write() after which queued()
    // was not 0.
    std::function<void()> written;
  };

  // Writes that are still queued are dropped.
  virtual ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void set_handlers(Handlers handlers);

  void read_start();
  void read_stop();
  // handlers.end was due: nothing more can be read.
  bool ended() const { return ended_; }
  // It was an end of stream and no failure.
  bool half_open() const { return half_open_; }

  // Writes all of `bytes`: what the system takes goes out at once, the rest is
  // copied and queued. Several pieces go out together. Failures arrive by
  // handlers.end, from the loop; writes after one are dropped.
  void write(std::string_view bytes) { write(std::span(&bytes, 1)); }
  void write(std::span<const std::string_view> pieces);
  std::size_t queued() const { return queued_; }
  // Ends our side after everything queued has gone; `done` is called then.
  void shutdown(std::function<void()> done);

  virtual std::string peer_name() const = 0;  // "127.0.0.1:4433", "[::1]:4433", "unix:/run/x"
  virtual std::string local_name() const = 0;
  Loop& loop() { return *loop_; }

 protected:
  explicit Stream(Loop& loop);
  // What requests in flight find us by; null after our end.
  const std::shared_ptr<Stream*>& self();

  struct ConnectRequest {
    uv_connect_t request{};
    std::function<void(Result<void>)> done;
    std::shared_ptr<Stream*> self;
  };
  std::unique_ptr<ConnectRequest> connect_request(std::function<void(Result<void>)> done);
  static void on_connected(uv_connect_t* request, int status) noexcept;
  // libuv did not take the request: told from the loop.
  void refuse_connect(std::unique_ptr<ConnectRequest> request, int status);
  virtual void after_connect() {}
  StreamHandle& handle() { return *handle_.get(); }
  const StreamHandle& handle() const { return *handle_.get(); }
  // To be called right after the uv_*_init.
  void initialised() { handle_.initialised(); }

 private:
  friend class StreamServer;
  struct WriteRequest;
  struct WriteRequestPool;
  std::size_t try_write(std::span<const std::string_view> pieces);
  void queue(std::span<const std::string_view> pieces, std::size_t skip);
  void submit_waiting();
  static void on_written(uv_write_t* request, int status) noexcept;
  void written(std::size_t bytes, int status);
  void on_read(ssize_t n, const char* bytes);
  void break_writing(int status);
  void fail(const Error& error);

  Loop* loop_;
  HandleBox<StreamHandle, Stream> handle_;
  std::shared_ptr<Handlers> handlers_;
  std::shared_ptr<Stream*> self_;          // made when needed
  WriteRequest* in_flight_ = nullptr;      // libuv's, the oldest first
  std::unique_ptr<WriteRequest> waiting_;  // what was written meanwhile
  std::size_t queued_ = 0;
  bool ended_ = false;
  bool half_open_ = false;
  bool broken_ = false;  // a write has failed
};

// Accepts streams of one kind.
class StreamServer {
 public:
  // A new connection, or why accepting failed (the server goes on listening).
  using Accepted = std::function<void(Result<std::unique_ptr<Stream>>)>;
  virtual ~StreamServer();
  StreamServer(const StreamServer&) = delete;
  StreamServer& operator=(const StreamServer&) = delete;

  virtual std::string local_name() const = 0;
  // A listener that does not keep Loop::run() going is of no use to a server,
  // but to a test.
  void unref() { uv_unref(handle_.base()); }

 protected:
  StreamServer(Loop& loop, Accepted accepted);
  int start(int backlog);
  virtual std::unique_ptr<Stream> make_stream() = 0;
  // After `stream` was accepted.
  virtual void prepare(Stream& stream) { static_cast<void>(stream); }
  Loop& loop() { return *loop_; }
  StreamHandle& handle() { return *handle_.get(); }
  const StreamHandle& handle() const { return *handle_.get(); }
  void initialised() { handle_.initialised(); }

 private:
  void on_connection(int status);
  Loop* loop_;
  HandleBox<StreamHandle, StreamServer> handle_;
  std::shared_ptr<const Accepted> accepted_;
};

}  // namespace virgo::uv
