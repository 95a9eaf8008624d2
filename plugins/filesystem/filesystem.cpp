// virgo.filesystem: how full the mounted file systems are, by statvfs(2); and
// agent.filesystem and agent.filesystem_state, the same in the words of the Rackspace
// agent.
//
// The calls are made by the threads of prober.hpp: they can hang for as long as a server
// is away or a disk dies. This check waits for them, so it is on a worker, for a bounded
// time only.
#include <shared/series_cap.hpp>

#include "agent.hpp"
#include "filter.hpp"
#include "mount_table.hpp"
#include "prober.hpp"
#include "selected.hpp"

namespace {

using plugin::minus;  // network file systems have been seen to report more free than there is
using plugin::Mount;
using plugin::Naming;
using plugin::plus;
using plugin::Probe;
using plugin::times;
using virgo::sdk::gauge;
using virgo::sdk::label;
using virgo::sdk::param;

struct Space {
  uint64_t size = 0;
  uint64_t free = 0;   // for anyone
  uint64_t avail = 0;  // for ordinary users
  uint64_t files = 0;
  uint64_t files_free = 0;

  Space() = default;
  explicit Space(const struct statvfs& fs) : files(fs.f_files), files_free(fs.f_ffree) {
    const uint64_t unit = fs.f_frsize != 0 ? fs.f_frsize : fs.f_bsize;
    size = times(fs.f_blocks, unit);
    free = times(fs.f_bfree, unit);
    avail = times(fs.f_bavail, unit);
  }
  void add(const Space& s) {
    size = plus(size, s.size);
    free = plus(free, s.free);
    avail = plus(avail, s.avail);
    files = plus(files, s.files);
    files_free = plus(files_free, s.files_free);
  }
};

class Filesystem {
 public:
  static constexpr const char* kName = "virgo.filesystem";
  static constexpr const char* kSummary = "Space and inodes of the mounted file systems.";
  static constexpr uint32_t kThread = VIRGO_ON_WORKER;
  enum Metric : uint32_t {
    kUsage,
    kLimit,
    kInodes,
    kReadOnly,
    kStuck,
    kNodeSize,
    kNodeFree,
    kNodeAvail,
    kNodeFiles,
    kNodeFilesFree,
    kNodeReadOnly,
    kNodeError
  };
  static constexpr virgo_metric kMetrics[] = {
      gauge("system.filesystem.usage", "By", "Space by state; the states add up to the limit.",
            VIRGO_U64),
      gauge("system.filesystem.limit", "By", "All space of the file system.", VIRGO_U64),
      gauge("system.filesystem.inodes.usage", "{inode}", "Inodes by state.", VIRGO_U64),
      gauge("virgo.filesystem.readonly", "1", "1 if it cannot be written to.", VIRGO_U64),
      gauge("virgo.filesystem.stuck", "1",
            "1 if it does not answer, which nothing else is said of.", VIRGO_U64),
      gauge("node_filesystem_size_bytes", "By", "All space of the file system.", VIRGO_U64),
      gauge("node_filesystem_free_bytes", "By", "Free space, that for root included.", VIRGO_U64),
      gauge("node_filesystem_avail_bytes", "By", "Space that ordinary users can still write.",
            VIRGO_U64),
      gauge("node_filesystem_files", "{inode}", "All inodes.", VIRGO_U64),
      gauge("node_filesystem_files_free", "{inode}", "Free inodes.", VIRGO_U64),
      gauge("node_filesystem_readonly", "1", "1 if it cannot be written to.", VIRGO_U64),
      gauge("node_filesystem_device_error", "1", "1 if it could not be read, or does not answer.",
            VIRGO_U64)};
  static constexpr virgo_param kParams[] = {
      plugin::naming_param(),
      param("include_types", VIRGO_PARAM_LIST, nullptr,
            "File system types to report, and no others; replaces the default selection."),
      param("exclude_types", VIRGO_PARAM_LIST, nullptr,
            "File system types to leave out in any case."),
      param("include_mountpoints", VIRGO_PARAM_LIST, nullptr,
            "Mount points to report, and no others, of whatever type."),
      param("stuck_after", VIRGO_PARAM_DURATION, "1s",
            "A file system that has not answered after this time counts as stuck."),
      plugin::max_series_param("2000"),
      plugin::root_param()};

  static virgo_status load(virgo::sdk::Host) { return plugin::prober::load(); }

  explicit Filesystem(virgo::sdk::Host host) : host_(host) { plugin::prober::open(); }
  ~Filesystem() { plugin::prober::close(); }

