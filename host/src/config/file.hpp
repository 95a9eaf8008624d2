// Files and paths of the configuration. Internal to config/. Thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace virgo::config {

// The whole content of a regular file. Never waits: directories, FIFOs, devices
// and sockets are refused (invalid), more than `max_bytes` is Errc::limit. The
// message does not contain the path.
Result<std::string> read_file(const std::string& path, std::uint64_t max_bytes);

// Names in a folder that end in .yaml or .yml and are not hidden, in byte
// order; at most `max` + 1 of them are collected. Errc::not_found if there is
// no such folder.
Result<std::vector<std::string>> list_yaml_files(const std::string& folder, std::size_t max);

// Folder part of a path: "etc" of "etc/agent.yaml", "" of "agent.yaml", "/" of "/a".
std::string folder_of(std::string_view path);

// `path` seen from `folder`; an absolute path stays as it is.
std::string join(std::string_view folder, std::string_view path);

// The same path from the root, taking the working directory as the start of a
// relative one. Symbolic links and ".." are left alone.
std::string absolute(std::string_view path);

}  // namespace virgo::config
