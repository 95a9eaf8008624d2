// The files /proc/PID/stat of the processes with the lowest pids, which are those that
// live long, kept open from pass to pass: reading one again costs half of opening it.
// Bounded, as each holds a page of the kernel's memory.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

namespace plugin {

class KeptFiles {
 public:
  static constexpr unsigned kMost = 128;

  KeptFiles() = default;
  ~KeptFiles() { close_all(); }
  KeptFiles(const KeptFiles&) = delete;
  KeptFiles& operator=(const KeptFiles&) = delete;

  // A pass begins. `folder`: the open /proc.
  void begin() {
    read_ = 0;
    written_ = 0;
  }
  // Reads `path`, below `folder`, of the process `pid`. In one pass the pids only grow.
  // As read(2): below zero with errno.
  ssize_t read(int folder, const char* path, int pid, char* text, size_t size) {
    while (read_ < count_ && files_[read_].pid < pid) ::close(files_[read_++].fd);  // has ended
    if (read_ < count_ && files_[read_].pid == pid) {
      const int fd = files_[read_++].fd;
      const ssize_t n = again([&] { return pread(fd, text, size, 0); });
      if (n > 0) {
        keep(pid, fd);
        return n;
      }
      ::close(fd);  // another process has its pid now
    }
    const int fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    const ssize_t n = again([&] { return pread(fd, text, size, 0); });
    const int error = errno;
    if (n > 0)
      keep(pid, fd);
    else
      ::close(fd);
    errno = error;
    return n;
  }
  // The pass is over, whole or not: what it did not come to is closed.
  void end() {
    while (read_ < count_) ::close(files_[read_++].fd);
    for (unsigned i = 0; i < written_; ++i) files_[i] = next_[i];
    count_ = written_;
    read_ = 0;
    written_ = 0;
  }
  void close_all() {
    begin();
    end();
  }

 private:
  struct File {
    int pid;
    int fd;
  };
  template <class Call>
  static ssize_t again(Call call) {
    ssize_t n = 0;
    do n = call();
    while (n < 0 && errno == EINTR);
    return n;
  }

  // Also a file kept so far: processes with lower pids than its own may have come.
  void keep(int pid, int fd) {
    if (written_ < kMost)
      next_[written_++] = {pid, fd};
    else
      ::close(fd);
  }

  File files_[kMost];  // of the pass before, by pid
  File next_[kMost];
  unsigned count_ = 0;
  unsigned read_ = 0;     // of files_
  unsigned written_ = 0;  // of next_
};

}  // namespace plugin
