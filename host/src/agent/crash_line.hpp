// A line of text made and written inside a signal handler: no memory is allocated,
// no lock is taken, no stdio is used. Internal to agent/.
#pragma once

#include <unistd.h>

#include <array>
#include <cstdint>
#include <string_view>

namespace virgo::agent {

// One line in the making; what does not fit is left out.
class CrashLine {
 public:
  CrashLine& operator<<(std::string_view text) {
    for (const char c : text) put(c);
    return *this;
  }
  CrashLine& operator<<(std::int64_t number) {
    if (number < 0) put('-');
    return digits(
        number < 0 ? 0 - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number),
        10);
  }
  CrashLine& address(const void* address) {
    *this << "0x";
    return digits(reinterpret_cast<std::uintptr_t>(address), 16);
  }
  // Text that someone else wrote: nothing in it ends a field or a line.
  CrashLine& field(std::string_view text) {
    for (const char c : text) put(static_cast<unsigned char>(c) < 0x20 ? '?' : c);
    return *this;
  }
  void write_to(int fd) {
    put('\n');
    text_[size_ - 1] = '\n';  // also when it was full
    const ssize_t ignored = write(fd, text_.data(), size_);
    static_cast<void>(ignored);
  }

 private:
  void put(char c) {
    if (size_ < text_.size()) text_[size_++] = c;
  }
  CrashLine& digits(std::uint64_t number, unsigned base) {
    std::array<char, 20> reversed;
    std::size_t n = 0;
    do {
      reversed[n++] = "0123456789abcdef"[number % base];
      number /= base;
    } while (number != 0);
    while (n > 0) put(reversed[--n]);
    return *this;
  }
  std::array<char, 8192> text_;
  std::size_t size_ = 0;
};

}  // namespace virgo::agent
