#include "script/file_text.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/format.hpp"

namespace virgo::script {
namespace {

constexpr off_t kMaxScript = 4 << 20;

Error failure(const std::string& path, int code) {
  return {code == ENOENT ? Errc::not_found : Errc::io, format("{}: {}", path, std::strerror(code))};
}

}  // namespace

Result<std::string> read_script(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return failure(path, errno);
  struct stat info {};
  std::string text;
  int error = fstat(fd, &info) != 0 ? errno : 0;
  const bool usable = error == 0 && S_ISREG(info.st_mode) && info.st_size <= kMaxScript;
  if (usable) {
    text.resize(static_cast<std::size_t>(info.st_size));
    const ssize_t n = read(fd, text.data(), text.size());
    if (n < 0) error = errno;
    text.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
  }
  close(fd);
  if (error != 0) return failure(path, error);
  if (!usable)
    return Error{Errc::invalid,
                 format("{}: not a regular file of at most {} MiB", path, kMaxScript >> 20)};
  if (!text.empty() && text[0] == '#') text.insert(0, "--");
  return text;
}

}  // namespace virgo::script
