#include "config/path.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>

#include "base/format.hpp"

namespace virgo::config {
std::string folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return "";
  return std::string(path.substr(0, std::max<std::size_t>(slash, 1)));
}

std::string join(std::string_view folder, std::string_view path) {
  if (folder.empty() || path.starts_with('/')) return std::string(path);
  while (path.starts_with("./")) path.remove_prefix(2);
  if (path.empty() || path == ".") return std::string(folder);
  return format("{}{}{}", folder, folder.ends_with('/') ? "" : "/", path);
}

std::string absolute(std::string_view path) {
  if (path.starts_with('/')) return std::string(path);
  std::array<char, PATH_MAX> here{};
  if (getcwd(here.data(), here.size()) == nullptr) return std::string(path);
  return join(here.data(), path.empty() ? "." : path);
}

}  // namespace virgo::config
