// A socket of TCP or UDP, as both the kernel's sock_diag messages and the tables
// /proc/net/tcp, tcp6, udp and udp6 describe it.
#pragma once

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <shared/hex.hpp>
#include <shared/netlink.hpp>

namespace plugin {

enum SocketState : uint8_t {  // the kernel's numbers
  kEstablished = 1,
  kSynSent,
  kSynReceived,
  kFinWait1,
  kFinWait2,
  kTimeWait,
  kClosed,
  kCloseWait,
  kLastAck,
  kListen,
  kClosing,
  kSocketStates
};

struct Socket {
  uint8_t state;
  bool is_ipv6;
  uint16_t local_port;
  uint32_t received;  // bytes to be read; of a listening one, connections to be accepted
  uint32_t sent;      // bytes on their way; of a listening one, the most that may wait
};

// The states above, and what the kernel has for connections that are only asked for.
constexpr uint32_t kAllStates = (1u << 13u) - 2;

// One message of type SOCK_DIAG_BY_FAMILY or TCPDIAG_GETSOCK.
inline bool parse_diag(std::string_view body, Socket* out) {
  inet_diag_msg m;
  if (!load(body, &m) || m.idiag_state == 0) return false;
  const bool is_request = m.idiag_state >= kSocketStates;
  *out = {is_request ? uint8_t{kSynReceived} : m.idiag_state, m.idiag_family == AF_INET6,
          ntohs(m.id.idiag_sport), m.idiag_rqueue, m.idiag_wqueue};
  return true;
}

// One line: "  0: 0100007F:0016 00000000:0000 0A 00000000:00000000 ...", local address,
// remote address, state, bytes sent and received. False for the headings.
inline bool parse_socket_line(std::string_view line, Socket* out) {
  const std::string_view number = take_word(line);
  if (number.empty() || number.back() != ':') return false;
  std::string_view local = take_word(line);
  take_until(local, ':');
  take_word(line);
  const std::string_view state = take_word(line);
  std::string_view queues = take_word(line);
  const std::string_view sent = take_until(queues, ':');
  uint64_t port = 0;
  uint64_t code = 0;
  uint64_t bytes_sent = 0;
  uint64_t bytes_received = 0;
  if (!hex_up_to(local, UINT16_MAX, &port) || !hex_up_to(state, UINT8_MAX, &code) || code == 0 ||
      !hex_up_to(sent, UINT32_MAX, &bytes_sent) || !hex_up_to(queues, UINT32_MAX, &bytes_received))
    return false;
  // Which family it is of, the line does not say.
  *out = {code < kSocketStates ? static_cast<uint8_t>(code) : uint8_t{kSynReceived}, false,
          static_cast<uint16_t>(port), static_cast<uint32_t>(bytes_received),
          static_cast<uint32_t>(bytes_sent)};
  return true;
}

}  // namespace plugin
