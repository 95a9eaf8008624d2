// virgo.mdraid: the state of the software RAID arrays, from /proc/mdstat.
#include <fcntl.h>
#include <shared/naming.hpp>
#include <shared/proc_file.hpp>
#include <shared/series_cap.hpp>
#include <shared/words.hpp>

#include "mdstat.hpp"

namespace {

using plugin::MdArray;
using plugin::MdSync;
using plugin::Naming;
using plugin::plus;
using plugin::times;
using virgo::sdk::gauge;
using virgo::sdk::label;

constexpr const char* kMdstatPath = "/proc/mdstat";

enum Health : uint8_t { kOk, kDegraded, kFailed, kHealths };
constexpr std::string_view kHealthNames[] = {"ok", "degraded", "failed"};

enum NodeState : uint8_t { kActive, kInactive, kRecovering, kResync, kCheck, kNodeStates };
constexpr std::string_view kNodeStateNames[] = {"active", "inactive", "recovering", "resync",
                                                "check"};

// Working disks, and how many there should be; of levels that can do without none, and
// whose lines do not tell, all that are listed.
struct Disks {
  uint64_t active = 0;
  uint64_t required = 0;

  Disks() = default;
  explicit Disks(const MdArray& a) {
    if (a.state == "inactive") return;
    active = a.has_disks ? a.working : a.devices;
    required = a.has_disks ? a.required : a.devices;
  }
};

Health health_of(const MdArray& a) {
  if (a.is_container) return kOk;  // its arrays are what works
  const Disks disks(a);
  if (a.state != "active" || (disks.required > 0 && disks.active == 0)) return kFailed;
  return disks.active < disks.required ? kDegraded : kOk;
}

// Blocks that are as they should be.
uint64_t synced_blocks(const MdArray& a) {
  // A reshape moves what is in order.
  if (a.sync == MdSync::none || a.sync == MdSync::reshape) return a.blocks;
  return a.has_progress ? a.sync_done : 0;
}

class Mdraid {
 public:
  static constexpr const char* kName = "virgo.mdraid";
  static constexpr const char* kSummary = "State of the software RAID arrays and their disks.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  enum Metric : uint32_t {
    kStatus,
    kLimit,
    kState,
    kDisks,
    kRequired,
    kSynced,
    kProgress,
    kMismatches,
    kNodeState,
    kNodeDisks,
    kNodeRequired,
    kNodeBlocks,
    kNodeSynced
  };
  static constexpr virgo_metric kMetrics[] = {
      gauge("hw.status", "1", "1 for the state the array is in, else 0.", VIRGO_U64),
      gauge("hw.logical_disk.limit", "By", "Size of the array.", VIRGO_U64),
      virgo::sdk::state("virgo.mdraid.state",
                        "active, read-only, auto-read-only, inactive or broken."),
      gauge("virgo.mdraid.disks", "{disk}", "Disks by state.", VIRGO_U64),
      gauge("virgo.mdraid.disks.required", "{disk}", "Disks there should be, without spares.",
            VIRGO_U64),
      gauge("virgo.mdraid.synced", "By", "What is in sync; as far as a check has come.", VIRGO_U64),
      gauge("virgo.mdraid.sync.progress", "1",
            "Part that is done of what goes on; missing if nothing does."),
      gauge("virgo.mdraid.mismatches", "{sector}",
            "Sectors that the last check found to differ between the disks.", VIRGO_U64),
      gauge("node_md_state", "1", "1 for the state the array is in, else 0.", VIRGO_U64),
      gauge("node_md_disks", "{disk}", "Disks by state.", VIRGO_U64),
      gauge("node_md_disks_required", "{disk}", "Disks there should be, without spares.",
            VIRGO_U64),
      gauge("node_md_blocks", "{block}", "Size of the array, in KiB.", VIRGO_U64),
      gauge("node_md_blocks_synced", "{block}", "KiB that are in sync.", VIRGO_U64)};
  static constexpr virgo_param kParams[] = {
      plugin::naming_param(),
      virgo::sdk::param("include", VIRGO_PARAM_LIST, nullptr,
                        "Names of the arrays to report, and no others; * and ? as in a shell."),
      virgo::sdk::param("exclude", VIRGO_PARAM_LIST, nullptr,
                        "Names of arrays to leave out; * and ? as in a shell."),
      plugin::max_series_param("2000"), plugin::root_param()};

