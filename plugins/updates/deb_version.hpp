// Which of two versions of a Debian package is the later one, by Debian's policy:
// [epoch:]upstream[-revision].
#pragma once

#include <shared/slice.hpp>
#include <shared/text.hpp>

namespace plugin {

namespace deb {

inline bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
// "~" sorts before the end, the end before letters, letters before all else.
inline int weight(std::string_view text, size_t i) {
  if (i >= text.size() || is_digit(text[i])) return 0;
  const char c = text[i];
  if (c == '~') return -1;
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return letter ? c : static_cast<unsigned char>(c) + 256;
}

// Parts without digits and numbers in turns.
inline int compare_part(std::string_view a, std::string_view b) {
  size_t i = 0;
  size_t k = 0;
  while (i < a.size() || k < b.size()) {
    while ((i < a.size() && !is_digit(a[i])) || (k < b.size() && !is_digit(b[k]))) {
      const int difference = weight(a, i) - weight(b, k);
      if (difference != 0) return difference;
      ++i;
      ++k;
    }
    while (i < a.size() && a[i] == '0') ++i;
    while (k < b.size() && b[k] == '0') ++k;
    int first = 0;
    while (i < a.size() && k < b.size() && is_digit(a[i]) && is_digit(b[k])) {
      if (first == 0) first = a[i] - b[k];
      ++i;
      ++k;
    }
    if (i < a.size() && is_digit(a[i])) return 1;  // the longer number
    if (k < b.size() && is_digit(b[k])) return -1;
    if (first != 0) return first;
  }
  return 0;
}

struct Version {
  std::string_view epoch;
  std::string_view upstream;
  std::string_view revision;

  explicit Version(std::string_view text) : upstream(text) {
    for (size_t i = 0; i < upstream.size(); ++i)
      if (upstream[i] == ':') {
        epoch = slice(upstream, 0, i);
        upstream.remove_prefix(i + 1);
        break;
      }
    for (size_t i = upstream.size(); i > 0; --i)
      if (upstream[i - 1] == '-') {
        revision = slice(upstream, i);
        upstream = slice(upstream, 0, i - 1);
        break;
      }
  }
};

}  // namespace deb

// Below 0, 0 or above 0 as `a` is earlier than, the same as or later than `b`.
inline int compare_versions(std::string_view a, std::string_view b) {
  const deb::Version left(a);
  const deb::Version right(b);
  int difference = deb::compare_part(left.epoch, right.epoch);
  if (difference == 0) difference = deb::compare_part(left.upstream, right.upstream);
  if (difference == 0) difference = deb::compare_part(left.revision, right.revision);
  return difference;
}

}  // namespace plugin
