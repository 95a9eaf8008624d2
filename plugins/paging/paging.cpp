// virgo.paging: swap space, page faults, and pages read and written, from /proc/swaps and
// /proc/vmstat.
#include <memory/meminfo.hpp>
#include <shared/naming.hpp>
#include <shared/proc_file.hpp>
#include <shared/wrapping.hpp>

#include "oom.hpp"
#include "swaps.hpp"
#include "vmstat.hpp"

namespace {

using virgo::sdk::counter;
using virgo::sdk::label;

class Paging {
 public:
  static constexpr const char* kName = "virgo.paging";
  static constexpr const char* kSummary = "Swap space in use, page faults, pages in and out.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  enum Metric : uint32_t { kUsage, kFaultCount, kOperations };
  static constexpr virgo_metric kMetrics[] = {
      virgo::sdk::gauge("system.paging.usage", "By", "Swap space by state, of each swap device.",
                        VIRGO_U64),
      counter("system.paging.faults", "{fault}",
              "Page faults: major ones had to wait for a disk, minor ones had not."),
      counter("system.paging.operations", "{operation}",
              "Major: pages read from and written to swap. Minor: KiB read from and written to "
              "all disks.")};
  static constexpr virgo_param kParams[] = {plugin::naming_param(), plugin::root_param()};

  explicit Paging(virgo::sdk::Host) {}

  virgo_status configure(virgo::sdk::Config root) {
    naming_ = plugin::naming_of(root);
    const std::string_view prefix = root["root"].as_text();
    return vmstat_.set_path(prefix, "/proc/vmstat") && swaps_.set_path(prefix, "/proc/swaps") &&
                   meminfo_.set_path(prefix, "/proc/meminfo")
               ? VIRGO_OK
               : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    size_t length = 0;
    const char* text = vmstat_.read(run, &length);
    if (text == nullptr) return VIRGO_ERR_FAILED;
    if (naming_ == plugin::Naming::prometheus) {
      if (report_lines(run, {text, length})) return VIRGO_OK;
    } else {
      const plugin::Vmstat v({text, length});
      report_swap(run);
      report_faults(run, v);
      report_operations(run, v);
      if (v.any) return VIRGO_OK;
    }
    plugin::explain(run, "%s has no whole line about paging", vmstat_.path());
    return VIRGO_ERR_FAILED;
  }

 private:
  // A kernel without swap has no /proc/swaps, and a container may hide it.
  void report_swap(virgo::sdk::Run run) {
    size_t length = 0;
    char* text = swaps_.try_read(&length);
    if (text == nullptr || length == 0) return report_meminfo(run);
    plugin::Swaps swaps(text, length);
    plugin::Swap swap;
    while (swaps.next(&swap)) {
      const virgo_label device = label("system.device", swap.device);
      run.emit(kUsage, swap.used, {device, label("system.paging.state", "used")});
      run.emit(kUsage, plugin::minus(swap.size, swap.used),
               {device, label("system.paging.state", "free")});
    }
  }
  void report_meminfo(virgo::sdk::Run run) {
    size_t length = 0;
    const char* text = meminfo_.try_read(&length);
    if (text == nullptr) return;
    const plugin::Meminfo m({text, length});
    const uint64_t total = m.bytes[plugin::kSwapTotal];
    const uint64_t free = m.bytes[plugin::kSwapFree];
    if (total == 0 || !m.present[plugin::kSwapFree]) return;
    run.emit(kUsage, plugin::minus(total, free), {label("system.paging.state", "used")});
    run.emit(kUsage, free, {label("system.paging.state", "free")});
  }

  // pgfault counts the major ones too. The kernel adds the two up one after the other, so
  // that their difference may go back; it is held then, as a counter that goes back passes
  // for one that began anew.
  void report_faults(virgo::sdk::Run run, const plugin::Vmstat& v) {
    if (!v.present[plugin::kFaults] || !v.present[plugin::kMajorFaults]) return;
    const uint64_t all = total(plugin::kFaults, v);
    const uint64_t major = total(plugin::kMajorFaults, v);
    const uint64_t minor = plugin::minus(all, major);
    if (minor > minor_faults_ || all < faults_) minor_faults_ = minor;
    faults_ = all;
    run.emit(kFaultCount, major, {label("system.paging.fault.type", "major")});
    run.emit(kFaultCount, minor_faults_, {label("system.paging.fault.type", "minor")});
  }

  void report_operations(virgo::sdk::Run run, const plugin::Vmstat& v) {
    const auto emit = [&](plugin::VmstatField field, std::string_view type,
                          std::string_view direction) {
      if (v.present[field])
        run.emit(
            kOperations, total(field, v),
            {label("system.paging.fault.type", type), label("system.paging.direction", direction)});
    };
    emit(plugin::kSwappedIn, "major", "in");
    emit(plugin::kSwappedOut, "major", "out");
    emit(plugin::kPagedIn, "minor", "in");
    emit(plugin::kPagedOut, "minor", "out");
  }

  // Kernels of 32 bits count in 32.
  uint64_t total(plugin::VmstatField field, const plugin::Vmstat& v) {
    return totals_[field].next(v.value[field]);
  }

  static bool report_lines(virgo::sdk::Run run, std::string_view text) {
    bool any = false;
    plugin::VmstatLine line;
    while (plugin::next_vmstat(text, &line)) {
      constexpr std::string_view kPrefix = "node_vmstat_";
      char name[96];
      if (!plugin::is_paging(line.name) || kPrefix.size() + line.name.size() > sizeof name)
        continue;
      memcpy(name, kPrefix.data(), kPrefix.size());
      memcpy(name + kPrefix.size(), line.name.data(), line.name.size());
      run.emit_undeclared({name, kPrefix.size() + line.name.size()}, "", VIRGO_COUNTER, line.value);
      any = true;
    }
    return any;
  }

  plugin::ProcFile vmstat_;
  plugin::ProcFile swaps_;
  plugin::ProcFile meminfo_;
  plugin::Wrapping32 totals_[plugin::kVmstatFields];
  uint64_t faults_ = 0;
  uint64_t minor_faults_ = 0;
  plugin::Naming naming_ = plugin::Naming::otel;
};

}  // namespace

VIRGO_CXX_MODULE("io.virgo.paging", "0.1.0", Paging, plugin::Oom);
