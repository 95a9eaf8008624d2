// The check types agent.filesystem and agent.filesystem_state of the Rackspace agent:
// names, units and meanings are its own.
#pragma once

#include <shared/naming.hpp>

#include "mount_table.hpp"
#include "prober.hpp"
#include "proc_mounts.hpp"

namespace plugin {

// Types that the Rackspace agent called "local" or "remote".
inline constexpr std::string_view kOnDisk[] = {
    "bcachefs", "btrfs", "cvfs",     "ext2", "ext3", "ext4",  "exfat", "f2fs", "gfs",
    "gfs2",     "hfs",   "hpfs",     "jfs",  "jfs2", "minix", "msdos", "ntfs", "ntfs3",
    "ocfs2",    "psfs",  "reiserfs", "ufs",  "vfat", "vxfs",  "vzfs",  "xfs",  "xiafs",
    "zfs",      "afs",   "cifs",     "nfs",  "nfs4", "smb3",  "smbfs"};

}  // namespace plugin

namespace {

// The mounts of /proc/mounts, one after the other.
template <class Each>
void each_proc_mount(std::string_view text, Each each) {
  std::string_view line;
  plugin::ProcMount m;
  while (plugin::take_line(text, &line))
    if (plugin::parse_proc_mount(line, &m)) each(m);
}

class AgentFilesystem {
 public:
  static constexpr const char* kName = "agent.filesystem";
  static constexpr const char* kSummary =
      "Space of one file system, as the Rackspace agent reported it.";
  static constexpr uint32_t kThread = VIRGO_ON_WORKER;
  enum Metric : uint32_t { kTotal, kFree, kUsed, kAvail, kFiles, kFreeFiles, kOptions };
  static constexpr virgo_metric kMetrics[] = {
      virgo::sdk::gauge("total", "kilobytes", "All space of the file system.", VIRGO_U64),
      virgo::sdk::gauge("free", "kilobytes", "Free space, that for root included.", VIRGO_U64),
      virgo::sdk::gauge("used", "kilobytes", "total - free.", VIRGO_U64),
      virgo::sdk::gauge("avail", "kilobytes", "Space that ordinary users can still write.",
                        VIRGO_U64),
      virgo::sdk::gauge("files", "files", "All inodes.", VIRGO_U64),
      virgo::sdk::gauge("free_files", "free_files", "Free inodes.", VIRGO_U64),
      {"options", "options", "The options it is mounted with.", VIRGO_STATE, VIRGO_TEXT}};
  static constexpr virgo_param kParams[] = {
      virgo::sdk::param("target", VIRGO_PARAM_TEXT, nullptr, "The mount point."),
      virgo::sdk::param("stuck_after", VIRGO_PARAM_DURATION, "1s",
                        "A file system that has not answered after this time counts as stuck."),
      plugin::root_param()};

  explicit AgentFilesystem(virgo::sdk::Host) { plugin::prober::open(); }
  ~AgentFilesystem() { plugin::prober::close(); }

  virgo_status configure(virgo::sdk::Config root) {
    stuck_after_ns_ = root["stuck_after"].as_duration_ns();
    if (stuck_after_ns_ == 0) root["stuck_after"].reject("must be more than 0");
    const std::string_view prefix = root["root"].as_text();
    return root_.set(prefix) && table_.set_root(prefix) && target_.set(root["target"].as_text()) &&
                   mounts_.set_path(prefix, "/proc/mounts")
               ? VIRGO_OK
               : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    const char* target = target_.c_str();
    if (target[0] == '\0') {
      run.explain("Missing target parameter");
      return VIRGO_ERR_FAILED;
    }
    if (!table_.read(run)) return VIRGO_ERR_FAILED;
    for (uint32_t i = table_.size(); i-- > 0;)
      if (strcmp(table_[i].point, target) == 0) return report(run, table_[i]);
    return not_mounted(run, target);
  }
  void cancel(virgo::sdk::Run) noexcept { plugin::prober::wake(); }

