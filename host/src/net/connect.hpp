// Opening a connection: resolve, connect to the address that answers first, and,
// with a TLS context, shake hands and check the server's name. Loop thread only.
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

struct ConnectOptions {
  std::string host;  // name or IP address ("[::1]" or "::1")
  std::uint16_t port = 0;
  std::string path;                             // of a unix socket, instead of both
  Duration timeout = std::chrono::seconds(10);  // for everything together
  std::shared_ptr<crypto::TlsContext> tls;      // null = in clear
  std::string server_name;                      // for TLS; default = host
  // The head start of each address over the next; one that fails has none.
  Duration stagger = std::chrono::milliseconds(250);
};

// How long each step took, of those that were done; 0 of those there were not.
struct ConnectTimes {
  Duration resolve{};
  Duration connect{};  // to the address that won
  Duration tls{};      // the handshake
};

// One attempt. Destroying it before it is done gives up silently.
class Connector {
 public:
  // The error's message names host:port (or the path) and what failed, at each
  // address if there are several. Called from the loop,
  // never from the constructor.
  using Done = std::function<void(Result<std::unique_ptr<Connection>>)>;
  Connector(uv::Loop& loop, ConnectOptions options, Done done);
  ~Connector();
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

  // Complete when `done` is called.
  const ConnectTimes& times() const;
  // What it is doing, as the end of a sentence: "connecting".
  const char* stage() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace virgo::net
