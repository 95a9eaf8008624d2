// The names a certificate can be for: DNS names and IP addresses.
// Internal to crypto/.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace virgo::crypto {

struct HostName {
  std::string text;      // without brackets, zone ("%eth0") or the root's dot
  std::string ip_bytes;  // 4 or 16 bytes in network order; empty for a DNS name

  bool is_ip() const { return !ip_bytes.empty(); }
};

// Fails with invalid and a sentence that quotes `text`. `wildcard`: whether the
// leftmost label may be "*" (in a certificate yes, in a place to connect to no).
Result<HostName> parse_host_name(std::string_view text, bool wildcard);

// "10.0.0.1", "::1"; "" if there are neither 4 nor 16 bytes.
std::string ip_text(std::string_view bytes);

}  // namespace virgo::crypto
