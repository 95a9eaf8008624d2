// cpu.stat, memory.stat, memory.events: "user_usec 1234", a line each.
#pragma once

#include <shared/text.hpp>

namespace plugin {

struct KeyedLine {
  std::string_view name;
  uint64_t value;
};

// The next whole line that can be understood; false at the end.
inline bool next_keyed(std::string_view& text, KeyedLine* out) {
  std::string_view line;
  while (take_line(text, &line)) {
    out->name = take_word(line);
    if (!out->name.empty() && to_u64(take_word(line), &out->value) && line.empty()) return true;
  }
  return false;
}

}  // namespace plugin
