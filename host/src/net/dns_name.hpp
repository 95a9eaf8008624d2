// Names as a DNS message has them. Internal to net/; what others need is in
// dns_message.hpp.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace virgo::net {

constexpr std::size_t kMaxDnsName = 255;  // octets on the wire, with the root's
constexpr std::size_t kMaxDnsLabel = 63;

// The name's octets; see encode_dns_query().
Result<std::string> encode_dns_name(std::string_view name);

}  // namespace virgo::net
