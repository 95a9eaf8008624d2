// Paths as the configuration writes them. Internal to config/. Thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace virgo::config {

// Folder part of a path: "etc" of "etc/agent.yaml", "" of "agent.yaml", "/" of "/a".
std::string folder_of(std::string_view path);

// `path` seen from `folder`; an absolute path stays as it is.
std::string join(std::string_view folder, std::string_view path);

// The same path from the root, taking the working directory as the start of a
// relative one. Symbolic links and ".." are left alone.
std::string absolute(std::string_view path);

}  // namespace virgo::config
