#include "net/dns_name.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "base/format.hpp"
#include "base/text.hpp"
#include "net/dns_message.hpp"

namespace virgo::net {
namespace {

// The octets of a label's text; nullopt if an escape is none.
std::optional<std::string> unescape(std::string_view label) {
  std::string out;
  for (std::size_t i = 0; i < label.size(); ++i) {
    if (label[i] != '\\') {
      out += label[i];
      continue;
    }
    const auto digit = [&](std::size_t at) {
      return at < label.size() && label[at] >= '0' && label[at] <= '9' ? label[at] - '0' : -1;
    };
    if (i + 1 == label.size()) return std::nullopt;
    if (digit(i + 1) < 0) {
      out += label[++i];
      continue;
    }
    if (digit(i + 2) < 0 || digit(i + 3) < 0) return std::nullopt;
    const int number = digit(i + 1) * 100 + digit(i + 2) * 10 + digit(i + 3);
    if (number > 255) return std::nullopt;
    out += static_cast<char>(number);
    i += 3;
  }
  return out;
}

// Takes the next label, still escaped, off the front.
std::string_view take_label(std::string_view& name) {
  std::size_t end = 0;
  while (end < name.size() && name[end] != '.') end += name[end] == '\\' ? 2 : 1;
  end = std::min(end, name.size());
  const std::string_view label = name.substr(0, end);
  name.remove_prefix(std::min(end + 1, name.size()));
  return label;
}

Error no_name(std::string_view name, const char* why) {
  return {Errc::invalid, format("'{}' is no DNS name: {}", printable(name, 256), why)};
}

}  // namespace

Result<std::string> encode_dns_name(std::string_view name) {
  std::string out;
  std::string_view rest = name == "." ? std::string_view() : name;
  if (name.empty()) return no_name(name, "it is empty");
  while (!rest.empty()) {
    const auto label = unescape(take_label(rest));
    if (!label) return no_name(name, "it has an escape that is none");
    if (label->empty()) return no_name(name, "it has an empty label");
    if (label->size() > kMaxDnsLabel) return no_name(name, "a label has more than 63 octets");
    out += static_cast<char>(label->size());
    out += *label;
    if (out.size() >= kMaxDnsName) return no_name(name, "it has more than 255 octets");
  }
  out += '\0';
  return out;
}

bool same_dns_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  });
}

std::optional<std::string> dns_reverse_name(const std::string& text) {
  unsigned char bytes[16];
  std::string out;
  if (inet_pton(AF_INET, text.c_str(), bytes) == 1)
    return format("{}.{}.{}.{}.in-addr.arpa", bytes[3], bytes[2], bytes[1], bytes[0]);
  if (inet_pton(AF_INET6, text.c_str(), bytes) != 1) return std::nullopt;
  for (int i = 15; i >= 0; --i) out += format("{:x}.{:x}.", bytes[i] & 15, bytes[i] >> 4);
  return out + "ip6.arpa";
}

}  // namespace virgo::net
