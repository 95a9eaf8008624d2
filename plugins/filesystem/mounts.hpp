// The mounts of /proc/self/mountinfo, and which of them to report.
#pragma once

#include <shared/proc_file.hpp>
#include <shared/words.hpp>

namespace plugin {

struct Mount {
  std::string_view device_id;  // "8:1"; mounts of one file system share it
  const char* point;
  std::string_view type;
  std::string_view source;  // "/dev/sda1"
  bool read_only;
  bool asked;  // by this run, whether it answered or not
};

// Kernel interfaces, memory, images, and overlays of what is reported anyway.
constexpr std::string_view kNotStorage[] = {
    "autofs",     "binfmt_misc", "bpf",      "cgroup", "cgroup2", "configfs",  "debugfs",
    "devpts",     "devtmpfs",    "efivarfs", "erofs",  "fusectl", "hugetlbfs", "iso9660",
    "mqueue",     "nsfs",        "overlay",  "proc",   "pstore",  "ramfs",     "rpc_pipefs",
    "securityfs", "selinuxfs",   "squashfs", "sysfs",  "tmpfs",   "tracefs"};

// Servers and programs that may never answer. One that does not would take the
// reports on the local disks with it; they are for a check of their own.
constexpr std::string_view kRemote[] = {"9p",   "afs",       "beegfs",  "ceph",   "cifs",
                                        "gfs2", "glusterfs", "gpfs",    "lustre", "nfs",
                                        "nfs4", "smb3",      "virtiofs"};

template <size_t N>
bool among(const std::string_view (&list)[N], std::string_view word) {
  for (const std::string_view w : list)
    if (w == word) return true;
  return false;
}

struct Filter {
  Words include_types;
  Words exclude_types;
  Words include_mountpoints;

  bool wants(const Mount& m) const {
    if (exclude_types.has(m.type)) return false;
    if (!include_mountpoints.empty() && !include_mountpoints.has(m.point)) return false;
    if (!include_types.empty()) return include_types.has(m.type);
    // What was asked for by name, and the root, are reported whatever they are.
    if (!include_mountpoints.empty() || strcmp(m.point, "/") == 0) return true;
    return !among(kNotStorage, m.type) && !among(kRemote, m.type) && !starts_with(m.type, "fuse");
  }
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

// "36 35 98:0 /root /point rw,noatime master:1 - ext4 /dev/sda1 rw,errors=continue"
// False when the line is not of this form. Writes into the line.
inline bool parse_mount(std::string_view line, Mount* m) {
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
  const auto ro = [](std::string_view o) { return o == "ro" || starts_with(o, "ro,"); };
  m->asked = false;
  m->read_only = ro(options) || ro(super_options);
  m->point = unescape(point);
  m->source = unescape(source);
  return true;
}

}  // namespace plugin
