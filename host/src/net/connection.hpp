// A byte stream to a peer, in clear or in TLS: one interface for both. Loop
// thread only. Handlers may destroy the Connection that calls them; after
// destruction none follows.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "uv/loop.hpp"

namespace virgo::uv {
class Stream;
}
namespace virgo::crypto {
class TlsSession;
}

namespace virgo::net {

class Connection {
 public:
  struct Handlers {
    // What the peer sent, never empty; lives during the call only.
    std::function<void(std::string_view)> data;
    // The connection is over; called once, nothing follows. Errc::closed with
    // "the other side closed the connection" is the orderly end.
    std::function<void(const Error&)> closed;
    // Everything queued has been handed to the system; follows a write() after
    // which queued() was not 0.
    std::function<void()> drained;
    // Optional: the peer sends no more, but may still read; `closed` follows if writing
    // fails. Without it an end of stream is the end of all.
    std::function<void()> ended = {};
  };

  // Takes a connected stream, with the TLS session whose handshake is done, or
  // null. Made by connect() and Listener.
  Connection(std::unique_ptr<uv::Stream> stream, std::unique_ptr<crypto::TlsSession> tls);
  // Drops what is queued; see finish() for the polite way.
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Reading starts with the first call. Bytes that came before, and the end if it
  // did, are delivered from the loop.
  void set_handlers(Handlers handlers);

  // Queues all of `bytes`. Errc::limit when more than `max_queued()` bytes wait
  // already (the peer does not read), Errc::closed after the end.
  Result<void> write(std::string_view bytes);
  // The pieces leave together.
  Result<void> write(std::span<const std::string_view> pieces);
  std::size_t queued() const;
  // Ends our side after what is queued, for a protocol with half-open connections; with
  // TLS nothing can be read then either. `done` is called from the loop.
  void shutdown(std::function<void()> done);
  std::size_t max_queued() const { return max_queued_; }
  void set_max_queued(std::size_t bytes) { max_queued_ = bytes; }

  // Back-pressure: no data is read or delivered between the two. When writing
  // fails meanwhile, `closed` is called nevertheless.
  void pause();
  void resume();

  const std::string& peer() const { return peer_; }  // "127.0.0.1:4433"
  const std::string& local() const { return local_; }
  // "TLSv1.3", or "" in clear.
  std::string protocol() const;
  // Null in clear.
  const crypto::TlsSession* tls() const { return tls_.get(); }

  // Hands the stream over, to go on with it in another protocol; the connection is of no
  // use then. Null when it is over or in TLS. Nothing may wait to be sent.
  std::unique_ptr<uv::Stream> release_stream();

  // Sends what is queued and says goodbye, for at most `patience`, then destroys
  // and calls `gone`, from the loop. Until then the loop owns the connection; if
  // it closes sooner, what is queued is dropped and `gone` is not called.
  static void finish(std::unique_ptr<Connection> connection,
                     Duration patience = std::chrono::seconds(2),
                     std::function<void()> gone = nullptr);

 private:
  struct Lingering;
  void on_data(std::string_view bytes);
  void on_end(const Error& error);
  void deliver();
  void flush();
  void fail(const Error& error);
  void tell_closed();
  bool tell_ended();

  std::unique_ptr<uv::Stream> stream_;
  std::unique_ptr<crypto::TlsSession> tls_;
  std::shared_ptr<Handlers> handlers_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::string peer_;
  std::string local_;
  std::size_t max_queued_ = 8u << 20;
  std::optional<Error> end_;  // why it is over, or will be when all is delivered
  bool paused_ = false;
  bool over_ = false;
  bool told_ended_ = false;
  bool told_ = false;  // handlers_->closed was called
};

}  // namespace virgo::net
