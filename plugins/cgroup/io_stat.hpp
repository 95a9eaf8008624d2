// io.stat: "8:0 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0", a line
// for each disk. Some kernels write nothing, not even a line end, behind the number of a
// disk that did nothing.
#pragma once

#include <shared/text.hpp>

namespace plugin {

// Adds up all disks; false when there is no number at all, as in a group that did nothing.
inline bool parse_io_stat(std::string_view text, uint64_t* read, uint64_t* written) {
  bool found = false;
  std::string_view line;
  while (take_line(text, &line)) {
    while (!line.empty()) {
      std::string_view word = take_word(line);
      const std::string_view name = take_until(word, '=');
      uint64_t* sum = name == "rbytes" ? read : name == "wbytes" ? written : nullptr;
      uint64_t value = 0;
      if (sum == nullptr || !to_u64(word, &value)) continue;
      *sum = plus(*sum, value);
      found = true;
    }
  }
  return found;
}

}  // namespace plugin
