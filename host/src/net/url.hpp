// http: and https: addresses, strictly read (RFC 3986). Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace virgo::net {

struct Url {
  bool secure = false;  // https
  // A name or an IP address without brackets, lower case; of a link's address with the
  // interface, "fe80::1%eth0".
  std::string host;
  std::uint16_t port = 80;   // as written, or the scheme's
  std::string target = "/";  // path and query: what a request asks for
  std::string user;          // decoded
  std::string password;

  // Host (without an interface) and, if it is not the scheme's, the port: what the field
  // Host says.
  std::string authority() const;
  // Without user and password.
  std::string text() const;
  bool same_origin(const Url& other) const {
    return secure == other.secure && host == other.host && port == other.port;
  }
};

// At most 8 KiB. The fragment is dropped; spaces and bytes above 0x7f in path and query
// become %XX. Errc::invalid with what is wrong, and the URL without its password.
Result<Url> parse_url(std::string_view text);

// What `reference` (of a Location field) means at `base`: absolute, "//host/path", "/path",
// "path", "?query" or "". User and password are kept within the same origin only.
Result<Url> resolve_url(const Url& base, std::string_view reference);

}  // namespace virgo::net