  explicit Mdraid(virgo::sdk::Host host) : host_(host) {}

  virgo_status configure(virgo::sdk::Config root) {
    naming_ = plugin::naming_of(root);
    const std::string_view prefix = root["root"].as_text();
    if (!cap_.set(root, naming_ == Naming::otel ? kSeriesEach : kNodeSeriesEach))
      return VIRGO_ERR_INVALID;
    return selection_.set(root) && file_.set_path(prefix, kMdstatPath) &&
                   sysfs_.set(prefix, "/sys/block")
               ? VIRGO_OK
               : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    size_t length = 0;
    const char* text = file_.try_read(&length);
    if (text == nullptr) return no_file(run, errno);
    if (!plugin::starts_with({text, length}, "Personalities")) {
      plugin::explain(run, "%s does not begin with \"Personalities\"", file_.path());
      return VIRGO_ERR_FAILED;
    }
    sum_ = {};
    cap_.begin();
    const bool reported = report_arrays(run, {text, length});
    cap_.end(host_, "arrays");
    if (cap_.over()) report_sum(run);
    if (!reported) plugin::explain(run, "no array in %s is one to report", file_.path());
    return VIRGO_OK;
  }

 private:
  static constexpr uint32_t kSeriesEach = 13;
  static constexpr uint32_t kNodeSeriesEach = 11;

  // Of the arrays beyond the cap.
  struct Sum {
    uint64_t health[kHealths] = {};
    uint64_t states[kNodeStates] = {};
    uint64_t active = 0;
    uint64_t failed = 0;
    uint64_t spare = 0;
    uint64_t down = 0;
    uint64_t required = 0;
    uint64_t blocks = 0;
    uint64_t synced = 0;
  };

  virgo_status no_file(virgo::sdk::Run run, int error) const {
    if (error != ENOENT) {
      plugin::explain(run, "%s: %s", file_.path(), strerror(error));
      return VIRGO_ERR_FAILED;
    }
    plugin::explain(run,
                    "%s is not there: the kernel's module md_mod is not loaded, which it is with "
                    "the first array",
                    file_.path());
    return VIRGO_ERR_UNSUPPORTED;
  }

  bool report_arrays(virgo::sdk::Run run, std::string_view rest) {
    bool reported = false;
    MdArray a;
    while (plugin::next_md_array(rest, &a)) {
      char name[33];  // DISK_NAME_LEN of the kernel, and a NUL
      if (a.name.size() >= sizeof name) continue;
      memcpy(name, a.name.data(), a.name.size());
      name[a.name.size()] = '\0';
      if (!selection_.wants(name)) continue;
      reported = true;
      Sum one;
      add(one, a);
      if (!cap_.admit()) {
        add(sum_, a);
      } else if (naming_ == Naming::prometheus) {
        report_exporter(run, one, label("device", a.name));
      } else {
        const virgo_label id = label("hw.id", a.name);
        report(run, one, id);
        report_alone(run, a, id, name);
      }
    }
    return reported;
  }

  static void add(Sum& sum, const MdArray& a) {
    const Disks disks(a);
    ++sum.health[health_of(a)];
    sum.active = plus(sum.active, disks.active);
    sum.failed = plus(sum.failed, a.failed);
    sum.spare = plus(sum.spare, a.spare);
    sum.down = plus(sum.down, a.down);
    sum.required = plus(sum.required, disks.required);
    sum.blocks = plus(sum.blocks, a.blocks);
    sum.synced = plus(sum.synced, synced_blocks(a));
    if (const NodeState state = node_state(a); state != kNodeStates) ++sum.states[state];
  }
  // As node_exporter says it; none for one that is broken.
  static NodeState node_state(const MdArray& a) {
    if (a.sync == MdSync::recovery) return kRecovering;
    if (a.sync == MdSync::resync) return kResync;
    if (a.sync == MdSync::check) return kCheck;
    if (a.state == "active") return kActive;
    return a.state == "inactive" ? kInactive : kNodeStates;
  }