  virgo_status configure(virgo::sdk::Config root) {
    filter_.naming = plugin::naming_of(root);
    stuck_after_ns_ = root["stuck_after"].as_duration_ns();
    if (stuck_after_ns_ == 0) root["stuck_after"].reject("must be more than 0");
    if (!cap_.set(root, kSeriesEach)) return VIRGO_ERR_INVALID;
    const std::string_view prefix = root["root"].as_text();
    const bool done = selected_.set_root(prefix) && table_.set_root(prefix) &&
                      filter_.include_types.set(root["include_types"]) &&
                      filter_.exclude_types.set(root["exclude_types"]) &&
                      filter_.include_mountpoints.set(root["include_mountpoints"]);
    return done ? VIRGO_OK : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    if (!table_.read(run)) return VIRGO_ERR_FAILED;
    plugin::Inquiry inquiry;
    const bool prometheus = filter_.naming == Naming::prometheus;
    if (!selected_.choose(table_, filter_) || !selected_.ask(table_, inquiry, !prometheus))
      return VIRGO_ERR_NO_MEMORY;
    const virgo_status status = inquiry.wait(run, stuck_after_ns_);
    if (status == VIRGO_ERR_NO_MEMORY) plugin::explain(run, "no thread to ask the file systems");
    if (status != VIRGO_OK) return status;
    outcome_ = {};
    sum_ = {};
    cap_.begin();
    if (prometheus)
      report_exporter(run, inquiry);
    else
      report(run, inquiry);
    cap_.end(host_, "file systems");
    tell_refused(inquiry.refused());
    return finish(run);
  }
  void cancel(virgo::sdk::Run) noexcept { plugin::prober::wake(); }

 private:
  // Of a file system whose inodes are reported.
  static constexpr uint32_t kSeriesEach = 8;

  struct Failures {
    unsigned count = 0;
    const char* where = "";  // the first one
    int error = 0;
    void add(const char* point, int why = 0) {
      if (count++ > 0) return;
      where = point;
      error = why;
    }
  };
  struct Outcome {
    unsigned reported = 0;
    Failures failed;
    Failures stuck;
  };
  // Of what is beyond the cap.
  struct Sum {
    Space space;
    uint64_t used = 0;
    uint64_t reserved = 0;
    uint64_t inodes_used = 0;
    uint64_t stuck = 0;
    uint64_t errors = 0;
  };
  struct Labels {
    virgo_label list[5];
    uint32_t count;
  };

  static void emit(virgo::sdk::Run run, uint32_t metric, uint64_t value, const Labels& labels) {
    run.emit(metric, value, labels.list, labels.count);
  }
  static void emit(virgo::sdk::Run run, uint32_t metric, uint64_t value, Labels labels,
                   std::string_view state) {
    labels.list[labels.count++] = label("system.filesystem.state", state);
    emit(run, metric, value, labels);
  }
  static Labels overflow() { return {{plugin::SeriesCap::label()}, 1}; }

  // One series set for each file system, whatever it is mounted on.
  void report(virgo::sdk::Run run, const plugin::Inquiry& inquiry) {
    for (uint32_t i = 0; i < selected_.size(); ++i) {
      if (!selected_.is_first(i)) continue;
      const Probe* p = inquiry.answer(selected_.question(i));
      const bool full = p != nullptr && p->found;
      if (p != nullptr && ((!full && p->error == 0) || (full && p->fs.f_blocks == 0))) continue;
      const Mount& m = table_[selected_.mount(i, p == nullptr ? 0 : p->which)];
      note(m, p);
      const bool own = cap_.admit();
      if (own) report_flags(run, m, p == nullptr);
      if (!own && p == nullptr) ++sum_.stuck;
      if (!full) continue;
      const Space space(p->fs);
      if (own)
        report_space(run, space, labels_of(m));
      else
        add_to_sum(space);
    }
    if (!cap_.over()) return;
    report_space(run, sum_.space.size, sum_.used, sum_.space.avail, sum_.reserved, overflow());
    report_inodes(run, sum_.inodes_used, sum_.space.files_free, overflow());
    emit(run, kStuck, sum_.stuck, overflow());
  }
  static Labels labels_of(const Mount& m) {
    return {{label("system.device", m.source), label("system.filesystem.mountpoint", m.point),
             label("system.filesystem.type", m.type),
             label("system.filesystem.mode", m.read_only ? "ro" : "rw")},
            4};
  }
  static void report_flags(virgo::sdk::Run run, const Mount& m, bool stuck) {
    emit(run, kReadOnly, m.read_only ? 1 : 0, labels_of(m));
    emit(run, kStuck, stuck ? 1 : 0, labels_of(m));
  }
  static void report_space(virgo::sdk::Run run, const Space& s, const Labels& labels) {
    report_space(run, s.size, minus(s.size, s.free), s.avail, minus(s.free, s.avail), labels);
    // btrfs and others make inodes as needed
    if (s.files > 0) report_inodes(run, minus(s.files, s.files_free), s.files_free, labels);
  }
  static void report_space(virgo::sdk::Run run, uint64_t size, uint64_t used, uint64_t free,
                           uint64_t reserved, const Labels& labels) {
    emit(run, kUsage, used, labels, "used");
    emit(run, kUsage, free, labels, "free");
    emit(run, kUsage, reserved, labels, "reserved");
    emit(run, kLimit, size, labels);
  }
  static void report_inodes(virgo::sdk::Run run, uint64_t used, uint64_t free,
                            const Labels& labels) {
    emit(run, kInodes, used, labels, "used");
    emit(run, kInodes, free, labels, "free");
  }
  void add_to_sum(const Space& s) {
    sum_.space.add(s);
    sum_.used = plus(sum_.used, minus(s.size, s.free));
    sum_.reserved = plus(sum_.reserved, minus(s.free, s.avail));
    sum_.inodes_used = plus(sum_.inodes_used, minus(s.files, s.files_free));
  }

