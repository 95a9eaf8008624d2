// One ICMP echo request and its reply. By the kernel's ping sockets, which need no privilege
// but a group within net.ipv4.ping_group_range, or else by a raw socket, which needs
// CAP_NET_RAW. Loop thread only.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "uv/loop.hpp"

namespace virgo::net {

struct PingOptions {
  // An IP address's octets in network order are what counts; the port does not.
  sockaddr_storage address{};
  std::uint16_t sequence = 1;
  std::size_t size = 56;  // octets of data; kMinSize to kMaxSize
  Duration timeout = std::chrono::seconds(5);
};

struct PingReply {
  Duration took{};      // by the kernel's clock, where it tells
  std::string address;  // that was asked, and answered
  int ttl = -1;         // of the reply as it came; -1 if it is not known
};

class Ping {
 public:
  static constexpr std::size_t kMinSize = 16;
  static constexpr std::size_t kMaxSize = 65507;

  // Errc::denied (no socket may be opened; the message says what to set), timeout,
  // io ("no route to host", also when a router says so), limit (too large for the way).
  // The message begins with the address.
  using Done = std::function<void(Result<PingReply>)>;
  // `done` is called once, from the loop, never from the constructor; it may destroy this.
  // Destroying it before gives up. Replies that are not to this request are not looked at.
  Ping(uv::Loop& loop, const PingOptions& options, Done done);
  ~Ping();
  Ping(const Ping&) = delete;
  Ping& operator=(const Ping&) = delete;

 private:
  class State;
  std::shared_ptr<State> state_;
};

// The octets of an echo request: type, code, checksum (0 for IPv6, where the kernel puts
// it in), identifier, sequence, then `data`. For tests, too.
std::string make_echo_request(int family, std::uint16_t id, std::uint16_t sequence,
                              std::string_view data);
// Whether `packet` (without IP header) is the echo reply with this data. `id` < 0: any.
bool is_echo_reply(std::string_view packet, int family, int id, std::uint16_t sequence,
                   std::string_view data);
// Behind the header of an IPv4 packet that a raw socket gave; "" if it is damaged.
std::string_view skip_ip_header(std::string_view packet);

}  // namespace virgo::net
