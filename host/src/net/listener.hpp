// Accepting connections, in clear or in TLS. Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <sys/types.h>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "net/connection.hpp"
#include "uv/loop.hpp"

namespace virgo::crypto {
class TlsContext;
}

namespace virgo::net {

struct ListenOptions {
  std::string host = "127.0.0.1";           // IP address; "::" takes IPv4 as well
  std::uint16_t port = 0;                   // 0 = the system chooses
  std::string path;                         // of a unix socket, instead of both
  std::optional<mode_t> mode;               // of its file; default: the umask's
  bool reuse_port = false;                  // share the port with others that say so
  bool ipv6_only = false;                   // "::" is IPv6 alone
  int backlog = 511;                        // connections the system holds until accepted
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

  // A unix socket's file that is there already is replaced if nobody answers on
  // it. The error names the address or the path, and the reason.
  static Result<std::unique_ptr<Listener>> open(uv::Loop& loop, ListenOptions options,
                                                Handlers handlers);
  // Stops accepting and drops handshakes under way; accepted connections stay.
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  std::uint16_t port() const;   // 0 for a unix socket
  std::string address() const;  // "127.0.0.1:4433", "unix:/run/x"

 private:
  struct State;
  explicit Listener(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace virgo::net
