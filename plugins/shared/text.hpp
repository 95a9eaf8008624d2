// Words and numbers of the kernel's text files, taken apart in place: nothing here
// allocates but Text.
#pragma once

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <string_view>

namespace plugin {

// A NUL-terminated copy on the heap. Made anew by set(), freed with its owner.
class Text {
 public:
  Text() = default;
  ~Text() { free(text_); }
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;

  // a + b; false when there is no memory.
  bool set(std::string_view a, std::string_view b = {}) {
    char* text = static_cast<char*>(malloc(a.size() + b.size() + 1));
    if (text == nullptr) return false;
    if (!a.empty()) memcpy(text, a.data(), a.size());
    if (!b.empty()) memcpy(text + a.size(), b.data(), b.size());
    text[a.size() + b.size()] = '\0';
    free(text_);
    text_ = text;
    return true;
  }
  const char* c_str() const { return text_ != nullptr ? text_ : ""; }

 private:
  char* text_ = nullptr;
};

// Takes everything up to `end` off the front of `text`, and `end` with it.
inline std::string_view take_until(std::string_view& text, char end) {
  const void* at = text.empty() ? nullptr : memchr(text.data(), end, text.size());
  const size_t n =
      at == nullptr ? text.size() : static_cast<size_t>(static_cast<const char*>(at) - text.data());
  const std::string_view taken(text.data(), n);
  text.remove_prefix(at == nullptr ? n : n + 1);
  return taken;
}

// The next whole line. False at the end, and for a last line that is cut off: half
// a number is not a number.
inline bool take_line(std::string_view& text, std::string_view* line) {
  if (text.empty() || memchr(text.data(), '\n', text.size()) == nullptr) return false;
  *line = take_until(text, '\n');
  return true;
}

// The next word, words being separated by any number of blanks; "" at the end.
inline std::string_view take_word(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  return take_until(text, ' ');
}

inline bool starts_with(std::string_view text, std::string_view start) {
  return start.empty() ||
         (text.size() >= start.size() && memcmp(text.data(), start.data(), start.size()) == 0);
}

// Decimal digits and nothing else; a number too big is the biggest.
inline bool to_u64(std::string_view word, uint64_t* out) {
  if (word.empty()) return false;
  uint64_t value = 0;
  bool beyond = false;
  for (const char c : word) {
    if (c < '0' || c > '9') return false;
    beyond = beyond || __builtin_mul_overflow(value, uint64_t{10}, &value) ||
             __builtin_add_overflow(value, static_cast<uint64_t>(c - '0'), &value);
  }
  *out = beyond ? UINT64_MAX : value;
  return true;
}

// As to_u64, with a sign in front.
inline bool to_i64(std::string_view word, int64_t* out) {
  const bool negative = !word.empty() && word.front() == '-';
  uint64_t value = 0;
  if (!to_u64(negative ? word.substr(1) : word, &value)) return false;
  const uint64_t most = static_cast<uint64_t>(INT64_MAX) + (negative ? 1 : 0);
  if (value > most) value = most;
  *out = negative ? static_cast<int64_t>(0 - value) : static_cast<int64_t>(value);
  return true;
}

// "0.25", "-3", "1e3"; false for anything else, for infinities and for what is no number.
inline bool to_f64(std::string_view word, double* out) {
  char text[64];
  if (word.empty() || word.size() >= sizeof text) return false;
  const char first = word.front();
  if (first != '-' && first != '+' && first != '.' && (first < '0' || first > '9')) return false;
  for (const char c : word)
    if (c == 'x' || c == 'X' || c == 'p' || c == 'P') return false;  // strtod() knows 0x1p3
  memcpy(text, word.data(), word.size());
  text[word.size()] = '\0';
  char* end = nullptr;
  const double value = strtod(text, &end);
  if (end != text + word.size() || !__builtin_isfinite(value)) return false;
  *out = value;
  return true;
}

// Without blanks and line ends at either side.
inline std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

// a - b, and a + b, that do not wrap: the kernel does not take all its numbers at one
// moment.
inline uint64_t minus(uint64_t a, uint64_t b) {
  return a > b ? a - b : 0;
}
inline uint64_t plus(uint64_t a, uint64_t b) {
  return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}
inline uint64_t times(uint64_t a, uint64_t b) {
  uint64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

}  // namespace plugin
