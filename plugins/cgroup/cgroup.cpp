// virgo.cgroup: what services and containers use, from the files of cgroup version 2.
#include <sys/stat.h>
#include <shared/proc_file.hpp>
#include <shared/series_cap.hpp>

#include "cgroup_mount.hpp"
#include "container_id.hpp"
#include "path_patterns.hpp"
#include "report.hpp"
#include "rest.hpp"

namespace {

using plugin::Values;
using virgo::sdk::counter;
using virgo::sdk::gauge;
using virgo::sdk::label;

class Cgroup {
 public:
  static constexpr const char* kName = "virgo.cgroup";
  static constexpr const char* kSummary = "Processor time, memory and disk use of cgroups.";
  static constexpr uint32_t kThread = VIRGO_ON_WORKER;
  static constexpr virgo_metric kMetrics[] = {
      counter("container.cpu.time", "s", "Processor time used.", VIRGO_F64),
      counter("virgo.cgroup.cpu.throttled", "s", "Time it was held back at its processor limit.",
              VIRGO_F64),
      gauge("container.memory.usage", "By", "Memory charged to the group, caches included.",
            VIRGO_U64),
      gauge("container.memory.working_set", "By", "Memory but file pages not used of late.",
            VIRGO_U64),
      gauge("container.memory.rss", "By", "Memory that is of no file.", VIRGO_U64),
      gauge("container.memory.available", "By",
            "The limit, where there is one, but the working set.", VIRGO_U64),
      gauge("virgo.cgroup.memory.limit", "By", "The most memory it may have, if it has a limit.",
            VIRGO_U64),
      counter("container.paging.faults", "{fault}", "Page faults."),
      counter("container.disk.io", "By", "What was read from and written to disks."),
      gauge("virgo.cgroup.threads", "{thread}", "Threads, of which a process has one or more.",
            VIRGO_U64),
      counter("virgo.cgroup.memory.oom_kills", "{process}", "Processes killed for want of memory."),
      counter("container_cpu_usage_seconds_total", nullptr, "Processor time used.", VIRGO_F64),
      counter("container_cpu_user_seconds_total", nullptr, "Of it, in programs.", VIRGO_F64),
      counter("container_cpu_system_seconds_total", nullptr, "Of it, in the kernel.", VIRGO_F64),
      counter("container_cpu_cfs_throttled_seconds_total", nullptr,
              "Time it was held back at its processor limit.", VIRGO_F64),
      gauge("container_memory_usage_bytes", nullptr, "Memory, caches included.", VIRGO_U64),
      gauge("container_memory_working_set_bytes", nullptr, "Memory but what is easily freed.",
            VIRGO_U64),
      gauge("container_memory_rss", nullptr, "Memory that is of no file.", VIRGO_U64),
      gauge("container_memory_cache", nullptr, "Memory that is of files.", VIRGO_U64),
      gauge("container_memory_swap", nullptr, "Memory swapped out.", VIRGO_U64),
      gauge("container_spec_memory_limit_bytes", nullptr, "The most memory; 0 = no limit.",
            VIRGO_U64),
      counter("container_memory_failures_total", nullptr, "Page faults."),
      counter("container_fs_reads_bytes_total", nullptr, "Read from disks."),
      counter("container_fs_writes_bytes_total", nullptr, "Written to disks."),
      gauge("container_threads", nullptr, "Threads.", VIRGO_U64),
      counter("container_oom_events_total", nullptr, "Processes killed for want of memory.")};
  static constexpr virgo_param kParams[] = {
      plugin::naming_param(), plugin::root_param(),
      virgo::sdk::param(
          "include", VIRGO_PARAM_LIST,
          "[system.slice/*.service, system.slice/*.scope, machine.slice/*, user.slice/*, docker/*, "
          "lxc/*, lxc.payload.*, kubepods/pod*, kubepods/*/pod*, kubepods.slice/*-pod*.slice, "
          "kubepods.slice/*/*-pod*.slice]",
          "Cgroups to report, by shell patterns on the path; * stops at a slash."),
      virgo::sdk::param(
          "exclude", VIRGO_PARAM_LIST, nullptr,
          "Cgroups to leave out, and all that is below them, whatever includes them."),
      plugin::max_series_param("2800")};

  explicit Cgroup(virgo::sdk::Host host) : host_(host) {}

  virgo_status configure(virgo::sdk::Config root) {
    naming_ = plugin::naming_of(root);
    const bool otel = naming_ == plugin::Naming::otel;
    if (!cap_.set(root, otel ? plugin::kSeries : plugin::kAdSeries)) return VIRGO_ERR_INVALID;
    const std::string_view prefix = root["root"].as_text();
    // With a root, what is mounted there is what its first process sees.
    const bool done = root_.set(prefix) && patterns_.set(root) &&
                      mounts_.set_path(prefix, prefix.empty() ? "/proc/mounts" : "/proc/1/mounts");
    return done ? VIRGO_OK : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    plugin::Folder top;
    virgo_status status = open_top(run, top);
    if (status < 0) return status;
    visited_ = 0;
    reported_ = 0;
    cap_.begin();
    rest_.begin();
    plugin::ValuesReader reader;
    char path[kLongestPath] = "";
    status = walk(run, top, path, 0, 0, reader);
    if (status < 0) return status;
    const Values rest = rest_.end();
    if (cap_.over()) {
      const virgo_label over = plugin::SeriesCap::label();
      plugin::Reporter(run, naming_, rest, &over, 1).report_sum();
    }
    cap_.end(host_, "cgroups");
    explain_run(run, top);
    return VIRGO_OK;
  }

