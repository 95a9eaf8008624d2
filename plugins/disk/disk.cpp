// virgo.disk: what the disks have read and written, from /proc/diskstats; and agent.disk,
// the same in the words of the Rackspace agent.
#include <shared/series_cap.hpp>

#include "agent.hpp"
#include "block_sysfs.hpp"
#include "disk_filter.hpp"
#include "udev_data.hpp"

namespace {

using plugin::DiskField;
using plugin::DiskLine;
using plugin::Naming;
using plugin::plus;
using plugin::times;
using plugin::UdevData;
using virgo::sdk::counter;
using virgo::sdk::gauge;
using virgo::sdk::label;

constexpr const char* kDiskstatsPath = "/proc/diskstats";

class Disk {
 public:
  static constexpr const char* kName = "virgo.disk";
  static constexpr const char* kSummary = "Reads and writes of the disks, and their time.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  enum Metric : uint32_t {
    kIo,
    kOperations,
    kOperationTime,
    kMerged,
    kIoTime,
    kWeightedTime,
    kPending,
    kLimit,
    kNodeInfo,
    kNodeFilesystemInfo,
    kNodeMapperInfo,
    kNodeAtaCache,
    kNodeAtaCacheEnabled,
    kNodeAtaRotation,
    kNodeStats  // and 16 more, in the order of DiskField
  };
  static constexpr virgo_metric kMetrics[] = {
      counter("system.disk.io", "By", "Bytes read and written."),
      counter("system.disk.operations", "{operation}", "Reads and writes done."),
      counter("system.disk.operation_time", "s", "Time they took, each counted.", VIRGO_F64),
      counter("system.disk.merged", "{operation}", "Those that became part of another one."),
      counter("system.disk.io_time", "s", "Time during which the disk was busy.", VIRGO_F64),
      counter("system.disk.weighted_io_time", "s",
              "Time it was busy, times the operations there were.", VIRGO_F64),
      gauge("system.disk.pending_operations", "{operation}", "Operations in progress.", VIRGO_U64),
      gauge("system.disk.limit", "By", "Size of the disk.", VIRGO_U64),
      gauge("node_disk_info", "1", "1; the labels say what udev knows of the disk.", VIRGO_U64),
      gauge("node_disk_filesystem_info", "1", "1; the labels say what is on the disk.", VIRGO_U64),
      gauge("node_disk_device_mapper_info", "1",
            "1; the labels say what the device mapper calls it.", VIRGO_U64),
      gauge("node_disk_ata_write_cache", "1", "1 if it has a write cache.", VIRGO_F64),
      gauge("node_disk_ata_write_cache_enabled", "1", "1 if its write cache is in use.", VIRGO_F64),
      gauge("node_disk_ata_rotation_rate_rpm", "1", "Turns a minute, 0 of what does not turn.",
            VIRGO_F64),
      counter("node_disk_reads_completed_total", "{operation}", "Reads done."),
      counter("node_disk_reads_merged_total", "{operation}", "Reads that became part of others."),
      counter("node_disk_read_bytes_total", "By", "Bytes read."),
      counter("node_disk_read_time_seconds_total", "s", "Time the reads took.", VIRGO_F64),
      counter("node_disk_writes_completed_total", "{operation}", "Writes done."),
      counter("node_disk_writes_merged_total", "{operation}", "Writes that became part of others."),
      counter("node_disk_written_bytes_total", "By", "Bytes written."),
      counter("node_disk_write_time_seconds_total", "s", "Time the writes took.", VIRGO_F64),
      gauge("node_disk_io_now", "{operation}", "Operations in progress.", VIRGO_U64),
      counter("node_disk_io_time_seconds_total", "s", "Time during which the disk was busy.",
              VIRGO_F64),
      counter("node_disk_io_time_weighted_seconds_total", "s",
              "Time it was busy, times the operations there were.", VIRGO_F64),
      counter("node_disk_discards_completed_total", "{operation}", "Discards done."),
      counter("node_disk_discards_merged_total", "{operation}",
              "Discards that became part of others."),
      counter("node_disk_discarded_sectors_total", "{sector}", "Sectors discarded."),
      counter("node_disk_discard_time_seconds_total", "s", "Time the discards took.", VIRGO_F64),
      counter("node_disk_flush_requests_total", "{operation}", "Flushes done."),
      counter("node_disk_flush_requests_time_seconds_total", "s", "Time the flushes took.",
              VIRGO_F64)};
  static constexpr virgo_param kParams[] = {
      plugin::naming_param(),
      virgo::sdk::param("include", VIRGO_PARAM_LIST, nullptr,
                        "Names of the devices to report, and no others; * and ? as in a shell."),
      virgo::sdk::param("exclude", VIRGO_PARAM_LIST, nullptr,
                        "Names of devices to leave out; * and ? as in a shell. Without it and "
                        "include: loop, ram, zram, sr and fd devices."),
      virgo::sdk::param("partitions", VIRGO_PARAM_BOOL, "false",
                        "Report partitions beside whole disks."),
      plugin::max_series_param("2000"),
      plugin::root_param()};

