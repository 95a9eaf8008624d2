// Small text functions that several parts need.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace virgo {

// The candidate nearest to `word` by edit distance (insert, delete, replace,
// swap of neighbours), or "" when none is near enough to be a likely typing
// error (more than a third of the word's length, at least 1).
std::string_view did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

// "10s", "500ms", "2m", "1h", "1d", "250us"; whole or decimal number and a
// unit, not negative. Fails with a sentence that says how to write it.
Result<Duration> parse_duration(std::string_view text);
// "10s", "500ms", "1500ms": in the largest unit that needs no fraction.
std::string format_duration(Duration d);

// A point of time in seconds since 1970: "2026-01-31 12:00:00 UTC".
std::string format_utc(std::int64_t seconds);

// "64MiB", "10KiB", "1GiB", "512B", "1MB" (powers of ten), plain bytes.
Result<std::uint64_t> parse_size(std::string_view text);
std::string format_size(std::uint64_t bytes);

// Bytes for a person to read: printable ASCII as it is, the rest as \xNN, cut
// after `max` bytes with "...".
std::string printable(std::string_view bytes, std::size_t max = 64);

// Bytes of the UTF-8 character that `text` begins with; 0 if it begins with none
// (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
std::size_t utf8_length(std::string_view text);

// Valid UTF-8 from any bytes: each bad byte becomes U+FFFD.
std::string to_utf8(std::string_view bytes);
// The same, onto the end of `out`.
void append_utf8(std::string& out, std::string_view bytes);

// At most `max` bytes of UTF-8, without half a character at the end.
std::string_view cut_utf8(std::string_view text, std::size_t max);

// FNV-1a, stable across builds and hosts (for splay).
std::uint64_t stable_hash(std::string_view text);

}  // namespace virgo
