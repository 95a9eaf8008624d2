// Loads a plugin and calls its entry while system calls are watched: what its static
// constructors or its entry function ask of the kernel, they ask of every process
// that merely looks at the file.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace virgo::conform {

// The calls that were made, by name ("openat"), each once; they were refused with
// EPERM. Afterwards this process can do little more than end: they stay refused,
// but for writing to `report_fd`. Not in a sanitizer build's favour either way: only
// calls from within libc are seen, which is where a plugin makes them.
Result<std::vector<std::string>> calls_while_loading(const std::string& file, int report_fd);

}  // namespace virgo::conform
