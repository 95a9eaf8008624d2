// The TLS handshake over a TCP stream, either side. Internal to net/.
// Loop thread only.
#pragma once

#include <functional>
#include <memory>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace virgo::uv {
class Stream;
}
namespace virgo::crypto {
class TlsSession;
}

namespace virgo::net {

class Connection;

class Handshake {
 public:
  using Done = std::function<void(Result<std::unique_ptr<Connection>>)>;
  // Starts at once; `done` is called once, from the loop. The callback may
  // destroy this object. When it fails the peer is sent TLS's alert first.
  Handshake(std::unique_ptr<uv::Stream> stream, std::unique_ptr<crypto::TlsSession> session,
            Done done);
  ~Handshake();
  Handshake(const Handshake&) = delete;
  Handshake& operator=(const Handshake&) = delete;

  // Gives up and calls `done` with `error`.
  void abort(const Error& error) { fail(error); }

 private:
  void on_data(std::string_view bytes);
  void flush();
  void fail(const Error& error);

  std::unique_ptr<uv::Stream> stream_;
  std::unique_ptr<crypto::TlsSession> session_;
  Done done_;
};

}  // namespace virgo::net
