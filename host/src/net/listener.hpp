// Accepting connections, in clear or in TLS. Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "net/connection.hpp"
#include "uv/loop.hpp"

namespace virgo::crypto {
class TlsContext;
}

namespace virgo::net {

struct ListenOptions {
  std::string host = "127.0.0.1";           // IP address
  std::uint16_t port = 0;                   // 0 = the system chooses
  std::shared_ptr<crypto::TlsContext> tls;  // null = in clear
  Duration handshake_timeout = std::chrono::seconds(10);
  unsigned max_handshakes = 256;  // at a time; more are closed at once
};

class Listener {
 public:
  struct Handlers {
    std::function<void(std::unique_ptr<Connection>)> accepted;
    // A peer that did not get as far as a connection: who, and why.
    std::function<void(const std::string& peer, const Error&)> refused;
  };

  static Result<std::unique_ptr<Listener>> open(uv::Loop& loop, ListenOptions options,
                                                Handlers handlers);
  // Stops accepting and drops handshakes under way; accepted connections stay.
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  std::uint16_t port() const;
  std::string address() const;  // "127.0.0.1:4433"

 private:
  struct State;
  explicit Listener(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace virgo::net
