// virgo.filesystem: how full the mounted file systems are, by statvfs(2).
//
// On a worker, because statvfs can hang for as long as a server is away or a disk
// dies.
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "mounts.hpp"

namespace {

using plugin::Mount;
using plugin::minus;  // network file systems have been seen to report more free than there is
using virgo::sdk::gauge;
using virgo::sdk::label;
using virgo::sdk::param;

// More mounts than any host has; the check looks at each against each.
constexpr uint32_t kMostMounts = 4096;

class Filesystem {
 public:
  static constexpr const char* kName = "virgo.filesystem";
  static constexpr const char* kSummary = "Space and inodes of the mounted file systems.";
  static constexpr uint32_t kThread = VIRGO_ON_WORKER;
  enum Metric : uint32_t { kUsage, kLimit, kInodes };
  static constexpr virgo_metric kMetrics[] = {
      gauge("system.filesystem.usage", "By", "Space by state; the states add up to the limit.",
            VIRGO_U64),
      gauge("system.filesystem.limit", "By", "All space of the file system.", VIRGO_U64),
      gauge("system.filesystem.inodes.usage", "{inode}", "Inodes by state.", VIRGO_U64)};
  static constexpr virgo_param kParams[] = {
      param("include_types", VIRGO_PARAM_LIST, nullptr,
            "File system types to report, and no others; replaces the default selection."),
      param("exclude_types", VIRGO_PARAM_LIST, nullptr,
            "File system types to leave out in any case."),
      param("include_mountpoints", VIRGO_PARAM_LIST, nullptr,
            "Mount points to report, and no others, of whatever type."),
      param("root", VIRGO_PARAM_TEXT, nullptr,
            "A folder to put in front of /proc and of every mount point.")};

  explicit Filesystem(virgo::sdk::Host) {}
  ~Filesystem() { free(mounts_); }

  virgo_status configure(virgo::sdk::Config root) {
    const std::string_view prefix = root["root"].as_text();
    const bool done = prefix_.set(prefix) && mountinfo_.set_path(prefix, "/proc/self/mountinfo") &&
                      filter_.include_types.set(root["include_types"]) &&
                      filter_.exclude_types.set(root["exclude_types"]) &&
                      filter_.include_mountpoints.set(root["include_mountpoints"]);
    return done ? VIRGO_OK : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    size_t length = 0;
    char* text = mountinfo_.read(run, &length);
    if (text == nullptr) return VIRGO_ERR_FAILED;
    uint32_t count = read_mounts({text, length});
    if (prefix_.c_str()[0] == '\0') count = add_root(count);
    Outcome outcome;
    for (uint32_t i = 0; i < count; ++i) {
      if (!filter_.wants(mounts_[i]) || is_hidden(i, count) || is_repeated(i)) continue;
      if (run.time_left_ns() == 0) return VIRGO_ERR_TIMEOUT;
      report(run, mounts_[i], outcome);
    }
    return finish(run, outcome);
  }

 private:
  struct Outcome {
    unsigned reported = 0;
    unsigned failed = 0;
    const char* where = "";  // the first that failed
    int error = 0;
  };

  uint32_t read_mounts(std::string_view text) {
    if (mounts_ == nullptr) mounts_ = static_cast<Mount*>(malloc(kMostMounts * sizeof(Mount)));
    uint32_t count = 0;
    std::string_view line;
    while (mounts_ != nullptr && count < kMostMounts && plugin::take_line(text, &line))
      if (plugin::parse_mount(line, &mounts_[count])) ++count;
    return count;
  }

  // In a chroot the kernel lists only what is mounted below it: "/" is a folder of
  // some file system, whose name we are not told.
  uint32_t add_root(uint32_t count) {
    for (uint32_t i = 0; i < count; ++i)
      if (strcmp(mounts_[i].point, "/") == 0) return count;
    if (mounts_ == nullptr || count == kMostMounts) return count;
    mounts_[count] = Mount{{}, "/", "unknown", "unknown", false, false};
    return count + 1;
  }

  // Something else was mounted over it later.
  bool is_hidden(uint32_t i, uint32_t count) const {
    for (uint32_t k = i + 1; k < count; ++k)
      if (strcmp(mounts_[k].point, mounts_[i].point) == 0) return true;
    return false;
  }

  // A bind mount, or a second mount, of a file system already reported.
  bool is_repeated(uint32_t i) const {
    for (uint32_t k = 0; k < i; ++k)
      if (mounts_[k].asked && mounts_[k].device_id == mounts_[i].device_id) return true;
    return false;
  }

  void report(virgo::sdk::Run run, Mount& m, Outcome& outcome) const {
    plugin::Text path;
    struct stat st {};
    struct statvfs fs {};
    if (!path.set(prefix_.c_str(), m.point) || stat(path.c_str(), &st) != 0) {
      return failed(m, outcome);
    }
    // Containers mount single files, such as /etc/hosts, from the host's disk.
    if (!S_ISDIR(st.st_mode)) return;
    m.asked = true;
    if (statvfs(path.c_str(), &fs) != 0) return failed(m, outcome);
    if (fs.f_blocks == 0) return;
    emit(run, m, fs);
    ++outcome.reported;
  }

  static void failed(Mount& m, Outcome& outcome) {
    m.asked = true;  // a dead server need not be asked through every mount of it
    if (outcome.failed++ > 0) return;
    outcome.where = m.point;
    outcome.error = errno;
  }

  static void emit(virgo::sdk::Run run, const Mount& m, const struct statvfs& fs) {
    const uint64_t unit = fs.f_frsize != 0 ? fs.f_frsize : fs.f_bsize;
    const auto one = [&](uint32_t metric, uint64_t value, std::string_view state) {
      const virgo_label labels[] = {label("system.device", m.source),
                                    label("system.filesystem.mountpoint", m.point),
                                    label("system.filesystem.type", m.type),
                                    label("system.filesystem.mode", m.read_only ? "ro" : "rw"),
                                    label("system.filesystem.state", state)};
      virgo_sample s{};
      s.metric = metric;
      run.set(s, value);
      s.labels = {labels, state.empty() ? 4u : 5u, sizeof(virgo_label)};
      run.emit(&s, 1);
    };
    one(kUsage, minus(fs.f_blocks, fs.f_bfree) * unit, "used");
    one(kUsage, fs.f_bavail * unit, "free");
    one(kUsage, minus(fs.f_bfree, fs.f_bavail) * unit, "reserved");
    one(kLimit, fs.f_blocks * unit, {});
    if (fs.f_files == 0) return;  // btrfs and others make inodes as needed
    one(kInodes, minus(fs.f_files, fs.f_ffree), "used");
    one(kInodes, fs.f_ffree, "free");
  }

  virgo_status finish(virgo::sdk::Run run, const Outcome& outcome) const {
    if (outcome.failed > 0)
      plugin::explain(run, "%u file system%s could not be read, the first one at %s: %s",
                      outcome.failed, outcome.failed == 1 ? "" : "s", outcome.where,
                      strerror(outcome.error));
    if (outcome.reported > 0) return VIRGO_OK;
    if (outcome.failed == 0)
      plugin::explain(run, "no mount in %s is one to report", mountinfo_.path());
    return VIRGO_ERR_FAILED;
  }

  plugin::Text prefix_;
  plugin::ProcFile mountinfo_;
  plugin::Filter filter_;
  Mount* mounts_ = nullptr;
};

}  // namespace

VIRGO_CXX_MODULE("io.virgo.filesystem", "0.1.0", Filesystem);
