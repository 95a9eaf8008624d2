// SHA-1 and SHA-2, for formats that ask for them. SHA-1 protects nothing; it is
// here because WebSocket's handshake and fingerprints use it. Thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace virgo::crypto {

// The digest's bytes: 20, 32, 64.
std::string sha1(std::string_view bytes);
std::string sha256(std::string_view bytes);
std::string sha512(std::string_view bytes);

}  // namespace virgo::crypto
