// A file of /proc: opened once, read again and again from its start.
//
// Our own plugins keep to malloc and the C library, so that none of them pulls in
// libstdc++: that would cost every agent two megabytes.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <shared/text.hpp>
#include <virgo/plugin.hpp>

namespace plugin {

// run.explain() with printf.
[[gnu::format(printf, 2, 3)]] inline void explain(virgo::sdk::Run run, const char* format, ...) {
  char text[512];
  va_list args;
  va_start(args, format);
  const int n = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (n > 0)
    run.explain(
        {text, static_cast<size_t>(n) < sizeof text ? static_cast<size_t>(n) : sizeof text - 1});
}

class ProcFile {
 public:
  ProcFile() = default;
  ~ProcFile() {
    shut();
    free(buffer_);
  }
  ProcFile(const ProcFile&) = delete;
  ProcFile& operator=(const ProcFile&) = delete;

  // `root` in front of `path`; nothing is opened yet.
  bool set_path(std::string_view root, std::string_view path) {
    shut();
    return path_.set(root, path);
  }

  // The file's text as of now, at most kMost bytes of it, followed by a NUL; lent,
  // and may be written to, until the next read(). Null when it cannot be read or
  // is empty: the run then has its explanation.
  char* read(virgo::sdk::Run run, size_t* length) {
    char* text = try_read(length);
    if (text != nullptr && *length > 0) return text;
    if (text != nullptr)
      explain(run, "%s is empty", path_.c_str());
    else
      explain(run, "%s: %s", path_.c_str(), strerror(errno));
    return nullptr;
  }
  // The same for a file that may be missing, or empty: says nothing. Null when it
  // cannot be read; errno then tells why.
  char* try_read(size_t* length) {
    if (fd_ < 0) fd_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd_ < 0) return nullptr;
    size_t have = 0;
    for (;;) {
      if (have + 1 >= size_ && !grow()) return failed(ENOMEM);
      const ssize_t n = pread(fd_, buffer_ + have, size_ - 1 - have, static_cast<off_t>(have));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return failed(errno);
      have += static_cast<size_t>(n);
      if (n == 0 || have >= kMost) break;
    }
    buffer_[have] = '\0';
    *length = have;
    return buffer_;
  }
  const char* path() const { return path_.c_str(); }

 private:
  static constexpr size_t kMost = 4u << 20;

  char* failed(int error) {
    shut();  // the next run opens it anew
    errno = error;
    return nullptr;
  }
  bool grow() {
    const size_t size = size_ == 0 ? 1024 : size_ * 2;
    char* bigger = static_cast<char*>(realloc(buffer_, size));
    if (bigger == nullptr) return false;
    buffer_ = bigger;
    size_ = size;
    return true;
  }
  void shut() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

  Text path_;
  int fd_ = -1;
  char* buffer_ = nullptr;
  size_t size_ = 0;
};

}  // namespace plugin