  explicit Disk(virgo::sdk::Host host) : host_(host) {}
  ~Disk() { free(udev_text_); }

  virgo_status configure(virgo::sdk::Config root) {
    const std::string_view prefix = root["root"].as_text();
    const bool done = filter_.set(root) && file_.set_path(prefix, kDiskstatsPath) &&
                      sysfs_.set_root(prefix) && udev_folder_.set(prefix, "/run/udev/data/b");
    if (!cap_.set(root, filter_.naming == Naming::otel ? kSeriesEach : kNodeSeriesEach))
      return VIRGO_ERR_INVALID;
    return done ? VIRGO_OK : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    size_t length = 0;
    const char* text = file_.try_read(&length);
    if (text == nullptr && errno == ENOENT) {
      plugin::explain(run,
                      "%s is not there: the kernel was built without block devices, or /proc "
                      "is not mounted",
                      file_.path());
      return VIRGO_ERR_UNSUPPORTED;
    }
    if (text == nullptr) {
      plugin::explain(run, "%s: %s", file_.path(), strerror(errno));
      return VIRGO_ERR_FAILED;
    }
    sum_ = {};
    limit_sum_ = 0;
    cap_.begin();
    states_.begin();
    sysfs_.begin();
    const Lines lines = report_lines(run, {text, length});
    states_.end();
    cap_.end(host_, "disks");
    if (cap_.over()) report_sum(run);
    if (lines.reported > 0) return VIRGO_OK;
    if (lines.seen > 0 || length == 0) {
      plugin::explain(run, "no disk in %s is one to report", file_.path());
      return VIRGO_OK;
    }
    plugin::explain(run, "%s has no line that can be understood", file_.path());
    return VIRGO_ERR_FAILED;
  }

 private:
  static constexpr uint32_t kSeriesEach = 12;
  static constexpr uint32_t kNodeSeriesEach = 23;

  struct Lines {
    uint32_t seen = 0;
    uint32_t reported = 0;
  };

  Lines report_lines(virgo::sdk::Run run, std::string_view rest) {
    Lines lines;
    std::string_view line;
    DiskLine d;
    while (plugin::take_line(rest, &line)) {
      if (!plugin::parse_diskstats(line, &d)) continue;
      ++lines.seen;
      char name[plugin::DiskState::kLongestName + 1];
      if (d.name.size() >= sizeof name) continue;
      memcpy(name, d.name.data(), d.name.size());
      name[d.name.size()] = '\0';
      if (!filter_.wants(name)) continue;
      bool is_new = false;
      plugin::DiskState* state = states_.of(d, &is_new);
      if (state == nullptr) continue;
      if (is_new) state->partition = is_partition(d.name);
      if (!filter_.wants_partition(name, state->partition)) continue;
      plugin::DiskStates::unwrap(*state, d);
      ++lines.reported;
      report_one(run, d);
    }
    return lines;
  }
  bool is_partition(std::string_view name) const {
    return sysfs_.knows_kinds() ? !sysfs_.is_whole_disk(name) : plugin::looks_like_partition(name);
  }

  void report_one(virgo::sdk::Run run, const DiskLine& d) {
    uint64_t sectors = 0;
    const bool sized = filter_.naming == Naming::otel && sysfs_.size(d.name, &sectors);
    if (!cap_.admit()) return add_to_sum(d, times(sectors, plugin::kSectorSize));
    if (filter_.naming == Naming::otel) {
      const virgo_label device = label("system.device", d.name);
      report(run, d, device);
      if (sized) run.emit(kLimit, times(sectors, plugin::kSectorSize), {device});
      return;
    }
    report_exporter(run, d, label("device", d.name));
    report_info(run, d);
  }

  // ---- Names of the conventions ----

  static void report(virgo::sdk::Run run, const DiskLine& d, const virgo_label& device) {
    const virgo_label read = label("disk.io.direction", "read");
    const virgo_label write = label("disk.io.direction", "write");
    const auto emit = [&](Metric metric, DiskField field, const virgo_label& direction,
                          uint64_t factor = 1) {
      if (d.present[field]) run.emit(metric, times(d.values[field], factor), {device, direction});
    };
    emit(kIo, plugin::kReadSectors, read, plugin::kSectorSize);
    emit(kIo, plugin::kWrittenSectors, write, plugin::kSectorSize);
    emit(kOperations, plugin::kReads, read);
    emit(kOperations, plugin::kWrites, write);
    if (!d.present[plugin::kIoMs]) return;  // a partition of Linux 2.6
    run.emit(kOperationTime, seconds(d, plugin::kReadMs), {device, read});
    run.emit(kOperationTime, seconds(d, plugin::kWriteMs), {device, write});
    emit(kMerged, plugin::kReadsMerged, read);
    emit(kMerged, plugin::kWritesMerged, write);
    run.emit(kIoTime, seconds(d, plugin::kIoMs), {device});
    run.emit(kWeightedTime, seconds(d, plugin::kWeightedMs), {device});
    run.emit(kPending, in_flight(d.values[plugin::kInFlight]), {device});
  }
  static double seconds(const DiskLine& d, DiskField field) {
    return static_cast<double>(d.values[field]) / 1000;
  }
  // Old kernels count from several sides without a lock, and below zero at times.
  static uint64_t in_flight(uint64_t n) { return n > INT32_MAX ? 0 : n; }

