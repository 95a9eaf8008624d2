// /proc/sys/fs/file-nr: "1152\t0\t2466177": file handles allocated, those of them that
// are free (always 0 since 2.6), and the most there may be.
#pragma once

#include <shared/text.hpp>

namespace plugin {

struct FileNr {
  uint64_t allocated = 0;
  uint64_t unused = 0;
  uint64_t limit = 0;
};

// False when these are not three numbers on a whole line.
inline bool file_nr_of(std::string_view text, FileNr* out) {
  std::string_view line;
  if (!take_line(text, &line)) return false;
  for (uint64_t* number : {&out->allocated, &out->unused, &out->limit})
    if (!to_u64(trimmed(take_until(line, '\t')), number)) return false;
  return true;
}

}  // namespace plugin
