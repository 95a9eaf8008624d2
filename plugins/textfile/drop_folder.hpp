// A folder in which others leave files, and these files as of one moment.
#pragma once

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string_view>

namespace plugin {

constexpr size_t kMostBytes = 8u << 20;  // of a file
constexpr uint32_t kMostFiles = 1000;

class FileNames {
 public:
  FileNames() = default;
  ~FileNames() {
    for (uint32_t i = 0; i < count_; ++i) free(names_[i]);
    free(names_);
  }
  FileNames(const FileNames&) = delete;
  FileNames& operator=(const FileNames&) = delete;

  // *.prom of a folder in the order of their names; false when it cannot be read.
  bool read(int folder) {
    const int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR* entries = fd >= 0 ? fdopendir(fd) : nullptr;
    if (entries == nullptr) {
      if (fd >= 0) close(fd);
      return false;
    }
    errno = 0;
    while (const dirent* entry = readdir(entries)) {
      const size_t n = strlen(entry->d_name);
      if (n > 5 && strcmp(entry->d_name + n - 5, ".prom") == 0 && !add(entry->d_name)) break;
    }
    const int error = errno;
    closedir(entries);
    errno = error;
    if (count_ > 0) qsort(names_, count_, sizeof(char*), compare);
    return error == 0;
  }
  uint32_t count() const { return count_; }
  const char* at(uint32_t i) const { return names_[i]; }
  bool too_many() const { return too_many_; }

 private:
  static int compare(const void* a, const void* b) {
    return strcmp(*static_cast<char* const*>(a), *static_cast<char* const*>(b));
  }
  bool add(const char* name) {
    if (count_ == kMostFiles) {
      too_many_ = true;
      return false;
    }
    if (count_ % 64 == 0) {
      char** bigger = static_cast<char**>(realloc(names_, (count_ + 64) * sizeof(char*)));
      if (bigger == nullptr) return false;
      names_ = bigger;
    }
    names_[count_] = strdup(name);
    if (names_[count_] == nullptr) return false;
    ++count_;
    return true;
  }

  char** names_ = nullptr;
  uint32_t count_ = 0;
  bool too_many_ = false;
};

// The text of one file as of one moment.
class WholeFile {
 public:
  WholeFile() = default;
  ~WholeFile() { free(text_); }
  WholeFile(const WholeFile&) = delete;
  WholeFile& operator=(const WholeFile&) = delete;

  // Null, or why it cannot be had. Opening never waits for the other end of a pipe.
  const char* read(int folder, const char* name) {
    const int fd = openat(folder, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) return strerror(errno);
    const char* error = "it is written to all the time";
    for (int attempt = 0; attempt < 3; ++attempt) {
      struct stat before {};
      struct stat after {};
      if (fstat(fd, &before) != 0) error = strerror(errno);
      if (!S_ISREG(before.st_mode)) error = "it is no regular file";
      if (!S_ISREG(before.st_mode)) break;
      const char* failed = read_all(fd);
      if (failed != nullptr) {
        error = failed;
        break;
      }
      mtime_ = before.st_mtim;
      if (fstat(fd, &after) == 0 && after.st_size == before.st_size &&
          after.st_mtim.tv_sec == before.st_mtim.tv_sec &&
          after.st_mtim.tv_nsec == before.st_mtim.tv_nsec) {
        error = nullptr;
        break;
      }
    }
    close(fd);
    return error;
  }
  std::string_view text() const { return {text_, length_}; }
  const timespec& mtime() const { return mtime_; }

 private:
  const char* read_all(int fd) {
    length_ = 0;
    for (;;) {
      if (length_ == size_) {
        const size_t size = size_ == 0 ? 16384 : size_ * 2;
        char* bigger = static_cast<char*>(realloc(text_, size));
        if (bigger == nullptr) return strerror(ENOMEM);
        text_ = bigger;
        size_ = size;
      }
      const ssize_t n = pread(fd, text_ + length_, size_ - length_, static_cast<off_t>(length_));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return strerror(errno);
      if (n == 0) return nullptr;
      length_ += static_cast<size_t>(n);
      if (length_ > kMostBytes) return "it is longer than 8 MiB";
    }
  }

  char* text_ = nullptr;
  size_t size_ = 0;
  size_t length_ = 0;
  timespec mtime_{};
};

}  // namespace plugin
