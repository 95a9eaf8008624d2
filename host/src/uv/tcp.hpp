// TCP sockets on the loop: uv/stream.hpp with addresses. Loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "uv/stream.hpp"

namespace virgo::uv {

// Nagle's algorithm is off, for what is connected and for what is accepted: who
// writes a message writes all of it at once.
class TcpStream : public Stream {
 public:
  explicit TcpStream(Loop& loop);

  // `done` gets ok or the reason. The address is copied.
  void connect(const sockaddr* address, std::function<void(Result<void>)> done);

  void set_nodelay(bool on);
  // Probes a silent peer after `idle` (whole seconds, at least one).
  void set_keepalive(bool on, Duration idle = std::chrono::seconds(60));

  std::string peer_name() const override;  // "127.0.0.1:4433", "[::1]:4433"
  std::string local_name() const override;

 private:
  void after_connect() override { set_nodelay(true); }
};

struct TcpListenOptions {
  int backlog = 511;
  // Several processes (or loops) listen on one port, and the kernel spreads the
  // connections.
  bool reuse_port = false;
  // "::" takes IPv4 as well unless this is set.
  bool ipv6_only = false;
};

class TcpServer : public StreamServer {
 public:
  TcpServer(Loop& loop, Accepted accepted);

  // `host` is an IP address; port 0 lets the system choose (see port()). The error
  // names the address.
  Result<void> listen(const std::string& host, std::uint16_t port,
                      const TcpListenOptions& options = {});
  std::uint16_t port() const;
  std::string local_name() const override;

 private:
  std::unique_ptr<Stream> make_stream() override { return std::make_unique<TcpStream>(loop()); }
  void prepare(Stream& stream) override { static_cast<TcpStream&>(stream).set_nodelay(true); }
  int open_shared(int family);
};

// "127.0.0.1:80" or "[::1]:80" of an address.
std::string address_name(const sockaddr* address);

}  // namespace virgo::uv
