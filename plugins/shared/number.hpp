// Files of /proc/sys and /sys that hold one number: "256\n".
#pragma once

#include <shared/text.hpp>

namespace plugin {

// False when it is no whole line with a number and nothing else.
inline bool only_number(std::string_view text, uint64_t* out) {
  std::string_view line;
  return take_line(text, &line) && to_u64(trimmed(line), out);
}

}  // namespace plugin
