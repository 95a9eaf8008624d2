// A FUSE file system that never answers, for real: nobody reads what the kernel asks.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace virgo::native {

// How many threads this process has.
inline std::size_t threads() {
  std::size_t n = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/task"))
    ++n;
  return n;
}

// A mount namespace of this thread's own, and of those it starts. Empty, or why not.
inline std::string own_mounts() {
  static const std::string answer = [] {
    if (unshare(CLONE_NEWNS) != 0) return std::string("unshare: ") + strerror(errno);
    if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
      return std::string("mount --make-rprivate: ") + strerror(errno);
    return std::string();
  }();
  return answer;
}

class DeadMount {
 public:
  // Empty problem() if it is there.
  explicit DeadMount(const std::string& folder) : folder_(folder) {
    std::filesystem::create_directories(folder);
    fd_ = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (fd_ < 0) {
      problem_ = std::string("/dev/fuse: ") + strerror(errno);
      return;
    }
    const std::string options =
        "fd=" + std::to_string(fd_) + ",rootmode=40000,user_id=0,group_id=0";
    if (mount("dead", folder.c_str(), "fuse", 0, options.c_str()) != 0) {
      problem_ = std::string("mount: ") + strerror(errno);
      return;
    }
    mounted_ = true;
  }
  ~DeadMount() {
    hang_up();
    unmount();
  }
  DeadMount(const DeadMount&) = delete;
  DeadMount& operator=(const DeadMount&) = delete;

  const std::string& problem() const { return problem_; }
  // Whoever waits for an answer gets ENOTCONN now.
  void hang_up() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  void unmount() {
    if (mounted_) umount2(folder_.c_str(), MNT_DETACH);
    mounted_ = false;
  }

 private:
  std::string folder_;
  std::string problem_;
  int fd_ = -1;
  bool mounted_ = false;
};

}  // namespace virgo::native
