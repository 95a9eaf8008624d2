// Files of the system as a whole: small ones, read at start or on a worker.
// Thread-safe; everything here may block as long as the file system does.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace virgo {

// An error number as an Error: not_found, denied or io, with the system's words
// ("No such file or directory"). Callers put the path in front (Error::context).
Error system_error(int number);

// Closes a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

// Opens for reading, without ever waiting for the other end of a FIFO.
Descriptor open_to_read(const std::string& path);

// From where `fd` stands to its end. More than `max` bytes are Errc::limit. No
// second copy of the content is made if `expect` is at least its size.
Result<std::string> read_to_end(int fd, std::uint64_t max, std::uint64_t expect = 0);

// The whole content of a regular file; anything else is Errc::invalid ("is a FIFO,
// not a regular file"). `mode`, if given, gets the file's mode.
Result<std::string> read_regular_file(const std::string& path, std::uint64_t max,
                                      mode_t* mode = nullptr);

// Puts a file with this text and mode in the place of `path`, in one step: readers
// see the old one or the whole new one. The error names the file.
Result<void> replace_file(const std::string& path, std::string_view text, mode_t mode);

// What tells a file from the one that takes its place: inode, time of change and
// size, as text without spaces. "" when it cannot be looked at.
std::string file_identity(const std::string& file);

// Names in a folder that end in one of `suffixes` and are not hidden, in byte
// order. Looking ends with more than `max` of them.
Result<std::vector<std::string>> list_folder(const std::string& folder,
                                             const std::vector<std::string_view>& suffixes,
                                             std::size_t max = 1'000'000);

}  // namespace virgo
