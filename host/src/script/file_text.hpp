// A script's text from disk.
#pragma once

#include <string>

#include "base/result.hpp"

namespace virgo::script {

// The whole regular file, at most 4 MiB; a first line that begins with # is kept
// as an empty one. The error names the file. Blocks; for start-up.
Result<std::string> read_script(const std::string& path);

}  // namespace virgo::script
