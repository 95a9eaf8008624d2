#include "binding/read_file.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/text.hpp"

namespace virgo::binding {
namespace {

Error cannot(const char* what, const std::string& path, Error error) {
  // Lua's own words begin small.
  error.message[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(error.message[0])));
  return error.context(format("cannot {} {}", what, printable(path, 256)));
}

// `content`, or the error for a script to show.
Result<std::string> told(Result<std::string> content, const std::string& path, std::uint64_t max) {
  if (content) return content;
  if (content.error().code == Errc::limit)
    return Error{Errc::limit,
                 format("{} has more than {}", printable(path, 256), format_size(max))};
  return cannot("read", path, content.error());
}

const char* type_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return "file";
    case S_IFDIR:
      return "directory";
    case S_IFLNK:
      return "link";
    case S_IFSOCK:
      return "socket";
    case S_IFIFO:
      return "fifo";
    case S_IFBLK:
      return "block";
    default:
      return "character";
  }
}

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

Result<Folder> open_folder(const Descriptor& looked_at) {
  const auto opened = reopen(looked_at, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
  if (!opened) return opened.error();
  const int fd = ::fcntl(opened->get(), F_DUPFD_CLOEXEC, 0);  // which the folder closes
  if (fd < 0) return system_error(errno);
  Folder folder(::fdopendir(fd));
  if (folder != nullptr) return folder;
  const int error = errno;
  ::close(fd);
  return system_error(error);
}

bool is_roundabout(std::string_view path) {
  return path.find("/../") != std::string_view::npos || path.ends_with("/..") ||
         path.find("//") != std::string_view::npos;
}

Result<Descriptor> open_regular(const std::string& path, const Reach& reach) {
  const auto looked_at = open_permitted(path, reach);
  if (!looked_at) return looked_at.error();
  struct stat status {};
  if (::fstat(looked_at->get(), &status) != 0) return system_error(errno);
  if (S_ISDIR(status.st_mode)) return system_error(EISDIR);
  if (!S_ISREG(status.st_mode))
    return Error{Errc::invalid,
                 format("not a regular file, but of type {}", type_of(status.st_mode))};
  return reopen(*looked_at, O_RDONLY | O_NONBLOCK | O_NOCTTY);
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::uint64_t max, const Reach& reach) {
  const auto file = open_regular(path, reach);
  if (!file) return told(file.error(), path, max);
  return told(read_to_end(file->get(), max), path, max);
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

Result<FilePiece> read_file_piece(const std::string& path, std::int64_t from, std::uint64_t max,
                                  const Reach& reach) {
  const auto opened = open_regular(path, reach);
  if (!opened) return cannot("read", path, opened.error());
  const Descriptor& file = *opened;
  off_t at = from;
  if (from < 0) {
    const off_t end = ::lseek(file.get(), 0, SEEK_END);
    if (end < 0) return cannot("read", path, system_error(errno));
    at = std::max<off_t>(end + from, 0);
  }
  FilePiece piece;
  while (piece.bytes.size() < max) {
    const std::size_t had = piece.bytes.size();
    piece.bytes.resize(had + std::min<std::uint64_t>(max - had, 64u * 1024u));
    const ssize_t n = ::pread(file.get(), piece.bytes.data() + had, piece.bytes.size() - had,
                              at + static_cast<off_t>(had));
    const int error = errno;
    piece.bytes.resize(had + (n > 0 ? static_cast<std::size_t>(n) : 0));
    if (n < 0 && error == EINTR) continue;
    if (n < 0) return cannot("read", path, system_error(error));
    if (n == 0) break;
  }
  piece.next = static_cast<std::uint64_t>(at) + piece.bytes.size();
  return piece;
}

Result<FileFacts> stat_file(const std::string& path, const Reach& reach) {
  const auto file = open_permitted(path, reach);
  if (!file) return cannot("stat", path, file.error());
  struct stat status {};
  if (::fstat(file->get(), &status) != 0) return cannot("stat", path, system_error(errno));
  FileFacts facts;
  facts.size = static_cast<std::uint64_t>(status.st_size);
  facts.mtime = static_cast<double>(status.st_mtim.tv_sec) +
                static_cast<double>(status.st_mtim.tv_nsec) / 1e9;
  facts.inode = status.st_ino;
  facts.device = status.st_dev;
  facts.type = type_of(status.st_mode);
  facts.mode = status.st_mode & 07777;
  return facts;
}

Result<std::vector<std::string>> list_names(const std::string& path, std::size_t max_names,
                                            std::size_t max_bytes, const Reach& reach) {
  const auto looked_at = open_permitted(path, reach);
  if (!looked_at) return cannot("list", path, looked_at.error());
  auto opened = open_folder(*looked_at);
  if (!opened) return cannot("list", path, opened.error());
  const Folder& folder = *opened;
  std::vector<std::string> names;
  std::size_t bytes = 0;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    bytes += name.size();
    if (names.size() >= max_names || bytes > max_bytes)
      return Error{Errc::limit, format("{} has more than {} names, or {} of them",
                                       printable(path, 256), max_names, format_size(max_bytes))};
    names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace virgo::binding
