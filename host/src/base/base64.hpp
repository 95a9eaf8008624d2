// Base64 (RFC 4648, section 4), with padding. Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace virgo {

std::string encode_base64(std::string_view bytes);

// Strict: padded, no white space, unused bits zero; else nullopt.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace virgo
