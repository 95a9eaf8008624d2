#include "binding/read_file.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstring>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/text.hpp"

namespace virgo::binding {
namespace {

// `content`, or the error for a script to show.
Result<std::string> told(Result<std::string> content, const std::string& path, std::uint64_t max) {
  if (content) return content;
  Error error = content.error();
  if (error.code == Errc::limit)
    return Error{error.code, format("{} has more than {}", printable(path, 256), format_size(max))};
  // Lua's own words begin small.
  error.message[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(error.message[0])));
  return error.context(format("cannot read {}", printable(path, 256)));
}

bool is_roundabout(std::string_view path) {
  return path.find("/../") != std::string_view::npos || path.ends_with("/..") ||
         path.find("//") != std::string_view::npos;
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::uint64_t max) {
  const Descriptor file = open_to_read(path);
  if (!file) return told(system_error(errno), path, max);
  return told(read_to_end(file.get(), max), path, max);
}

bool read_kernel_file(const std::string& path, std::uint64_t max, Result<std::string>& out) {
  const char* root = path.starts_with("/proc/") ? "/proc" : path.starts_with("/sys/") ? "/sys" : "";
  const std::string_view rest = std::string_view(path).substr(std::strlen(root));
  if (*root == '\0' || is_roundabout(path) || path.find('\0') != std::string::npos) return false;
  if (rest.size() < 2 || std::isdigit(static_cast<unsigned char>(rest[1])) != 0) return false;
  const Descriptor folder(open(root, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return false;
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  const Descriptor file(static_cast<int>(
      syscall(SYS_openat2, folder.get(), path.c_str() + std::strlen(root) + 1, &how, sizeof how)));
  if (!file) return false;  // the ordinary way finds the same error, or reads it
  out = told(read_to_end(file.get(), max), path, max);
  return true;
}

}  // namespace virgo::binding
