// /proc/mounts: "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0".
#pragma once

#include <shared/text.hpp>

namespace plugin {

struct CgroupMount {
  std::string_view path;  // of the first mount of version 2; empty when there is none
  bool has_version_1 = false;
};

// Undoes the kernel's "\040" for a blank, in place.
inline std::string_view unescaped(char* text, size_t size) {
  size_t to = 0;
  const auto octal = [](char c) { return c >= '0' && c <= '7'; };
  for (size_t from = 0; from < size; ++from) {
    unsigned value = static_cast<unsigned char>(text[from]);
    if (value == '\\' && from + 3 < size && octal(text[from + 1]) && octal(text[from + 2]) &&
        octal(text[from + 3])) {
      value = static_cast<unsigned>((text[from + 1] - '0') * 64 + (text[from + 2] - '0') * 8 +
                                    (text[from + 3] - '0'));
      from += 3;
    }
    text[to++] = static_cast<char>(value);
  }
  return {text, to};
}

inline CgroupMount find_cgroup_mount(char* text, size_t size) {
  CgroupMount out;
  std::string_view rest(text, size);
  std::string_view line;
  while (take_line(rest, &line)) {
    take_word(line);
    const std::string_view path = take_word(line);
    const std::string_view type = take_word(line);
    if (type == "cgroup") out.has_version_1 = true;
    if (type == "cgroup2" && out.path.empty() && !path.empty())
      out.path = unescaped(text + (path.data() - text), path.size());
  }
  return out;
}

}  // namespace plugin
