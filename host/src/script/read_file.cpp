#include "script/read_file.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>

#include "base/format.hpp"
#include "base/text.hpp"

namespace virgo::script {
namespace {

constexpr std::size_t kChunk = 16 * 1024;
// O_NONBLOCK: the opening of a named pipe must not wait for its other end.
constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

Error file_error(const std::string& path, int number) {
  const Errc code = number == ENOENT                      ? Errc::not_found
                    : number == EACCES || number == EPERM ? Errc::denied
                                                          : Errc::io;
  std::string why = strerrordesc_np(number) == nullptr ? "error" : strerrordesc_np(number);
  why[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(why[0])));
  return {code, format("cannot read {}: {}", printable(path, 256), why)};
}

// Closes `fd`.
Result<std::string> read_all(int fd, const std::string& path, std::uint64_t max) {
  std::string out;
  int failed = 0;
  while (out.size() <= max) {
    const std::size_t had = out.size();
    out.resize(had + std::min<std::uint64_t>(kChunk, max + 1 - had));
    const ssize_t n = read(fd, out.data() + had, out.size() - had);
    failed = n < 0 ? errno : 0;
    out.resize(had + (n > 0 ? static_cast<std::size_t>(n) : 0));
    if (n < 0 && failed == EINTR) continue;
    if (n <= 0) break;
  }
  close(fd);
  if (failed != 0) return file_error(path, failed);
  if (out.size() > max)
    return Error{Errc::limit,
                 format("{} has more than {}", printable(path, 256), format_size(max))};
  return out;
}

bool is_roundabout(std::string_view path) {
  return path.find("/../") != std::string_view::npos || path.ends_with("/..") ||
         path.find("//") != std::string_view::npos;
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::uint64_t max) {
  if (path.find('\0') != std::string::npos) return file_error(path, EINVAL);
  const int fd = open(path.c_str(), kFlags);
  if (fd < 0) return file_error(path, errno);
  return read_all(fd, path, max);
}

bool read_kernel_file(const std::string& path, std::uint64_t max, Result<std::string>& out) {
  const char* root = path.starts_with("/proc/") ? "/proc" : path.starts_with("/sys/") ? "/sys" : "";
  const std::string_view rest = std::string_view(path).substr(std::strlen(root));
  if (*root == '\0' || is_roundabout(path) || path.find('\0') != std::string::npos) return false;
  if (rest.size() < 2 || std::isdigit(static_cast<unsigned char>(rest[1])) != 0) return false;
  const int folder = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return false;
  open_how how{};
  how.flags = static_cast<std::uint64_t>(kFlags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  const long fd =
      syscall(SYS_openat2, folder, path.c_str() + std::strlen(root) + 1, &how, sizeof how);
  close(folder);
  if (fd < 0) return false;  // the ordinary way finds the same error, or reads it
  out = read_all(static_cast<int>(fd), path, max);
  return true;
}

}  // namespace virgo::script
