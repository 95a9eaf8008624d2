// Datagrams on the loop. Loop thread only. Callbacks may destroy the object that calls
// them; after destruction none follows.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "uv/handle.hpp"
#include "uv/loop.hpp"

namespace virgo::uv {

class Udp {
 public:
  // The most a datagram carries.
  static constexpr std::size_t kMaxPayload = 65507;

  struct Handlers {
    // Bytes (there may be none) and address live during the call only.
    std::function<void(std::string_view bytes, const sockaddr* from)> received;
    // What the network told of something sent ("connection refused"), or of receiving.
    // Receiving goes on.
    std::function<void(const Error&)> failed;
  };

  Udp(Loop& loop, Handlers handlers);
  ~Udp() = default;
  Udp(const Udp&) = delete;
  Udp& operator=(const Udp&) = delete;

  // Only datagrams of that address are received from then on, and send() goes there.
  Result<void> connect(const sockaddr* address);
  // `host` is an IP address; port 0 lets the system choose. "::" takes IPv4 as well. The
  // error names the address.
  Result<void> bind(const std::string& host, std::uint16_t port);
  // After connect() or bind(). A socket that does not read leaves them to the system, which
  // keeps some and drops the others.
  Result<void> receive_start();
  void receive_stop();

  // At once or not at all: Errc::limit if the system's buffer is full, or the datagram is
  // larger than kMaxPayload or than a datagram can be on this way. `to`: null when connected.
  Result<void> send(std::string_view bytes, const sockaddr* to = nullptr);

  sockaddr_storage local_address() const;

 private:
  void received(ssize_t n, const char* bytes, const sockaddr* from);

  HandleBox<uv_udp_t, Udp> handle_;
  std::shared_ptr<const Handlers> handlers_;
};

// The IP address `host` (without brackets) with `port`; false if it is none.
bool parse_ip(const std::string& host, std::uint16_t port, sockaddr_storage* out);
// "127.0.0.1", "::1" and the port of an address.
std::string ip_of(const sockaddr* address);
std::uint16_t port_of(const sockaddr* address);

}  // namespace virgo::uv