 private:
  static constexpr uint32_t kMostVisited = 20'000;
  static constexpr unsigned kDeepest = 16;
  static constexpr size_t kLongestPath = 1024;  // a label's bound

  virgo_status open_top(virgo::sdk::Run run, plugin::Folder& top) {
    size_t length = 0;
    char* text = mounts_.read(run, &length);
    if (text == nullptr) return VIRGO_ERR_FAILED;
    const plugin::CgroupMount mount = plugin::find_cgroup_mount(text, length);
    if (mount.path.empty()) {
      plugin::explain(run,
                      mount.has_version_1
                          ? "%s: cgroups are mounted as version 1 only; this check reads version 2 "
                            "(for systemd, boot with systemd.unified_cgroup_hierarchy=1)"
                          : "%s: no cgroup file system is mounted, as in many containers",
                      mounts_.path());
      return VIRGO_ERR_UNSUPPORTED;
    }
    plugin::Text path;
    if (!path.set(root_.c_str(), mount.path)) return VIRGO_ERR_NO_MEMORY;
    if (top.open(path.c_str())) return VIRGO_OK;
    plugin::explain(run, "%s: %s", path.c_str(), strerror(errno));
    return VIRGO_ERR_FAILED;
  }

  // Everything below `folder`, whose path has `size` bytes and `depth` names.
  virgo_status walk(virgo::sdk::Run run, const plugin::Folder& folder, char* path, size_t size,
                    unsigned depth, plugin::ValuesReader& reader) {
    plugin::Entries entries(folder);
    plugin::Entries::Entry entry{};
    while (entries.next(&entry)) {
      if (entry.name[0] == '.' || (entry.type != DT_DIR && entry.type != DT_UNKNOWN)) continue;
      const int n =
          snprintf(path + size, kLongestPath - size, size == 0 ? "%s" : "/%s", entry.name);
      const size_t longer = size + static_cast<size_t>(n);
      if (longer >= kLongestPath) continue;
      const virgo_status status = visit(run, folder, path, longer, depth + 1, reader);
      path[size] = '\0';
      if (status < 0) return status;
    }
    return VIRGO_OK;
  }

  virgo_status visit(virgo::sdk::Run run, const plugin::Folder& parent, char* path, size_t size,
                     unsigned depth, plugin::ValuesReader& reader) {
    if (patterns_.excludes(path)) return VIRGO_OK;
    const bool wanted = patterns_.wants(path);
    const bool leads_on = depth < kDeepest && patterns_.leads_on(path, depth);
    if (!wanted && !leads_on) return VIRGO_OK;
    if (++visited_ > kMostVisited) return VIRGO_OK;
    if (run.time_left_ns() == 0) return VIRGO_ERR_TIMEOUT;
    plugin::Folder folder;
    const char* name = strrchr(path, '/');
    if (!folder.open(name == nullptr ? path : name + 1, parent.fd())) return VIRGO_OK;  // ended
    if (wanted && !add(run, folder, path, reader.read(folder))) return VIRGO_ERR_NO_MEMORY;
    return leads_on ? walk(run, folder, path, size, depth, reader) : VIRGO_OK;
  }

  bool add(virgo::sdk::Run run, const plugin::Folder& folder, const char* path, const Values& v) {
    ++reported_;
    const bool admitted = cap_.admit();
    struct stat st {};
    if (fstat(folder.fd(), &st) == 0 && !rest_.note(st.st_ino, v, !admitted)) return false;
    if (!admitted) return true;
    char full[kLongestPath + 1];
    snprintf(full, sizeof full, "/%s", path);
    const bool otel = naming_ == plugin::Naming::otel;
    const std::string_view id = plugin::container_id_of(full);
    const virgo_label labels[] = {label(otel ? "virgo.cgroup.path" : "id", full),
                                  label("container.id", id)};
    plugin::Reporter(run, naming_, v, labels, otel && !id.empty() ? 2 : 1).report();
    return true;
  }

  void explain_run(virgo::sdk::Run run, const plugin::Folder& top) const {
    char text[512];
    const ssize_t n = plugin::read_small(top.fd(), "cgroup.controllers", text, sizeof text);
    if (visited_ > kMostVisited)
      plugin::explain(run, "there are more than %u cgroups: the others are not looked at",
                      kMostVisited);
    else if (reported_ == 0)
      run.explain("no cgroup is one to report");
    else if (n >= 0 && strstr(text, "memory") == nullptr)
      run.explain(
          "the controllers of memory and others are not with cgroup version 2 (mounted as version "
          "1, or off): what they count is left out");
  }

  virgo::sdk::Host host_;
  plugin::Text root_;
  plugin::ProcFile mounts_;
  plugin::PathPatterns patterns_;
  plugin::SeriesCap cap_;
  plugin::Rest rest_;
  uint32_t visited_ = 0;
  uint32_t reported_ = 0;
  plugin::Naming naming_ = plugin::Naming::otel;
};

}  // namespace

VIRGO_CXX_MODULE("io.virgo.cgroup", "0.2.0", Cgroup);
