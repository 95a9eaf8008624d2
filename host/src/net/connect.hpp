// Opening a connection: resolve, connect to each address in turn, and, with a
// TLS context, shake hands and check the server's name. Loop thread only.
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
  Duration timeout = std::chrono::seconds(10);  // for everything together
  std::shared_ptr<crypto::TlsContext> tls;      // null = in clear
  std::string server_name;                      // for TLS; default = host
};

// One attempt. Destroying it before it is done gives up silently.
class Connector {
 public:
  // The error's message names host:port and what failed. Called from the loop,
  // never from the constructor.
  using Done = std::function<void(Result<std::unique_ptr<Connection>>)>;
  Connector(uv::Loop& loop, ConnectOptions options, Done done);
  ~Connector();
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace virgo::net
