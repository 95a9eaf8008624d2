// A file read line by line, in 32 KiB of memory however long it is.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <string_view>

namespace plugin {

// Lines of a file of any length, in little memory.
class Lines {
 public:
  explicit Lines(const char* path) : fd_(open(path, O_RDONLY | O_CLOEXEC)) {}
  Lines(int folder, const char* name) : fd_(openat(folder, name, O_RDONLY | O_CLOEXEC)) {}
  ~Lines() {
    if (fd_ >= 0) close(fd_);
    free(buffer_);
  }
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;

  bool opened() {
    if (fd_ >= 0 && buffer_ == nullptr) buffer_ = static_cast<char*>(malloc(kSize));
    return buffer_ != nullptr;
  }
  // A line longer than the buffer is passed over. False at the end, or when reading fails,
  // which failed() tells.
  bool next(std::string_view* line) {
    bool skipping = false;
    for (;;) {
      const void* end = have_ == at_ ? nullptr : memchr(buffer_ + at_, '\n', have_ - at_);
      if (end != nullptr) {
        const size_t n = static_cast<size_t>(static_cast<const char*>(end) - (buffer_ + at_));
        *line = {buffer_ + at_, n};
        at_ += n + 1;
        if (!skipping) return true;
        skipping = false;
        continue;
      }
      if (at_ == 0 && have_ == kSize) {  // a line that is too long
        have_ = 0;
        skipping = true;
      }
      if (at_ > 0) memmove(buffer_, buffer_ + at_, have_ - at_);
      have_ -= at_;
      at_ = 0;
      const ssize_t n = read(fd_, buffer_ + have_, kSize - have_);
      if (n < 0 && errno == EINTR) continue;
      failed_ = n < 0;
      if (n <= 0) return false;
      have_ += static_cast<size_t>(n);
    }
  }
  bool failed() const { return failed_; }

 private:
  static constexpr size_t kSize = 32768;
  int fd_;
  char* buffer_ = nullptr;
  size_t have_ = 0;
  size_t at_ = 0;
  bool failed_ = false;
};

}  // namespace plugin
