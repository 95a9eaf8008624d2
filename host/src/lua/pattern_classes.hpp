// The letter classes of Lua patterns, %a and so on. ASCII only, whatever the locale.
// Internal to lua/.
#pragma once

#include "lua/pattern.hpp"

namespace virgo::lua {

// The classes have the first places among a program's sets: 2 * n is the class of
// the n-th letter of kClassLetters, 2 * n + 1 that of its upper case, the complement.
constexpr std::string_view kClassLetters = "acdglpsuwxz";
constexpr std::uint32_t kClassSets = 2 * kClassLetters.size();

constexpr bool in_class(char letter, unsigned c) {
  const bool lower = c >= 'a' && c <= 'z';
  const bool upper = c >= 'A' && c <= 'Z';
  const bool digit = c >= '0' && c <= '9';
  const bool graph = c > ' ' && c < 0x7f;
  switch (letter) {
    case 'a':
      return lower || upper;
    case 'c':
      return c < ' ' || c == 0x7f;
    case 'd':
      return digit;
    case 'g':
      return graph;
    case 'l':
      return lower;
    case 'p':
      return graph && !lower && !upper && !digit;
    case 's':
      return c == ' ' || (c >= '\t' && c <= '\r');
    case 'u':
      return upper;
    case 'w':
      return lower || upper || digit;
    case 'x':
      return digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    default:
      return c == 0;  // z
  }
}

constexpr std::array<ByteSet, kClassSets> make_class_sets() {
  std::array<ByteSet, kClassSets> out{};
  for (std::size_t n = 0; n < kClassLetters.size(); ++n)
    for (unsigned c = 0; c < 256; ++c) {
      const bool in = in_class(kClassLetters[n], c);
      out[2 * n + (in ? 0 : 1)].bits[c >> 5] |= std::uint32_t{1} << (c & 31);
    }
  return out;
}

inline constexpr std::array<ByteSet, kClassSets> kClassSet = make_class_sets();

// Which of them `c` behind a % names, or -1: then it stands for itself.
constexpr int class_set(char c) {
  const bool upper = c >= 'A' && c <= 'Z';
  const std::size_t n = kClassLetters.find(upper ? static_cast<char>(c - 'A' + 'a') : c);
  if (n == std::string_view::npos) return -1;
  return static_cast<int>(2 * n) + (upper ? 1 : 0);
}

}  // namespace virgo::lua
