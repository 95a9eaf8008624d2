// TLS on a connection that is open in clear, for protocols that agree on it first
// (STARTTLS). Loop thread only.
#pragma once

#include <functional>
#include <memory>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "net/connection.hpp"
#include "uv/loop.hpp"
#include "uv/timer.hpp"

namespace virgo::net {

class Handshake;

class TlsUpgrade {
 public:
  // The same bytes in TLS; or why not, after which the connection is closed. The message
  // names the peer.
  using Done = std::function<void(Result<std::unique_ptr<Connection>>)>;
  // Takes a connection in clear of which everything that had come was read: what is left
  // there came from before the handshake and is not to be believed. `session` as of
  // TlsContext::session(name). `done` is called from the loop, once; it may destroy this.
  // Destroying it before gives up.
  TlsUpgrade(uv::Loop& loop, std::unique_ptr<Connection> connection,
             std::unique_ptr<crypto::TlsSession> session, Duration timeout, Done done);
  ~TlsUpgrade();
  TlsUpgrade(const TlsUpgrade&) = delete;
  TlsUpgrade& operator=(const TlsUpgrade&) = delete;

 private:
  void end(Result<std::unique_ptr<Connection>> result);

  std::string peer_;
  Done done_;
  Error too_late_;  // what the timer ends it with
  uv::Timer timer_;
  std::unique_ptr<Handshake> handshake_;
};

}  // namespace virgo::net
