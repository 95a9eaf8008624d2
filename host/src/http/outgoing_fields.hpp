// What the header fields a program gives say about the message it sends. Internal to
// http/.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/result.hpp"
#include "http/headers.hpp"

namespace virgo::http {

struct OutgoingFields {
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool date = false;
  bool host = false;
  bool upgrade = false;
  // Elements of Connection.
  bool close = false;
  bool keep_alive = false;
  bool connection_upgrade = false;
};

// Errc::invalid for a field that must not be sent, for two Content-Length or Host, for one
// that is no number, for Content-Length with Transfer-Encoding, for a coding other than
// chunked.
Result<OutgoingFields> read_outgoing(std::span<const Header> headers);

// Appends the fields, which were checked; without `coding` not Transfer-Encoding, without
// `length` not Content-Length.
void append_outgoing(std::string& out, std::span<const Header> headers, bool coding, bool length);

}  // namespace virgo::http
