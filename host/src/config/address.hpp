// The endpoint's address as text. Internal to config/. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace virgo::config {

struct HostPort {
  std::string host;
  std::uint16_t port = 443;
};

// From "host", "host:port", "[IPv6 address]" or "[IPv6 address]:port"; nothing
// if it is none of these. Names are not looked up.
std::optional<HostPort> split_address(std::string_view text);

}  // namespace virgo::config
