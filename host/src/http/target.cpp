#include "http/target.hpp"

#include <array>

namespace virgo::http {
namespace {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_alphanumeric(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Bytes of a registered name or IPv4 address. A comma would let a list pass for a host.
constexpr std::array<bool, 256> kHostBytes = [] {
  std::array<bool, 256> set{};
  for (int c = 0; c < 128; ++c)
    set[static_cast<std::size_t>(c)] = is_alphanumeric(static_cast<char>(c));
  for (const char c : std::string_view("-._~%!$&'()*+;="))
    set[static_cast<unsigned char>(c)] = true;
  return set;
}();

bool is_ip_literal(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text)
    if (!is_alphanumeric(c) && c != ':' && c != '.' && c != '%') return false;
  return true;
}

bool is_port(std::string_view text) {
  if (text.empty()) return true;
  if (text.size() > 5) return false;
  unsigned port = 0;
  for (const char c : text) {
    if (!is_digit(c)) return false;
    port = port * 10 + static_cast<unsigned>(c - '0');
  }
  return port <= 65535;
}

// What stands behind the host: nothing, or ':' and a port.
bool is_port_part(std::string_view text) {
  return text.empty() || (text.front() == ':' && is_port(text.substr(1)));
}

bool refuse(Refusal* refusal, const char* why) {
  *refusal = {400, false, why};
  return false;
}

bool read_connect(RequestHead* head, Refusal* refusal) {
  const std::size_t colon = head->target.rfind(':');
  if (!is_authority(head->target) || colon == std::string_view::npos ||
      colon + 1 == head->target.size() || head->target.back() == ']')
    return refuse(refusal, "the target of CONNECT is not host:port");
  head->authority = head->target;
  head->path = {};
  return true;
}

bool read_absolute(RequestHead* head, std::size_t scheme, Refusal* refusal) {
  const std::string_view rest = head->target.substr(scheme);
  const std::size_t end = rest.find_first_of("/?");
  head->authority = rest.substr(0, end);
  head->path = end == std::string_view::npos ? std::string_view("/") : rest.substr(end);
  if (!is_authority(head->authority))
    return refuse(refusal, "the host in the request target is not valid");
  return true;
}

}  // namespace

bool is_authority(std::string_view text) {
  if (text.empty()) return false;
  if (text.front() == '[') {
    const std::size_t close = text.find(']');
    return close != std::string_view::npos && is_ip_literal(text.substr(1, close - 1)) &&
           is_port_part(text.substr(close + 1));
  }
  const std::size_t colon = text.find(':');
  const std::string_view host = text.substr(0, colon);
  if (host.empty()) return false;
  for (const char c : host)
    if (!kHostBytes[static_cast<unsigned char>(c)]) return false;
  return colon == std::string_view::npos || is_port_part(text.substr(colon));
}

bool read_target(RequestHead* head, Refusal* refusal) {
  const std::string_view target = head->target;
  head->authority = {};
  head->path = target;
  if (head->is_connect()) return read_connect(head, refusal);
  if (target.front() == '/') return true;
  if (target == "*" && head->method == "OPTIONS") return true;
  for (const std::string_view scheme : {"http://", "https://"})
    if (same_name(target.substr(0, scheme.size()), scheme))
      return read_absolute(head, scheme.size(), refusal);
  return refuse(refusal, "the request target is neither a path nor an http URL");
}

}  // namespace virgo::http
