#include "binding/permitted_file.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <optional>
#include <utility>

#include "base/format.hpp"
#include "base/text.hpp"
#include "binding/permits.hpp"
#include "binding/strand.hpp"

namespace virgo::binding {
namespace {

constexpr int kLook = O_PATH | O_NOFOLLOW | O_CLOEXEC;
constexpr int kMaxLinks = 40;  // as the kernel's
constexpr uid_t kNobodys = static_cast<uid_t>(-1);

bool any_matches(const std::vector<std::string>& patterns, std::string_view path) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [path](const std::string& p) { return matches_path(p, path); });
}

std::string own_name(int fd) {
  return format("/proc/self/fd/{}", fd);
}

std::optional<std::string> read_link(int folder, const char* name) {
  std::array<char, PATH_MAX> text;
  const ssize_t size = ::readlinkat(folder, name, text.data(), text.size());
  if (size <= 0 || static_cast<std::size_t>(size) >= text.size()) return std::nullopt;
  return std::string(text.data(), static_cast<std::size_t>(size));
}

// The usual case at one go: there is no link on the way.
Descriptor open_without_links(const std::string& path) {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_NO_SYMLINKS;
  return Descriptor(
      static_cast<int>(syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
}

// Goes along a path part by part, and remembers whose links it has followed.
class Walk {
 public:
  explicit Walk(const std::string& path) : left_(path) {}

  // -1 with errno.
  Descriptor run();
  // One that is neither root's nor our own was followed; kNobodys if of several users.
  bool strange() const { return strange_; }
  uid_t owner() const { return owner_; }

 private:
  bool step(const std::string& part);
  bool follow(const std::string& part, const Descriptor& link, uid_t owner);
  std::string take_part();
  void note(uid_t owner) {
    owner_ = strange_ && owner_ != owner ? kNobodys : owner;
    strange_ = true;
  }

  std::string left_;
  std::optional<Descriptor> at_;
  int links_ = 0;
  bool strange_ = false;
  uid_t owner_ = 0;
};

// The first part of what is left, "" at the end.
std::string Walk::take_part() {
  const std::size_t from = std::min(left_.find_first_not_of('/'), left_.size());
  const std::size_t end = std::min(left_.find('/', from), left_.size());
  std::string part = left_.substr(from, end - from);
  left_.erase(0, end);
  return part;
}

// A link in /proc with an absolute text is none that could be followed by its text: it
// jumps to what the process has open, which may have another name here, or none.
bool Walk::follow(const std::string& part, const Descriptor& link, uid_t owner) {
  if (++links_ > kMaxLinks) {
    errno = ELOOP;
    return false;
  }
  const auto target = read_link(link.get(), "");
  if (!target) return false;
  struct statfs system {};
  if (::fstatfs(link.get(), &system) != 0) return false;
  const bool absolute = target->front() == '/';
  if (system.f_type == PROC_SUPER_MAGIC && (absolute || target->find(':') != std::string::npos)) {
    note(kNobodys);
    const int next = ::openat(at_->get(), part.c_str(), O_PATH | O_CLOEXEC);
    at_.emplace(next);
    return next >= 0;
  }
  if (owner != 0 && owner != ::geteuid()) note(owner);
  left_ = *target + left_;
  if (absolute) at_.emplace(::open("/", O_PATH | O_CLOEXEC));
  return static_cast<bool>(*at_);
}

bool Walk::step(const std::string& part) {
  Descriptor next(::openat(at_->get(), part.c_str(), kLook));
  struct stat status {};
  if (!next || ::fstat(next.get(), &status) != 0) return false;
  if (S_ISLNK(status.st_mode)) return follow(part, next, status.st_uid);
  at_.emplace(std::move(next));
  return true;
}

Descriptor Walk::run() {
  at_.emplace(::open("/", O_PATH | O_CLOEXEC));
  if (!*at_) return Descriptor(-1);
  for (std::string part = take_part(); !part.empty(); part = take_part())
    if (!step(part)) return Descriptor(-1);
  return std::move(*at_);
}

Error leads_away(const Reach& reach, const std::string& real, uid_t owner) {
  const std::string name = printable(real, 256);
  const std::string link =
      owner == kNobodys ? "a link on the way" : format("a link of user {}", owner);
  if (!any_matches(reach.declared, real))
    return {Errc::denied, format("{} leads to {}, which is not among the needs of this check; add "
                                 "needs = {{ read = {{\"{}\"}} }} to virgo.check",
                                 link, name, name)};
  return {Errc::denied, format("{} leads to {}, which the configuration does not allow to this "
                               "plugin ({}.read)",
                               link, name, reach.option)};
}

Result<void> check_end(const Walk& walk, const Descriptor& file, const Reach& reach) {
  if (!walk.strange()) return {};
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return system_error(errno);
  if (walk.owner() != kNobodys && walk.owner() == status.st_uid) return {};
  const auto real = read_link(AT_FDCWD, own_name(file.get()).c_str());
  if (!real) return system_error(errno);
  const bool may =
      any_matches(reach.declared, *real) && (!reach.narrowed || any_matches(reach.allowed, *real));
  if (!may) return leads_away(reach, *real, walk.owner());
  return {};
}

}  // namespace

Reach reach_of(const Context& context) {
  const Permits& permits = context.permits();
  return {true, permits.declared.read, permits.allowed.read, permits.narrows_read, permits.option};
}

Result<Descriptor> open_permitted(const std::string& path, const Reach& reach) {
  if (path.find('\0') != std::string::npos) return system_error(EINVAL);
  Descriptor plain = open_without_links(path);
  if (plain) return plain;
  if (errno == ENOENT || errno == ENOTDIR || errno == EACCES) return system_error(errno);
  if (!reach.bounded) {
    Descriptor any(::open(path.c_str(), O_PATH | O_CLOEXEC));
    if (!any) return system_error(errno);
    return any;
  }
  Walk walk(path);
  Descriptor file = walk.run();
  if (!file) return system_error(errno);
  if (auto may = check_end(walk, file, reach); !may) return may.error();
  return file;
}

Result<Descriptor> reopen(const Descriptor& looked_at, int flags) {
  Descriptor file(::open(own_name(looked_at.get()).c_str(), flags | O_CLOEXEC));
  if (!file && errno == ENOENT)
    return Error{Errc::unsupported, "files can only be read where /proc is mounted"};
  if (!file) return system_error(errno);
  return file;
}

}  // namespace virgo::binding
