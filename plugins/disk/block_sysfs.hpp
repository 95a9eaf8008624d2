// What sysfs says of a block device: whether it is a whole disk, and how big.
#pragma once

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <shared/text.hpp>

namespace plugin {

class BlockSysfs {
 public:
  BlockSysfs() = default;
  ~BlockSysfs() { shut(); }
  BlockSysfs(const BlockSysfs&) = delete;
  BlockSysfs& operator=(const BlockSysfs&) = delete;

  bool set_root(std::string_view root) {
    shut();
    return disks_path_.set(root, "/sys/block") && all_path_.set(root, "/sys/class/block");
  }
  // Opens its folders, if that has not been done.
  void begin() {
    open_folder(disks_, disks_path_);
    open_folder(all_, all_path_);
  }
  // Only whole disks have a folder in /sys/block. False when there is no sysfs.
  bool knows_kinds() const { return disks_ >= 0; }
  bool is_whole_disk(std::string_view name) const {
    char path[kLongest];
    return put(path, name, "") && faccessat(disks_, path, F_OK, 0) == 0;
  }
  // In sectors of 512 bytes.
  bool size(std::string_view name, uint64_t* sectors) const {
    char path[kLongest];
    if (!put(path, name, "/size")) return false;
    int fd = all_ >= 0 ? openat(all_, path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0 && disks_ >= 0) fd = openat(disks_, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    char text[32];
    const ssize_t n = read(fd, text, sizeof text);
    close(fd);
    return n > 0 && to_u64(trimmed({text, static_cast<size_t>(n)}), sectors);
  }

 private:
  static constexpr size_t kLongest = 80;

  // A slash of the name is an exclamation mark there: cciss/c0d0 is cciss!c0d0.
  static bool put(char (&path)[kLongest], std::string_view name, std::string_view file) {
    if (name.size() + file.size() >= kLongest) return false;
    for (size_t i = 0; i < name.size(); ++i) path[i] = name[i] == '/' ? '!' : name[i];
    if (!file.empty()) memcpy(path + name.size(), file.data(), file.size());
    path[name.size() + file.size()] = '\0';
    return true;
  }
  static void open_folder(int& fd, const Text& path) {
    if (fd < 0) fd = open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  }
  void shut() {
    if (disks_ >= 0) close(disks_);
    if (all_ >= 0) close(all_);
    disks_ = all_ = -1;
  }

  Text disks_path_;
  Text all_path_;
  int disks_ = -1;
  int all_ = -1;
};

}  // namespace plugin
