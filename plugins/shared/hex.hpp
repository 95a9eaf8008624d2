// Numbers that the kernel writes in hexadecimal.
#pragma once

#include <shared/text.hpp>

namespace plugin {

// Hexadecimal digits, of either case, and nothing else; a number too big is the biggest.
inline bool hex_to_u64(std::string_view word, uint64_t* out) {
  if (word.empty()) return false;
  uint64_t value = 0;
  bool too_big = false;
  for (const char c : word) {
    const unsigned digit = c >= '0' && c <= '9'   ? static_cast<unsigned>(c - '0')
                           : c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a') + 10
                           : c >= 'A' && c <= 'F' ? static_cast<unsigned>(c - 'A') + 10
                                                  : 16;
    if (digit > 15) return false;
    too_big = too_big || value >> 60u != 0;
    value = value << 4u | digit;
  }
  *out = too_big ? UINT64_MAX : value;
  return true;
}

// The same, and false for what is beyond `most`.
inline bool hex_up_to(std::string_view word, uint64_t most, uint64_t* out) {
  return hex_to_u64(word, out) && *out <= most;
}

}  // namespace plugin