  // What can be added up.
  static void report(virgo::sdk::Run run, const Sum& s, const virgo_label& id) {
    for (unsigned i = 0; i < kHealths; ++i)
      run.emit(kStatus, s.health[i],
               {id, label("hw.type", "logical_disk"), label("hw.state", kHealthNames[i])});
    const auto disks = [&](std::string_view state, uint64_t n) {
      run.emit(kDisks, n, {id, label("virgo.mdraid.disk.state", state)});
    };
    disks("active", s.active);
    disks("failed", s.failed);
    disks("spare", s.spare);
    disks("down", s.down);
    run.emit(kRequired, s.required, {id});
    run.emit(kSynced, times(s.synced, 1024), {id});
  }
  void report_alone(virgo::sdk::Run run, const MdArray& a, const virgo_label& id,
                    const char* name) const {
    const std::string_view level = a.level.empty() ? std::string_view("unknown") : a.level;
    if (a.has_blocks)
      run.emit(kLimit, times(a.blocks, 1024), {id, label("hw.logical_disk.raid_level", level)});
    run.emit(kState, a.mode.empty() ? a.state : a.mode, {id});
    if (a.sync != MdSync::none) report_progress(run, a, id);
    uint64_t mismatches = 0;
    if (read_mismatches(name, &mismatches)) run.emit(kMismatches, mismatches, {id});
  }
  static void report_progress(virgo::sdk::Run run, const MdArray& a, const virgo_label& id) {
    const double part = a.has_progress && a.sync_total > 0
                            ? static_cast<double>(a.sync_done) / static_cast<double>(a.sync_total)
                            : 0.0;
    run.emit(kProgress, part,
             {id, label("virgo.mdraid.sync.action",
                        plugin::kMdSyncNames[static_cast<unsigned>(a.sync)])});
  }
  bool read_mismatches(const char* name, uint64_t* out) const {
    char path[512];
    const int n = snprintf(path, sizeof path, "%s/%s/md/mismatch_cnt", sysfs_.c_str(), name);
    if (n < 0 || static_cast<size_t>(n) >= sizeof path) return false;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    char text[32];
    const ssize_t length = ::read(fd, text, sizeof text);
    close(fd);
    return length > 0 && plugin::to_u64(plugin::trimmed({text, static_cast<size_t>(length)}), out);
  }
  void report_sum(virgo::sdk::Run run) const {
    const virgo_label overflow = plugin::SeriesCap::label();
    if (naming_ == Naming::prometheus) return report_exporter(run, sum_, overflow);
    report(run, sum_, overflow);
    run.emit(kLimit, times(sum_.blocks, 1024), {overflow});
  }

  static void report_exporter(virgo::sdk::Run run, const Sum& s, const virgo_label& device) {
    for (unsigned i = 0; i < kNodeStates; ++i)
      run.emit(kNodeState, s.states[i], {device, label("state", kNodeStateNames[i])});
    run.emit(kNodeDisks, s.active, {device, label("state", "active")});
    run.emit(kNodeDisks, s.failed, {device, label("state", "failed")});
    run.emit(kNodeDisks, s.spare, {device, label("state", "spare")});
    run.emit(kNodeRequired, s.required, {device});
    run.emit(kNodeBlocks, s.blocks, {device});
    run.emit(kNodeSynced, s.synced, {device});
  }

  virgo::sdk::Host host_;
  plugin::ProcFile file_;
  plugin::Text sysfs_;
  plugin::Selection selection_;
  plugin::SeriesCap cap_;
  Naming naming_ = Naming::otel;
  Sum sum_;
};

}  // namespace

VIRGO_CXX_MODULE("io.virgo.mdraid", "0.2.0", Mdraid);
