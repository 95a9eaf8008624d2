// Folders of /proc and /sys, and the small files in them: by way of a descriptor, so that
// no path is put together and walked for each of thousands of files.
#pragma once

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <string_view>

namespace plugin {

class Folder {
 public:
  Folder() = default;
  ~Folder() { shut(); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  // False, and errno says why.
  bool open(const char* path, int parent = AT_FDCWD) {
    shut();
    fd_ = openat(parent, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd_ >= 0;
  }
  void shut() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  int fd() const { return fd_; }

 private:
  int fd_ = -1;
};

// The names in a folder, from its first on. Meant for the stack.
class Entries {
 public:
  explicit Entries(const Folder& folder) : fd_(folder.fd()) { lseek(fd_, 0, SEEK_SET); }

  struct Entry {
    const char* name;    // lent until the next call
    unsigned char type;  // DT_DIR and so on; DT_UNKNOWN on some file systems
  };
  // False at the end, and when the folder cannot be read: error() is then not 0.
  bool next(Entry* out) {
    if (at_ >= have_) {
      const ssize_t n = getdents64(fd_, buffer_, sizeof buffer_);
      if (n < 0) error_ = errno;
      if (n <= 0) return false;
      have_ = static_cast<size_t>(n);
      at_ = 0;
    }
    const auto* entry = reinterpret_cast<const dirent64*>(buffer_ + at_);
    at_ += entry->d_reclen;
    *out = {entry->d_name, entry->d_type};
    return true;
  }
  int error() const { return error_; }

 private:
  int fd_;
  int error_ = 0;
  size_t at_ = 0;
  size_t have_ = 0;
  alignas(dirent64) char buffer_[4096];
};

// The text of a small file that the kernel hands out in one piece, cut to the buffer and
// followed by a NUL; its length, or -1 and errno.
inline ssize_t read_small(int folder, const char* name, char* buffer, size_t size) {
  const int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t n = 0;
  do n = read(fd, buffer, size - 1);
  while (n < 0 && errno == EINTR);
  const int error = errno;
  close(fd);
  errno = error;
  if (n >= 0) buffer[n] = '\0';
  return n;
}

}  // namespace plugin
