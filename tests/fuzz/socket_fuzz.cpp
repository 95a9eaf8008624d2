// sock_diag messages; /proc/net/tcp, tcp6, udp, udp6
#include "sockets/socket.hpp"

#include "fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view all = fuzz::text(data, size);
  plugin::Socket socket{};
  const auto is_sane = [&] { return socket.state > 0 && socket.state < plugin::kSocketStates; };
  if (plugin::parse_diag(all, &socket)) fuzz::require(is_sane());
  std::string_view rest = all;
  plugin::NetlinkMessage message{};
  while (plugin::next_message(rest, &message))
    if (plugin::parse_diag(message.body, &socket)) fuzz::require(is_sane());
  rest = all;
  std::string_view line;
  while (plugin::take_line(rest, &line))
    if (plugin::parse_socket_line(line, &socket)) fuzz::require(is_sane());
  return 0;
}
