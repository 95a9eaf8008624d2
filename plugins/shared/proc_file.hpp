// A file of /proc: opened once, read again and again from its start.
//
// Our own plugins keep to malloc and the C library, so that none of them pulls in
// libstdc++: that would cost every agent two megabytes.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <string_view>
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

// A NUL-terminated copy on the heap. Made anew by set(), freed with its owner.
class Text {
 public:
  Text() = default;
  ~Text() { free(text_); }
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;

  // a + b; false when there is no memory.
  bool set(std::string_view a, std::string_view b = {}) {
    char* text = static_cast<char*>(malloc(a.size() + b.size() + 1));
    if (text == nullptr) return false;
    if (!a.empty()) memcpy(text, a.data(), a.size());
    if (!b.empty()) memcpy(text + a.size(), b.data(), b.size());
    text[a.size() + b.size()] = '\0';
    free(text_);
    text_ = text;
    return true;
  }
  const char* c_str() const { return text_ != nullptr ? text_ : ""; }

 private:
  char* text_ = nullptr;
};

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
    if (fd_ < 0) fd_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd_ < 0) return failed(run);
    size_t have = 0;
    for (;;) {
      if (have + 1 >= size_ && !grow(run)) return nullptr;
      const ssize_t n = pread(fd_, buffer_ + have, size_ - 1 - have, static_cast<off_t>(have));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return failed(run);
      have += static_cast<size_t>(n);
      if (n == 0 || have >= kMost) break;
    }
    if (have == 0) {
      explain(run, "%s is empty", path_.c_str());
      return nullptr;
    }
    buffer_[have] = '\0';
    *length = have;
    return buffer_;
  }
  const char* path() const { return path_.c_str(); }

 private:
  static constexpr size_t kMost = 4u << 20;

  char* failed(virgo::sdk::Run run) {
    explain(run, "%s: %s", path_.c_str(), strerror(errno));
    shut();  // the next run opens it anew
    return nullptr;
  }
  bool grow(virgo::sdk::Run run) {
    const size_t size = size_ == 0 ? 4096 : size_ * 2;
    char* bigger = static_cast<char*>(realloc(buffer_, size));
    if (bigger == nullptr) {
      explain(run, "no memory for %zu bytes of %s", size, path_.c_str());
      return false;
    }
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

// Takes everything up to `end` off the front of `text`, and `end` with it.
inline std::string_view take_until(std::string_view& text, char end) {
  const void* at = text.empty() ? nullptr : memchr(text.data(), end, text.size());
  const size_t n =
      at == nullptr ? text.size() : static_cast<size_t>(static_cast<const char*>(at) - text.data());
  const std::string_view taken(text.data(), n);
  text.remove_prefix(at == nullptr ? n : n + 1);
  return taken;
}

// The next whole line. False at the end, and for a last line that is cut off: half
// a number is not a number.
inline bool take_line(std::string_view& text, std::string_view* line) {
  if (text.empty() || memchr(text.data(), '\n', text.size()) == nullptr) return false;
  *line = take_until(text, '\n');
  return true;
}

// The next word, words being separated by any number of blanks; "" at the end.
inline std::string_view take_word(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  return take_until(text, ' ');
}

inline bool starts_with(std::string_view text, std::string_view start) {
  return text.size() >= start.size() && memcmp(text.data(), start.data(), start.size()) == 0;
}

// Decimal digits and nothing else; a number too big is the biggest.
inline bool to_u64(std::string_view word, uint64_t* out) {
  if (word.empty()) return false;
  uint64_t value = 0;
  for (const char c : word) {
    if (c < '0' || c > '9') return false;
    if (__builtin_mul_overflow(value, uint64_t{10}, &value) ||
        __builtin_add_overflow(value, static_cast<uint64_t>(c - '0'), &value))
      value = UINT64_MAX;
    if (value == UINT64_MAX) break;
  }
  *out = value;
  return true;
}

}  // namespace plugin
