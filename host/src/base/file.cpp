#include "base/file.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/format.hpp"

namespace virgo {
namespace {

constexpr std::uint64_t kChunk = 16 * 1024;

const char* file_type(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

}  // namespace

Error system_error(int number) {
  const Errc code = number == ENOENT || number == ENOTDIR ? Errc::not_found
                    : number == EACCES || number == EPERM ? Errc::denied
                                                          : Errc::io;
  const char* text = strerrordesc_np(number);
  return {code, text != nullptr ? text : format("error {}", number)};
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Descriptor open_to_read(const std::string& path) {
  if (path.find('\0') != std::string::npos) {
    errno = EINVAL;
    return Descriptor(-1);
  }
  return Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
}

Result<std::string> read_to_end(int fd, std::uint64_t max, std::uint64_t expect) {
  std::string out;
  // One byte more than allowed or expected shows that there is no more. What is read is
  // often kept, so a file that says its size gets no more room than that.
  out.reserve(std::min(max, expect > 0 ? expect : kChunk) + 1);
  while (out.size() <= max) {
    const std::size_t had = out.size();
    const std::uint64_t room = out.capacity() > had ? out.capacity() - had : kChunk;
    out.resize(had + std::min<std::uint64_t>(room, max + 1 - had));
    const ssize_t n = ::read(fd, out.data() + had, out.size() - had);
    const int error = errno;
    out.resize(had + (n > 0 ? static_cast<std::size_t>(n) : 0));
    if (n < 0 && error == EINTR) continue;
    if (n < 0) return system_error(error);
    if (n == 0) return out;
  }
  return Error{Errc::limit, format("is larger than {} bytes", max)};
}

Result<std::string> read_regular_file(const std::string& path, std::uint64_t max, mode_t* mode) {
  const Descriptor file = open_to_read(path);
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) return system_error(errno);
  if (!S_ISREG(status.st_mode))
    return Error{Errc::invalid, format("is {}, not a regular file", file_type(status.st_mode))};
  if (mode != nullptr) *mode = status.st_mode;
  // Files in /proc say they are empty, so the size is found by reading.
  return read_to_end(file.get(), max, static_cast<std::uint64_t>(status.st_size));
}

Result<void> replace_file(const std::string& path, std::string_view text, mode_t mode) {
  std::string fresh = path + ".XXXXXX";
  const Descriptor file(::mkostemp(fresh.data(), O_CLOEXEC));
  if (!file) return system_error(errno).context(path);
  const auto failed = [&] {
    const Error error = system_error(errno).context(path);
    ::unlink(fresh.c_str());
    return error;
  };
  while (!text.empty()) {
    const ssize_t n = ::write(file.get(), text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed();
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  if (::fchmod(file.get(), mode) != 0 || ::fsync(file.get()) != 0) return failed();
  if (::rename(fresh.c_str(), path.c_str()) != 0) return failed();
  return {};
}

Result<std::vector<std::string>> list_folder(const std::string& folder,
                                             const std::vector<std::string_view>& suffixes,
                                             std::size_t max) {
  struct Close {
    void operator()(DIR* d) const { ::closedir(d); }
  };
  const std::unique_ptr<DIR, Close> dir(::opendir(folder.c_str()));
  if (dir == nullptr) {
    if (errno == ENOTDIR) return Error{Errc::invalid, "is not a directory"};
    return system_error(errno);
  }
  std::vector<std::string> names;
  while (names.size() <= max) {
    errno = 0;
    const dirent* entry = ::readdir(dir.get());
    if (entry == nullptr) {
      if (errno != 0) return system_error(errno);
      break;
    }
    const std::string_view name = entry->d_name;
    const bool wanted = std::any_of(suffixes.begin(), suffixes.end(),
                                    [name](std::string_view s) { return name.ends_with(s); });
    if (wanted && !name.starts_with('.')) names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string file_identity(const std::string& file) {
  struct stat s {};
  if (stat(file.c_str(), &s) != 0) return "";
  return format("{}.{}.{}.{:09}.{}", s.st_dev, s.st_ino, s.st_mtim.tv_sec, s.st_mtim.tv_nsec,
                s.st_size);
}

}  // namespace virgo
