#include "config/address.hpp"

#include <arpa/inet.h>

#include <charconv>

#include "config/characters.hpp"

namespace virgo::config {
namespace {

bool is_host(std::string_view host) {
  return !host.empty() && host.size() <= 253 && has_only(host, ".-_");
}

bool is_ipv6(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

}  // namespace

std::optional<HostPort> split_address(std::string_view text) {
  HostPort out;
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    out.host = text.substr(1, end - 1);
    if (!is_ipv6(out.host)) return std::nullopt;
    rest = text.substr(end + 1);
  } else {
    const std::size_t colon = text.find(':');
    out.host = text.substr(0, colon);
    if (!is_host(out.host)) return std::nullopt;
    if (colon != std::string_view::npos) rest = text.substr(colon);
  }
  if (rest.empty()) return out;
  const char* end = rest.data() + rest.size();
  const auto number = std::from_chars(rest.data() + 1, end, out.port);
  if (rest[0] != ':' || number.ec != std::errc() || number.ptr != end || out.port == 0)
    return std::nullopt;
  return out;
}

}  // namespace virgo::config
