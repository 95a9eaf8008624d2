// Digests and what is made of them, for protocols that ask for them. MD5 and SHA-1
// protect nothing; they are here because PostgreSQL's and MySQL's logins, WebSocket's
// handshake and fingerprints use them. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace virgo::crypto {

// The digest's bytes: 20, 32, 64.
std::string sha1(std::string_view bytes);
std::string sha256(std::string_view bytes);
std::string sha512(std::string_view bytes);

enum class Digest : std::uint8_t { md5, sha1, sha256, sha512 };

// "md5", "sha1", "sha256", "sha512"; nullopt for any other.
std::optional<Digest> digest_named(std::string_view name);

// These fail (nullopt) only where the system's policy forbids the digest: MD5 in FIPS
// mode.
std::optional<std::string> digest_of(Digest kind, std::string_view bytes);
std::optional<std::string> hmac(Digest kind, std::string_view key, std::string_view bytes);
// PBKDF2 with HMAC (RFC 8018). `rounds` and `length` are at least 1. Blocks: a million
// rounds take some tenths of a second.
std::optional<std::string> pbkdf2(Digest kind, std::string_view password, std::string_view salt,
                                  std::uint32_t rounds, std::size_t length);

}  // namespace virgo::crypto