  // As node_exporter does: each mount, also of a file system mounted before.
  void report_exporter(virgo::sdk::Run run, const plugin::Inquiry& inquiry) {
    for (uint32_t i = 0; i < selected_.size(); ++i) {
      const Mount& m = table_[selected_.mount(i)];
      const Probe* p = inquiry.answer(selected_.question(i));
      note(m, p);
      const bool full = p != nullptr && p->found;
      if (!cap_.admit()) {
        if (full) sum_.space.add(Space(p->fs));
        sum_.errors += full ? 0 : 1;
        continue;
      }
      const Labels labels{
          {label("device", m.source), label("mountpoint", m.point), label("fstype", m.type)}, 3};
      emit(run, kNodeError, full ? 0 : 1, labels);
      if (!full) continue;
      report_exporter_space(run, Space(p->fs), labels);
      emit(run, kNodeReadOnly, m.read_only ? 1 : 0, labels);
    }
    if (!cap_.over()) return;
    report_exporter_space(run, sum_.space, overflow());
    emit(run, kNodeError, sum_.errors, overflow());
  }
  static void report_exporter_space(virgo::sdk::Run run, const Space& s, const Labels& labels) {
    emit(run, kNodeSize, s.size, labels);
    emit(run, kNodeFree, s.free, labels);
    emit(run, kNodeAvail, s.avail, labels);
    emit(run, kNodeFiles, s.files, labels);
    emit(run, kNodeFilesFree, s.files_free, labels);
  }

  void note(const Mount& m, const Probe* p) {
    if (p == nullptr)
      outcome_.stuck.add(m.point);
    else if (!p->found)
      outcome_.failed.add(m.point, p->error);
    else
      ++outcome_.reported;
  }
  void tell_refused(uint32_t refused) {
    if (refused > 0 && !told_) {
      char text[256];
      const int n = snprintf(text, sizeof text,
                             "%u threads (the most there may be) hang in file systems that do not "
                             "answer: %u further network and FUSE file systems are not asked, and "
                             "reported as stuck",
                             plugin::kMostLeftBehind, refused);
      host_.log(VIRGO_LOG_WARN, {text, static_cast<size_t>(n)});
    }
    told_ = refused > 0;
  }
  virgo_status finish(virgo::sdk::Run run) const {
    const Failures& failed = outcome_.failed;
    const Failures& stuck = outcome_.stuck;
    char hung[320] = "";
    if (stuck.count > 0)
      snprintf(hung, sizeof hung, "%u file system%s not answer, the first one at %.200s",
               stuck.count, stuck.count == 1 ? " does" : "s do", stuck.where);
    if (failed.count > 0)
      plugin::explain(run, "%s%s%u file system%s could not be read, the first one at %.100s: %s",
                      hung, stuck.count > 0 ? "; " : "", failed.count, failed.count == 1 ? "" : "s",
                      failed.where, strerror(failed.error));
    else if (stuck.count > 0)
      run.explain(hung);
    // That one is stuck has been measured.
    if (outcome_.reported > 0 || stuck.count > 0) return VIRGO_OK;
    if (failed.count == 0) plugin::explain(run, "no mount in %s is one to report", table_.path());
    return VIRGO_ERR_FAILED;
  }

  virgo::sdk::Host host_;
  plugin::MountTable table_;
  plugin::Filter filter_;
  plugin::Selected selected_;
  plugin::SeriesCap cap_;
  uint64_t stuck_after_ns_ = 0;
  Outcome outcome_;
  Sum sum_;
  bool told_ = false;  // that some are not even asked
};

}  // namespace

VIRGO_CXX_MODULE("io.virgo.filesystem", "0.2.0", Filesystem, AgentFilesystem, AgentFilesystemState);
