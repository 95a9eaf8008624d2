#include "crypto/host_name.hpp"

#include <arpa/inet.h>

#include "base/format.hpp"
#include "base/text.hpp"

namespace virgo::crypto {
namespace {

constexpr std::size_t kMaxName = 253;
constexpr std::size_t kMaxLabel = 63;

std::string ip_bytes(const std::string& text) {
  char bytes[16];
  if (inet_pton(AF_INET, text.c_str(), bytes) == 1) return {bytes, 4};
  if (inet_pton(AF_INET6, text.c_str(), bytes) == 1) return {bytes, 16};
  return {};
}

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > kMaxLabel) return false;
  for (const char c : label) {
    const bool alphanumeric =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!alphanumeric && c != '-' && c != '_') return false;
  }
  return true;
}

// OpenSSL gives a leading dot and an embedded NUL meanings of their own, so
// nothing but plain labels may reach it.
bool is_dns_name(std::string_view text, bool wildcard) {
  if (text.size() > kMaxName) return false;
  if (wildcard && text.starts_with("*.")) text.remove_prefix(2);
  while (true) {
    const std::size_t dot = text.find('.');
    if (!is_label(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool has_non_ascii(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) >= 0x80) return true;
  return false;
}

}  // namespace

Result<HostName> parse_host_name(std::string_view text, bool wildcard) {
  std::string_view bare = text;
  const bool bracketed = bare.size() > 2 && bare.front() == '[' && bare.back() == ']';
  if (bracketed) bare = bare.substr(1, bare.size() - 2);
  // A certificate knows nothing of the interface a link-local address is on.
  if (bare.find(':') != std::string_view::npos) bare = bare.substr(0, bare.find('%'));

  HostName host;
  if (bare.find('\0') == std::string_view::npos) host.ip_bytes = ip_bytes(std::string(bare));
  if (!host.is_ip() && bare.size() > 1 && bare.ends_with('.')) bare.remove_suffix(1);
  const bool valid = host.is_ip() ? !bracketed || host.ip_bytes.size() == 16
                                  : !bracketed && is_dns_name(bare, wildcard);
  if (!valid) {
    const char* advice = has_non_ascii(text) ? " (write it in its ASCII form, xn--...)" : "";
    return Error{Errc::invalid, format("'{}' is neither a host name nor an IP address{}",
                                       printable(text), advice)};
  }
  host.text = bare;
  return host;
}

std::string ip_text(std::string_view bytes) {
  char text[INET6_ADDRSTRLEN] = "";
  if (bytes.size() == 4) inet_ntop(AF_INET, bytes.data(), text, sizeof text);
  if (bytes.size() == 16) inet_ntop(AF_INET6, bytes.data(), text, sizeof text);
  return text;
}

}  // namespace virgo::crypto
