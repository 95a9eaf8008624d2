// /proc/PID/mountinfo: what is mounted where.
// "36 35 98:0 /root /point rw,noatime master:1 - ext4 /dev/sda1 rw,errors=continue"
#pragma once

#include <shared/text.hpp>

namespace plugin {

struct Mount {
  std::string_view device_id;  // "8:1"; mounts of one file system share it
  const char* point;
  std::string_view type;
  std::string_view source;  // "/dev/sda1"
  bool read_only;
};

// Replaces \040 and the like by what they stand for, in place, and ends the text.
inline const char* unescape(std::string_view field) {
  // The field lies in the file's buffer and is followed by a blank to overwrite.
  char* const start = const_cast<char*>(field.data());
  char* to = start;
  const auto octal = [](char c) { return c >= '0' && c <= '7'; };
  for (size_t i = 0; i < field.size(); ++i) {
    if (field[i] == '\\' && i + 3 < field.size() && octal(field[i + 1]) && octal(field[i + 2]) &&
        octal(field[i + 3])) {
      *to++ = static_cast<char>((field[i + 1] - '0') * 64 + (field[i + 2] - '0') * 8 +
                                field[i + 3] - '0');
      i += 3;
    } else {
      *to++ = field[i];
    }
  }
  *to = '\0';
  return start;
}

// Of "ro,noatime" and the like.
inline bool says_read_only(std::string_view options) {
  return take_until(options, ',') == "ro";
}

// False when the line is not of this form. Writes into the line.
inline bool parse_mountinfo(std::string_view line, Mount* m) {
  take_word(line);  // mount id
  take_word(line);  // parent id
  m->device_id = take_word(line);
  take_word(line);  // root within the file system
  const std::string_view point = take_word(line);
  const std::string_view options = take_word(line);
  while (!line.empty() && take_word(line) != "-") {
  }
  m->type = take_word(line);
  const std::string_view source = take_word(line);
  const std::string_view super_options = take_word(line);
  if (point.empty() || m->type.empty() || super_options.empty()) return false;
  m->read_only = says_read_only(options) || says_read_only(super_options);
  m->point = unescape(point);
  m->source = unescape(source);
  return true;
}

}  // namespace plugin
