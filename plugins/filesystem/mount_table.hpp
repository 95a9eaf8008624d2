// The mounts there are now.
#pragma once

#include <shared/proc_file.hpp>

#include "mountinfo.hpp"

namespace plugin {

class MountTable {
 public:
  MountTable() = default;
  ~MountTable() { free(mounts_); }
  MountTable(const MountTable&) = delete;
  MountTable& operator=(const MountTable&) = delete;

  bool set_root(std::string_view root) {
    rooted_ = !root.empty();
    return first_.set_path(root, "/proc/1/mountinfo") &&
           file_.set_path(root, "/proc/self/mountinfo");
  }
  // False when there is no table; the run then has its explanation. What was read
  // before is gone.
  bool read(virgo::sdk::Run run) {
    count_ = 0;
    size_t length = 0;
    // Below a root that is somebody else's, we are not "self": our own table is that of
    // the container we are in.
    char* text = rooted_ ? first_.try_read(&length) : nullptr;
    if (text == nullptr || length == 0) text = file_.read(run, &length);
    if (text == nullptr) return false;
    std::string_view rest(text, length);
    std::string_view line;
    while (count_ < kMost && take_line(rest, &line)) {
      if (count_ == room_ && !grow()) break;
      if (parse_mountinfo(line, &mounts_[count_])) ++count_;
    }
    if (!rooted_) add_root();
    return true;
  }
  uint32_t size() const { return count_; }
  const Mount& operator[](uint32_t i) const { return mounts_[i]; }
  const char* path() const { return file_.path(); }

  // Something else was mounted over it later.
  bool is_hidden(uint32_t i) const {
    for (uint32_t k = i + 1; k < count_; ++k)
      if (strcmp(mounts_[k].point, mounts_[i].point) == 0) return true;
    return false;
  }

 private:
  // More mounts than any host has; each is looked at against each.
  static constexpr uint32_t kMost = 4096;

  bool grow() {
    const uint32_t room = room_ == 0 ? 64 : room_ * 2;
    auto* more = static_cast<Mount*>(realloc(static_cast<void*>(mounts_), room * sizeof(Mount)));
    if (more == nullptr) return false;
    mounts_ = more;
    room_ = room;
    return true;
  }
  // In a chroot the kernel lists only what is mounted below it: "/" is a folder of
  // some file system, whose name we are not told.
  void add_root() {
    for (uint32_t i = 0; i < count_; ++i)
      if (strcmp(mounts_[i].point, "/") == 0) return;
    if (count_ == kMost || (count_ == room_ && !grow())) return;
    mounts_[count_++] = Mount{{}, "/", "unknown", "unknown", false};
  }

  ProcFile first_;
  ProcFile file_;
  bool rooted_ = false;
  Mount* mounts_ = nullptr;
  uint32_t count_ = 0;
  uint32_t room_ = 0;
};

}  // namespace plugin
