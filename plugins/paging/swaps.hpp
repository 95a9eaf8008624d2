// /proc/swaps: "/dev/sda2  partition  8388604  1024  -2" below a line of headings; sizes
// in KiB.
#pragma once

#include <shared/text.hpp>

namespace plugin {

struct Swap {
  std::string_view device;  // "/dev/sda2" or a file
  uint64_t size;            // bytes, as is used
  uint64_t used;
};

// Replaces \040 and the like by what they stand for, in place. Returns the new length.
inline size_t unescape_octal(char* text, size_t length) {
  size_t to = 0;
  const auto octal = [&](size_t at) { return at < length && text[at] >= '0' && text[at] <= '7'; };
  for (size_t from = 0; from < length; ++to) {
    const bool escaped = text[from] == '\\' && octal(from + 1) && text[from + 1] <= '3' &&
                         octal(from + 2) && octal(from + 3);
    if (escaped) {
      text[to] = static_cast<char>((text[from + 1] - '0') * 64 + (text[from + 2] - '0') * 8 +
                                   (text[from + 3] - '0'));
      from += 4;
    } else {
      text[to] = text[from++];
    }
  }
  return to;
}

// The lines of a text that may be written to.
class Swaps {
 public:
  Swaps(char* text, size_t length) : text_(text), rest_(text, length) {}

  // Passes over the headings, and over what cannot be understood.
  bool next(Swap* out) {
    std::string_view line;
    while (take_line(rest_, &line)) {
      char* const name = text_ + (line.data() - text_);
      const size_t length = field(line).size();
      field(line);  // partition or file
      if (length == 0 || !to_u64(field(line), &out->size) || !to_u64(field(line), &out->used))
        continue;
      out->size = times(out->size, 1024);
      out->used = times(out->used, 1024);
      out->device = {name, unescape_octal(name, length)};
      return true;
    }
    return false;
  }

 private:
  // The next word; blanks and tabs separate them.
  static std::string_view field(std::string_view& line) {
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!line.empty() && blank(line.front())) line.remove_prefix(1);
    size_t length = 0;
    while (length < line.size() && !blank(line[length])) ++length;
    const std::string_view word(line.data(), length);
    line.remove_prefix(length);
    return word;
  }

  char* const text_;
  std::string_view rest_;
};

}  // namespace plugin
