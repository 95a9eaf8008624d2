// Folders and small files of /sys, below a folder that is open.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <shared/text.hpp>

namespace plugin {

// A folder, read and closed.
class Folder {
 public:
  Folder(int at, const char* name) {
    const int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    entries_ = fd >= 0 ? fdopendir(fd) : nullptr;
    if (entries_ == nullptr && fd >= 0) close(fd);
  }
  ~Folder() {
    if (entries_ != nullptr) closedir(entries_);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  bool opened() const { return entries_ != nullptr; }
  int fd() const { return dirfd(entries_); }
  // Null at the end.
  const char* next() {
    const dirent* entry = readdir(entries_);
    return entry != nullptr ? entry->d_name : nullptr;
  }

 private:
  DIR* entries_;
};

// The text of a small file without its line end. Sensors that are asleep or broken fail
// with ENODATA, EAGAIN or EIO: that is no value, and no error of the run.
class Small {
 public:
  bool read(int folder, const char* name) {
    const int fd = openat(folder, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return false;
    const ssize_t n = ::read(fd, text_, sizeof text_ - 1);
    close(fd);
    length_ = n > 0 ? static_cast<size_t>(n) : 0;
    return n >= 0;
  }
  // The same of "temp1_label", given "temp1" and "label".
  bool read(int folder, std::string_view sensor, const char* property) {
    char name[128];
    const int n = snprintf(name, sizeof name, "%.*s_%s", static_cast<int>(sensor.size()),
                           sensor.data(), property);
    return n > 0 && static_cast<size_t>(n) < sizeof name && read(folder, name);
  }
  std::string_view text() const { return trimmed({text_, length_}); }
  bool number(double* out) const { return to_f64(text(), out); }

 private:
  char text_[128];
  size_t length_ = 0;
};

}  // namespace plugin