 private:
  virgo_status report(virgo::sdk::Run run, const plugin::Mount& m) {
    plugin::Inquiry inquiry;
    // The list of paths ends with an empty one.
    plugin::Text path;
    if (!path.set(root_.c_str(), m.point)) return VIRGO_ERR_NO_MEMORY;
    const size_t length = strlen(path.c_str()) + 1;
    char* paths = static_cast<char*>(calloc(1, length + 1));
    if (paths == nullptr) return VIRGO_ERR_NO_MEMORY;
    memcpy(paths, path.c_str(), length);
    // Not "risky": this is the only one there is to ask.
    const bool added = inquiry.add(m.device_id, paths, length + 1, false, false);
    free(paths);
    if (!added) return VIRGO_ERR_NO_MEMORY;
    const virgo_status status = inquiry.wait(run, stuck_after_ns_);
    if (status != VIRGO_OK) return status;
    const plugin::Probe* p = inquiry.answer(0);
    if (p == nullptr) {
      plugin::explain(run, "the file system at %s does not answer", m.point);
      return VIRGO_ERR_TIMEOUT;
    }
    if (!p->found) {
      plugin::explain(run, "%s: %s", m.point, strerror(p->error));
      return VIRGO_ERR_FAILED;
    }
    const uint64_t unit = p->fs.f_frsize != 0 ? p->fs.f_frsize : p->fs.f_bsize;
    const auto kilobytes = [unit](uint64_t blocks) { return plugin::times(blocks, unit) / 1024; };
    run.emit(kTotal, kilobytes(p->fs.f_blocks));
    run.emit(kFree, kilobytes(p->fs.f_bfree));
    run.emit(kUsed, kilobytes(plugin::minus(p->fs.f_blocks, p->fs.f_bfree)));
    run.emit(kAvail, kilobytes(p->fs.f_bavail));
    run.emit(kFiles, uint64_t{p->fs.f_files});
    run.emit(kFreeFiles, uint64_t{p->fs.f_ffree});
    report_options(run);
    return VIRGO_OK;
  }
  void report_options(virgo::sdk::Run run) {
    size_t length = 0;
    const char* text = mounts_.try_read(&length);
    if (text == nullptr) return;
    std::string_view options;
    each_proc_mount({text, length}, [&](const plugin::ProcMount& m) {
      // What the kernel started with, below the real root.
      if (m.type != "rootfs" && strcmp(m.point, target_.c_str()) == 0) options = m.options;
    });
    constexpr size_t kLongest = 1024;  // of a sample's text
    if (!options.empty()) run.emit(kOptions, options.substr(0, kLongest));
  }
  virgo_status not_mounted(virgo::sdk::Run run, const char* target) const {
    char list[1200];
    size_t n = 0;
    list[0] = '\0';
    for (uint32_t i = 0; i < table_.size(); ++i) {
      const int more =
          snprintf(list + n, sizeof list - n, "%s%s", i == 0 ? "" : ", ", table_[i].point);
      if (more < 0 || n + static_cast<size_t>(more) >= sizeof list) {
        list[n] = '\0';  // no half names
        break;
      }
      n += static_cast<size_t>(more);
    }
    char text[1900];
    const int all =
        snprintf(text, sizeof text, "No filesystem mounted at %.512s, available: %s", target, list);
    run.explain({text, static_cast<size_t>(all)});
    return VIRGO_ERR_FAILED;
  }

  plugin::Text root_;
  plugin::Text target_;
  plugin::MountTable table_;
  plugin::ProcFile mounts_;
  uint64_t stuck_after_ns_ = 0;
};

class AgentFilesystemState {
 public:
  static constexpr const char* kName = "agent.filesystem_state";
  static constexpr const char* kSummary =
      "File systems mounted read-only and read-write, as the Rackspace agent reported them.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  enum Metric : uint32_t { kTotalRo, kTotalRw, kDevicesRo, kDevicesRw };
  static constexpr virgo_metric kMetrics[] = {
      virgo::sdk::gauge("total_ro", "total", "How many are read-only.", VIRGO_U64),
      virgo::sdk::gauge("total_rw", "total", "How many are not.", VIRGO_U64),
      {"devices_ro", "devices", "Those that are read-only.", VIRGO_STATE, VIRGO_TEXT},
      {"devices_rw", "devices", "Those that are not.", VIRGO_STATE, VIRGO_TEXT}};
  static constexpr virgo_param kParams[] = {plugin::root_param()};

  explicit AgentFilesystemState(virgo::sdk::Host) {}

  virgo_status configure(virgo::sdk::Config root) {
    return mounts_.set_path(root["root"].as_text(), "/proc/mounts") ? VIRGO_OK
                                                                    : VIRGO_ERR_NO_MEMORY;
  }
  // Reads the table only: no mount is entered.
  virgo_status collect(virgo::sdk::Run run) {
    size_t length = 0;
    const char* text = mounts_.read(run, &length);
    if (text == nullptr) return VIRGO_ERR_FAILED;
    List ro;
    List rw;
    each_proc_mount({text, length}, [&](const plugin::ProcMount& m) {
      if (!is_on_disk(m.type)) return;
      (plugin::says_read_only(m.options) ? ro : rw).add(m.source);
    });
    run.emit(kTotalRo, ro.count);
    run.emit(kTotalRw, rw.count);
    run.emit(kDevicesRo, std::string_view(ro.names, ro.length));
    run.emit(kDevicesRw, std::string_view(rw.names, rw.length));
    return VIRGO_OK;
  }

 private:
  struct List {
    uint64_t count = 0;
    size_t length = 0;
    bool full = false;
    char names[1024] = {};  // "a,b": the most a sample's text may have

    void add(const char* name) {
      const size_t n = strlen(name);
      const size_t comma = count++ > 0 ? 1 : 0;
      full = full || length + comma + n > sizeof names;
      if (full) return;
      if (comma > 0) names[length++] = ',';
      memcpy(names + length, name, n);
      length += n;
    }
  };
  static bool is_on_disk(std::string_view type) {
    for (const std::string_view t : plugin::kOnDisk)
      if (t == type) return true;
    return false;
  }

  plugin::ProcFile mounts_;
};

}  // namespace
