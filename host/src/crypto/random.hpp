// Randomness for secrets, and comparing secrets. Thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace virgo::crypto {

// All of these fail only if the system has no randomness to give.
Result<void> fill_random(std::span<unsigned char> bytes);
Result<std::string> random_bytes(std::size_t count);
// 32 random bytes as 64 lower-case hex digits.
Result<std::string> random_token();
Result<std::uint64_t> random_u64();

// Whether both are the same, in a time that depends on the lengths only.
bool equal_constant_time(std::string_view a, std::string_view b);

}  // namespace virgo::crypto
