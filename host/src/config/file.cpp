#include "config/file.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <memory>

#include "base/format.hpp"

namespace virgo::config {
namespace {

struct Descriptor {
  explicit Descriptor(int number) : fd(number) {}
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int fd;
};

Error system_error(int number) {
  const Errc code = number == ENOENT || number == ENOTDIR ? Errc::not_found
                    : number == EACCES || number == EPERM ? Errc::denied
                                                          : Errc::io;
  std::array<char, 128> buffer{};
  return {code, strerror_r(number, buffer.data(), buffer.size())};
}

const char* file_type(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::uint64_t max_bytes) {
  // O_NONBLOCK: opening a FIFO nobody writes to would wait for ever.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.fd < 0) return system_error(errno);
  struct stat status {};
  if (fstat(file.fd, &status) != 0) return system_error(errno);
  if (!S_ISREG(status.st_mode))
    return Error{Errc::invalid, format("is {}, not a regular file", file_type(status.st_mode))};

  // Files in /proc say they are empty, so the size is found by reading.
  std::string content;
  std::array<char, 16384> block{};
  for (;;) {
    const ssize_t n = read(file.fd, block.data(), block.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error(errno);
    if (n == 0) return content;
    content.append(block.data(), static_cast<std::size_t>(n));
    if (content.size() > max_bytes)
      return Error{Errc::limit, format("is larger than {} bytes", max_bytes)};
  }
}

Result<std::vector<std::string>> list_yaml_files(const std::string& folder, std::size_t max) {
  const auto close_folder = [](DIR* d) { closedir(d); };
  const std::unique_ptr<DIR, decltype(close_folder)> dir(opendir(folder.c_str()), close_folder);
  if (dir == nullptr) {
    if (errno == ENOTDIR) return Error{Errc::invalid, "is not a directory"};
    return system_error(errno);
  }
  std::vector<std::string> names;
  while (names.size() <= max) {
    errno = 0;
    const dirent* entry = readdir(dir.get());
    if (entry == nullptr) {
      if (errno != 0) return system_error(errno);
      break;
    }
    const std::string_view name = entry->d_name;
    if (!name.starts_with('.') && (name.ends_with(".yaml") || name.ends_with(".yml")))
      names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

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
