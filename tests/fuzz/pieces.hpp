// A text cut into pieces, as it may arrive on a connection.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace fuzz {

// Of seed 0 single bytes; of any other pieces of 1 to 16 bytes, and some longer ones.
inline std::vector<std::string_view> pieces(std::string_view text, std::uint32_t seed) {
  std::vector<std::string_view> out;
  std::uint32_t state = seed;
  while (!text.empty()) {
    state = state * 1664525 + 1013904223;
    std::size_t length = seed == 0 ? 1 : 1 + (state >> 24) % 16;
    if (seed != 0 && (state >> 20) % 8 == 0) length *= 16;
    out.push_back(text.substr(0, length));
    text.remove_prefix(out.back().size());
  }
  return out;
}

}  // namespace fuzz
