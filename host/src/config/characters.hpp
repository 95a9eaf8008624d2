// Sets of ASCII characters, independent of the locale. Internal to config/.
#pragma once

#include <algorithm>
#include <string_view>

namespace virgo::config {

inline constexpr std::string_view kNamePunctuation = "_.:/-";

inline bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// ASCII letters, digits and the given others.
inline bool has_only(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return is_alnum(c) || others.find(c) != std::string_view::npos;
  });
}

}  // namespace virgo::config
