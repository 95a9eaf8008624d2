// Small files as a whole. Any thread; blocks as long as the file system does.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace virgo::binding {

// The whole file; Errc::limit if it has more than `max` bytes. The message names
// the path; Error::code is not_found, denied, limit or io.
Result<std::string> read_file(const std::string& path, std::uint64_t max);

// The same, but only if it cannot block: a file of /proc or /sys itself, which
// the kernel makes up as it is read. Returns false, without a result, for any
// other (a link or mount may lead out of /proc, to a dead server's disk), and
// for files of another process, which wait for that process's memory lock.
bool read_kernel_file(const std::string& path, std::uint64_t max, Result<std::string>& out);

}  // namespace virgo::binding
