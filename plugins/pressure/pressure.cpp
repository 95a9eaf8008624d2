// virgo.pressure: how long programs waited for processors, memory and disks, from
// /proc/pressure.
#include <shared/naming.hpp>
#include <shared/proc_file.hpp>

#include "psi.hpp"

namespace {

using plugin::PsiLine;
using virgo::sdk::label;

enum Resource { kCpu, kMemory, kIo, kIrq, kResources };
constexpr std::string_view kResourceNames[] = {"cpu", "memory", "io", "irq"};
constexpr std::string_view kPaths[] = {"/proc/pressure/cpu", "/proc/pressure/memory",
                                       "/proc/pressure/io", "/proc/pressure/irq"};
constexpr std::string_view kWindows[] = {"10s", "60s", "300s"};

constexpr virgo_metric node(const char* name, const char* help) {
  return virgo::sdk::counter(name, "s", help, VIRGO_F64);
}

class Pressure {
 public:
  static constexpr const char* kName = "virgo.pressure";
  static constexpr const char* kSummary = "Time that programs lost waiting for a resource.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  enum Metric : uint32_t {
    kTime,
    kShare,
    kNodeCpuWaiting,
    kNodeMemoryWaiting,
    kNodeMemoryStalled,
    kNodeIoWaiting,
    kNodeIoStalled,
    kNodeIrqStalled,
    kNone
  };
  static constexpr virgo_metric kMetrics[] = {
      virgo::sdk::counter("virgo.pressure.time", "s",
                          "Time during which some program, or all of them, waited.", VIRGO_F64),
      virgo::sdk::gauge("virgo.pressure.share", "1",
                        "Share of that time in the last 10, 60 and 300 s."),
      node("node_pressure_cpu_waiting_seconds_total",
           "Naming prometheus: time some program waited for a processor."),
      node("node_pressure_memory_waiting_seconds_total",
           "Naming prometheus: time some program waited for memory."),
      node("node_pressure_memory_stalled_seconds_total",
           "Naming prometheus: time all programs waited for memory."),
      node("node_pressure_io_waiting_seconds_total",
           "Naming prometheus: time some program waited for a disk."),
      node("node_pressure_io_stalled_seconds_total",
           "Naming prometheus: time all programs waited for a disk."),
      node("node_pressure_irq_stalled_seconds_total",
           "Naming prometheus: time all programs waited for interrupts to be handled.")};
  static constexpr virgo_param kParams[] = {plugin::naming_param(), plugin::root_param()};

  explicit Pressure(virgo::sdk::Host) {}

  virgo_status configure(virgo::sdk::Config root) {
    naming_ = plugin::naming_of(root);
    for (unsigned i = 0; i < kResources; ++i)
      if (!files_[i].set_path(root["root"].as_text(), kPaths[i])) return VIRGO_ERR_NO_MEMORY;
    return VIRGO_OK;
  }

  virgo_status collect(virgo::sdk::Run run) {
    virgo_status status = VIRGO_ERR_UNSUPPORTED;
    for (unsigned i = 0; i < kResources; ++i) {
      const virgo_status one = report(run, static_cast<Resource>(i));
      if (one == VIRGO_ERR_UNSUPPORTED) continue;  // irq needs a kernel with 6.1 or later
      if (status != VIRGO_ERR_FAILED) status = one;
    }
    if (status == VIRGO_ERR_UNSUPPORTED)
      plugin::explain(run,
                      "%s cannot be read: this kernel does not measure pressure; it was built "
                      "without CONFIG_PSI (since Linux 4.20), or has it switched off until it is "
                      "booted with psi=1",
                      files_[kCpu].path());
    return status;
  }

 private:
  virgo_status report(virgo::sdk::Run run, Resource resource) {
    plugin::ProcFile& file = files_[resource];
    size_t length = 0;
    const char* text = file.try_read(&length);
    if (text == nullptr) {
      if (errno == ENOENT || errno == EOPNOTSUPP) return VIRGO_ERR_UNSUPPORTED;
      plugin::explain(run, "%s: %s", file.path(), strerror(errno));
      return VIRGO_ERR_FAILED;
    }
    std::string_view rest(text, length);
    PsiLine line;
    bool any = false;
    while (plugin::next_psi(rest, &line)) {
      any = true;
      if (naming_ == plugin::Naming::prometheus)
        report_node(run, resource, line);
      else
        report_line(run, resource, line);
    }
    if (any) return VIRGO_OK;
    plugin::explain(run, "%s has no whole line with a total", file.path());
    return VIRGO_ERR_FAILED;
  }

  // Of all processors together "full" means nothing: the kernel says 0, ever.
  static bool meaningless(Resource resource, const PsiLine& line) {
    return resource == kCpu && line.stall == "full";
  }

  static void report_line(virgo::sdk::Run run, Resource resource, const PsiLine& line) {
    if (meaningless(resource, line)) return;
    const virgo_label of = label("virgo.pressure.resource", kResourceNames[resource]);
    const virgo_label stall = label("virgo.pressure.stall", line.stall);
    run.emit(kTime, seconds(line), {of, stall});
    for (unsigned i = 0; i < plugin::kPsiWindows; ++i)
      if (line.has_share[i])
        run.emit(kShare, line.share[i], {of, stall, label("virgo.pressure.window", kWindows[i])});
  }

  static void report_node(virgo::sdk::Run run, Resource resource, const PsiLine& line) {
    constexpr Metric kNames[kResources][2] = {{kNodeCpuWaiting, kNone},
                                              {kNodeMemoryWaiting, kNodeMemoryStalled},
                                              {kNodeIoWaiting, kNodeIoStalled},
                                              {kNone, kNodeIrqStalled}};
    const Metric metric = kNames[resource][line.stall == "full" ? 1 : 0];
    if (metric != kNone) run.emit(metric, seconds(line));
  }

  static double seconds(const PsiLine& line) { return static_cast<double>(line.total_us) / 1e6; }

  plugin::ProcFile files_[kResources];
  plugin::Naming naming_ = plugin::Naming::otel;
};

}  // namespace

VIRGO_CXX_MODULE("io.virgo.pressure", "0.1.0", Pressure);
