#include "agent/crash_folder.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "base/format.hpp"
#include "native/crash_record.hpp"

namespace virgo::agent {
namespace {

constexpr std::uint64_t kMaxCrashes = 4 << 20;
constexpr std::uint64_t kMaxSkipped = 1 << 20;
constexpr const char* kHungFile = "hung-checks";
constexpr std::chrono::milliseconds kBetweenTries{10};

// Nobody but root and we ourselves can have written it.
Result<void> check_trust(const struct stat& s, const std::string& path) {
  const unsigned mode = s.st_mode & 07777u;
  const uid_t user = geteuid();
  if (s.st_uid != 0 && s.st_uid != user)
    return Error{Errc::denied,
                 format("{} belongs to user {} (mode {:04o}), who could keep plugins from being "
                        "loaded; it must belong to root or to user {}, who runs this: run it as "
                        "user {}, or chown {} {}",
                        path, s.st_uid, mode, user, s.st_uid, user, path)};
  if ((mode & 022u) != 0)
    return Error{Errc::denied,
                 format("{} (owner {}, group {}, mode {:04o}) can be written by others, who could "
                        "keep plugins from being loaded: look at what is in it, then chmod go-w {}",
                        path, s.st_uid, s.st_gid, mode, path)};
  return {};
}

Result<void> write_all(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t n = write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error(errno).context(path);
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

}  // namespace

Result<void> CrashFile::lock(Duration patience) const {
  const TimePoint deadline = system_clock().now() + patience;
  while (flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return system_error(errno).context(path_);
    if (system_clock().now() >= deadline)
      return Error{Errc::timeout, format("{}: is locked by another process, which 'fuser {}' finds",
                                         path_, path_)};
    std::this_thread::sleep_for(kBetweenTries);
  }
  return {};
}

void CrashFile::unlock() const {
  flock(file_.get(), LOCK_UN);
}

Result<std::string> CrashFile::read() const {
  if (lseek(file_.get(), 0, SEEK_SET) < 0) return system_error(errno).context(path_);
  auto text = read_to_end(file_.get(), kMaxCrashes);
  if (!text) return text.error().context(path_);
  return text;
}

Result<void> CrashFile::rewrite(std::string_view text) const {
  if (ftruncate(file_.get(), 0) != 0) return system_error(errno).context(path_);
  return write_all(file_.get(), text, path_);
}

Result<CrashFolder> CrashFolder::open(const std::string& path) {
  Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC));
  struct stat s {};
  if (!folder || fstat(folder.get(), &s) != 0)
    return system_error(errno).context(format("state folder {}", path));
  if (auto ok = check_trust(s, path); !ok)
    return Error{ok.error().code, format("state folder {}", ok.error().message)};
  return CrashFolder(std::move(folder), path);
}

// Neither another's file nor a FIFO, which would keep us waiting, is opened.
Result<Descriptor> CrashFolder::open_file(const std::string& name, int flags) const {
  const std::string path = file(name);
  Descriptor opened(openat(folder_.get(), name.c_str(),
                           flags | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600));
  struct stat s {};
  if (!opened && (errno == ELOOP || errno == EISDIR || errno == ENXIO))
    return Error{Errc::invalid, format("{}: is not a regular file; remove it", path)};
  if (!opened || fstat(opened.get(), &s) != 0) return system_error(errno).context(path);
  if (!S_ISREG(s.st_mode))
    return Error{Errc::invalid, format("{}: is not a regular file; remove it", path)};
  if (auto ok = check_trust(s, path); !ok) return ok.error();
  return opened;
}

Result<CrashFile> CrashFolder::crashes() const {
  auto opened = open_file(native::kCrashFile, O_RDWR | O_APPEND | O_CREAT);
  if (!opened) return opened.error();
  return CrashFile(std::move(*opened), file(native::kCrashFile));
}

Result<std::string> CrashFolder::hung() const {
  const auto opened = open_file(kHungFile, O_RDONLY);
  if (!opened && opened.error().code == Errc::not_found) return std::string();
  if (!opened) return opened.error();
  auto text = read_to_end(opened->get(), kMaxSkipped);
  if (!text) return text.error().context(file(kHungFile));
  return text;
}

Result<native::SkipList> CrashFolder::skipped() const {
  const auto opened = open_file(native::kSkipFile, O_RDONLY);
  if (!opened && opened.error().code == Errc::not_found) return native::SkipList();
  if (!opened) return opened.error();
  const auto text = read_to_end(opened->get(), kMaxSkipped);
  if (!text) return text.error().context(file(native::kSkipFile));
  return native::SkipList::parse(*text);
}

Result<void> CrashFolder::replace_hung(std::string_view text) const {
  return replace(kHungFile, text);
}

Result<void> CrashFolder::replace_skipped(const native::SkipList& list) const {
  return replace(native::kSkipFile, list.text());
}

// In one step, because readers have no lock. Nobody has such a file open for long.
Result<void> CrashFolder::replace(const std::string& name, std::string_view text) const {
  const std::string fresh = name + ".new";
  const auto opened = open_file(fresh, O_WRONLY | O_CREAT);
  if (!opened) return opened.error();
  if (ftruncate(opened->get(), 0) != 0) return system_error(errno).context(file(fresh));
  auto done = write_all(opened->get(), text, file(fresh));
  if (done && fsync(opened->get()) != 0) done = system_error(errno).context(file(fresh));
  if (done && renameat(folder_.get(), fresh.c_str(), folder_.get(), name.c_str()) != 0)
    done = system_error(errno).context(file(name));
  if (!done) unlinkat(folder_.get(), fresh.c_str(), 0);
  return done;
}

}  // namespace virgo::agent