  void add_to_sum(const DiskLine& d, uint64_t bytes) {
    limit_sum_ = plus(limit_sum_, bytes);
    for (unsigned i = 0; i < plugin::kDiskFields; ++i) {
      const uint64_t value = i == plugin::kInFlight ? in_flight(d.values[i]) : d.values[i];
      sum_.values[i] = plus(sum_.values[i], value);
      sum_.present[i] = sum_.present[i] || d.present[i];
    }
  }
  void report_sum(virgo::sdk::Run run) {
    if (filter_.naming == Naming::prometheus)
      return report_exporter(run, sum_, plugin::SeriesCap::label());
    report(run, sum_, plugin::SeriesCap::label());
    if (limit_sum_ > 0) run.emit(kLimit, limit_sum_, {plugin::SeriesCap::label()});
  }

  // ---- node_exporter's names ----

  static void report_exporter(virgo::sdk::Run run, const DiskLine& d, const virgo_label& device) {
    for (unsigned i = 0; i < plugin::kDiskFields; ++i) {
      if (!d.present[i]) continue;
      const uint32_t metric = kNodeStats + i;
      if (kMetrics[metric].type == VIRGO_F64)
        run.emit(metric, seconds(d, static_cast<DiskField>(i)), {device});
      else if (i == plugin::kReadSectors || i == plugin::kWrittenSectors)
        run.emit(metric, times(d.values[i], plugin::kSectorSize), {device});
      else
        run.emit(metric, d.values[i], {device});
    }
  }

  void report_info(virgo::sdk::Run run, const DiskLine& d) {
    char number[2][24];
    snprintf(number[0], sizeof number[0], "%llu", static_cast<unsigned long long>(d.major));
    snprintf(number[1], sizeof number[1], "%llu", static_cast<unsigned long long>(d.minor));
    const UdevData u = read_udev(number[0], number[1]);
    const virgo_label device = label("device", d.name);
    run.emit(kNodeInfo, uint64_t{1},
             {device, label("major", number[0]), label("minor", number[1]),
              label("path", u[plugin::kUdevPath]), label("wwn", u[plugin::kUdevWwn]),
              label("model", u[plugin::kUdevModel]), label("serial", u[plugin::kUdevSerial]),
              label("revision", u[plugin::kUdevRevision])});
    if (!u[plugin::kUdevFsType].empty())
      run.emit(
          kNodeFilesystemInfo, uint64_t{1},
          {device, label("type", u[plugin::kUdevFsType]), label("usage", u[plugin::kUdevFsUsage]),
           label("uuid", u[plugin::kUdevFsUuid]), label("version", u[plugin::kUdevFsVersion])});
    if (!u[plugin::kUdevDmName].empty())
      run.emit(
          kNodeMapperInfo, uint64_t{1},
          {device, label("name", u[plugin::kUdevDmName]), label("uuid", u[plugin::kUdevDmUuid]),
           label("vg_name", u[plugin::kUdevDmVgName]), label("lv_name", u[plugin::kUdevDmLvName]),
           label("lv_layer", u[plugin::kUdevDmLvLayer])});
    if (u[plugin::kUdevAta].empty()) return;
    const auto ata = [&](Metric metric, plugin::UdevProperty p) {
      double value = 0;
      if (plugin::to_f64(u[p], &value)) run.emit(metric, value, {device});
    };
    ata(kNodeAtaCache, plugin::kUdevAtaWriteCache);
    ata(kNodeAtaCacheEnabled, plugin::kUdevAtaWriteCacheEnabled);
    ata(kNodeAtaRotation, plugin::kUdevAtaRotationRate);
  }
  // Empty where there is no udev.
  UdevData read_udev(const char* major, const char* minor) {
    char path[512];
    const int n = snprintf(path, sizeof path, "%s%s:%s", udev_folder_.c_str(), major, minor);
    if (n < 0 || static_cast<size_t>(n) >= sizeof path) return {};
    if (udev_text_ == nullptr) udev_text_ = static_cast<char*>(malloc(kUdevMost));
    const int fd = udev_text_ == nullptr ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return {};
    const ssize_t length = read(fd, udev_text_, kUdevMost);
    close(fd);
    return length > 0 ? UdevData({udev_text_, static_cast<size_t>(length)}) : UdevData();
  }
  static constexpr size_t kUdevMost = 16u << 10;

  virgo::sdk::Host host_;
  plugin::ProcFile file_;
  plugin::BlockSysfs sysfs_;
  plugin::DiskFilter filter_;
  plugin::DiskStates states_;
  plugin::SeriesCap cap_;
  plugin::Text udev_folder_;
  char* udev_text_ = nullptr;
  DiskLine sum_ = {};
  uint64_t limit_sum_ = 0;
};

}  // namespace

VIRGO_CXX_MODULE("io.virgo.disk", "0.2.0", Disk, AgentDisk);
