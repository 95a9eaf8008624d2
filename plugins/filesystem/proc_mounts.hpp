// /proc/mounts: "/dev/sda1 /point ext4 rw,noatime 0 0". Tells less than mountinfo, but
// the options as mount(8) shows them.
#pragma once

#include "mountinfo.hpp"

namespace plugin {

struct ProcMount {
  const char* source;
  const char* point;
  std::string_view type;
  std::string_view options;
};

// False when the line is not of this form. Writes into the line.
inline bool parse_proc_mount(std::string_view line, ProcMount* m) {
  const std::string_view source = take_word(line);
  const std::string_view point = take_word(line);
  m->type = take_word(line);
  m->options = take_word(line);
  if (m->options.empty() || take_word(line).empty()) return false;
  m->source = unescape(source);
  m->point = unescape(point);
  return true;
}

}  // namespace plugin
