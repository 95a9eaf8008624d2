// Files for scripts. Any thread; blocks as long as the file system does. `reach` bounds
// what links in a path may lead to (permitted_file.hpp). What is read is a regular file;
// nothing waits for the other end of a FIFO, and no device is opened.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "binding/permitted_file.hpp"

namespace virgo::binding {

// The whole file; Errc::limit if it has more than `max` bytes. The message names
// the path; Error::code is not_found, denied, limit, invalid or io.
Result<std::string> read_file(const std::string& path, std::uint64_t max, const Reach& reach = {});

// The same, but only if it cannot block: a file of /proc or /sys itself, which
// the kernel makes up as it is read. Returns false, without a result, for any
// other (a link or mount may lead out of /proc, to a dead server's disk), and
// for files of another process, which wait for that process's memory lock.
bool read_kernel_file(const std::string& path, std::uint64_t max, Result<std::string>& out);

// A piece of a file.
struct FilePiece {
  std::string bytes;
  std::uint64_t next = 0;  // where what follows it begins
};
// At most `max` bytes from `from` on, or, if that is negative, from so many bytes before the
// end (not before the beginning). Nothing if the file is shorter. Errors as of read_file().
Result<FilePiece> read_file_piece(const std::string& path, std::int64_t from, std::uint64_t max,
                                  const Reach& reach = {});

struct FileFacts {
  std::uint64_t size = 0;
  double mtime = 0;  // seconds since 1970
  std::uint64_t inode = 0;
  std::uint64_t device = 0;
  const char* type = "";   // "file", "directory", "link", "socket", "fifo", "block", "character"
  std::uint32_t mode = 0;  // of permissions: 0644
};
// Of what a link leads to.
Result<FileFacts> stat_file(const std::string& path, const Reach& reach = {});

// The names in a folder but "." and "..", in byte order. Errc::limit if there are more than
// `max_names`, or they have more than `max_bytes` together.
Result<std::vector<std::string>> list_names(const std::string& path, std::size_t max_names,
                                            std::size_t max_bytes, const Reach& reach = {});

}  // namespace virgo::binding
