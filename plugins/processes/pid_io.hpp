// /proc/PID/io: "read_bytes: 4096", what a process made the disks do.
#pragma once

#include <shared/text.hpp>

namespace plugin {

// False unless both numbers are there.
inline bool parse_pid_io(std::string_view text, uint64_t* read, uint64_t* written) {
  bool has_read = false;
  bool has_written = false;
  std::string_view line;
  while (take_line(text, &line)) {
    const std::string_view name = take_until(line, ':');
    if (name == "read_bytes") has_read = to_u64(take_word(line), read);
    if (name == "write_bytes") has_written = to_u64(take_word(line), written);
  }
  return has_read && has_written;
}

}  // namespace plugin
