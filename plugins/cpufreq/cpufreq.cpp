// virgo.cpufreq: how fast the processors run, and how often they were slowed down as they
// were too hot, from /sys/devices/system/cpu.
#include <shared/naming.hpp>
#include <shared/proc_file.hpp>

#include "cpus.hpp"

namespace {

using plugin::CpuId;
using virgo::sdk::counter;
using virgo::sdk::gauge;
using virgo::sdk::label;

constexpr const char* kCoreThrottles = "thermal_throttle/core_throttle_count";
constexpr const char* kPackageThrottles = "thermal_throttle/package_throttle_count";

// A number as the text of a label.
class Number {
 public:
  explicit Number(uint64_t number) {
    size_ = static_cast<size_t>(
        snprintf(text_, sizeof text_, "%llu", static_cast<unsigned long long>(number)));
  }
  std::string_view view() const { return {text_, size_}; }

 private:
  char text_[24];
  size_t size_;
};

class Cpufreq {
 public:
  static constexpr const char* kName = "virgo.cpufreq";
  static constexpr const char* kSummary = "The processors' frequencies, and throttling by heat.";
  // Some drivers measure for milliseconds before they answer.
  static constexpr uint32_t kThread = VIRGO_ON_WORKER;
  enum Metric : uint32_t {
    kFrequency,
    kThrottles,
    kNodeScaling,
    kNodeScalingMin,
    kNodeScalingMax,
    kNodeHardware,
    kNodeHardwareMin,
    kNodeHardwareMax,
    kNodeCoreThrottles,
    kNodePackageThrottles
  };
  static constexpr virgo_metric kMetrics[] = {
      gauge("system.cpu.frequency", "Hz", "The frequency a processor runs at.", VIRGO_U64),
      counter("virgo.cpu.throttles", "{event}",
              "How often a package, or a core of it, was slowed down as it was too hot."),
      gauge("node_cpu_scaling_frequency_hertz", "Hz", "The frequency a processor runs at.",
            VIRGO_U64),
      gauge("node_cpu_scaling_frequency_min_hertz", "Hz", "The lowest one it may be given.",
            VIRGO_U64),
      gauge("node_cpu_scaling_frequency_max_hertz", "Hz", "The highest one it may be given.",
            VIRGO_U64),
      gauge("node_cpu_frequency_hertz", "Hz", "The frequency as the hardware tells it.", VIRGO_U64),
      gauge("node_cpu_frequency_min_hertz", "Hz", "The lowest one the hardware can do.", VIRGO_U64),
      gauge("node_cpu_frequency_max_hertz", "Hz", "The highest one the hardware can do.",
            VIRGO_U64),
      counter("node_cpu_core_throttles_total", "",
              "How often a core was slowed down as it was too hot."),
      counter("node_cpu_package_throttles_total", "",
              "How often a package was slowed down as it was too hot.")};
  static constexpr virgo_param kParams[] = {plugin::naming_param(), plugin::root_param()};

  explicit Cpufreq(virgo::sdk::Host) {}

  virgo_status configure(virgo::sdk::Config root) {
    node_ = plugin::naming_of(root) == plugin::Naming::prometheus;
    return path_.set(root["root"].as_text(), "/sys/devices/system/cpu") ? VIRGO_OK
                                                                        : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    if (!cpus_.open(path_.c_str())) {
      const bool absent = errno == ENOENT;
      plugin::explain(run, "%s: %s", path_.c_str(), strerror(errno));
      return absent ? VIRGO_ERR_UNSUPPORTED : VIRGO_ERR_FAILED;
    }
    bool any = false;
    for (const CpuId& cpu : cpus_) any |= node_ ? report_node(run, cpu) : report(run, cpu);
    cpus_.sort_by_core();
    any |= report_throttles(run);
    cpus_.shut();
    if (any) return VIRGO_OK;
    plugin::explain(run,
                    "%s has neither frequencies nor throttling: the kernel has no driver for it, "
                    "as in most virtual machines",
                    path_.c_str());
    return VIRGO_ERR_UNSUPPORTED;
  }

 private:
  bool report(virgo::sdk::Run run, const CpuId& cpu) const {
    uint64_t khz = 0;
    if (!cpus_.read(cpu, "cpufreq/scaling_cur_freq", &khz)) return false;
    run.emit(kFrequency, plugin::times(khz, 1000),
             {label("cpu.logical_number", Number(cpu.number).view())});
    return true;
  }

  bool report_node(virgo::sdk::Run run, const CpuId& cpu) const {
    constexpr const char* kFiles[] = {"cpufreq/scaling_cur_freq", "cpufreq/scaling_min_freq",
                                      "cpufreq/scaling_max_freq", "cpufreq/cpuinfo_cur_freq",
                                      "cpufreq/cpuinfo_min_freq", "cpufreq/cpuinfo_max_freq"};
    const Number number(cpu.number);
    bool any = false;
    for (uint32_t i = 0; i < sizeof kFiles / sizeof *kFiles; ++i) {
      uint64_t khz = 0;
      if (!cpus_.read(cpu, kFiles[i], &khz)) continue;
      run.emit(kNodeScaling + i, plugin::times(khz, 1000), {label("cpu", number.view())});
      any = true;
    }
    return any;
  }

  // The processors of a core count the same events: its first one speaks for it, and the
  // first one of a package for that.
  bool report_throttles(virgo::sdk::Run run) const {
    bool any = false;
    uint64_t cores = 0;
    bool has_cores = false;
    const CpuId* last = nullptr;
    for (const CpuId& cpu : cpus_) {
      if (!cpu.has_core) continue;
      const bool first_of_package = last == nullptr || last->package != cpu.package;
      const bool first_of_core = first_of_package || last->core != cpu.core;
      if (first_of_package) {
        if (has_cores) report_throttle(run, *last, "core", cores);
        has_cores = false;
        cores = 0;
        any |= report_package(run, cpu);
      }
      last = &cpu;
      uint64_t count = 0;
      if (!first_of_core || !cpus_.read(cpu, kCoreThrottles, &count)) continue;
      any = true;
      has_cores = !node_;
      cores = plugin::plus(cores, count);
      if (node_)
        run.emit(
            kNodeCoreThrottles, count,
            {label("core", Number(cpu.core).view()), label("package", Number(cpu.package).view())});
    }
    if (has_cores) report_throttle(run, *last, "core", cores);
    return any;
  }

  bool report_package(virgo::sdk::Run run, const CpuId& cpu) const {
    uint64_t count = 0;
    if (!cpus_.read(cpu, kPackageThrottles, &count)) return false;
    if (node_)
      run.emit(kNodePackageThrottles, count, {label("package", Number(cpu.package).view())});
    else
      report_throttle(run, cpu, "package", count);
    return true;
  }

  static void report_throttle(virgo::sdk::Run run, const CpuId& cpu, std::string_view scope,
                              uint64_t count) {
    run.emit(kThrottles, count,
             {label("virgo.cpu.throttle.scope", scope),
              label("virgo.cpu.package", Number(cpu.package).view())});
  }

  plugin::Text path_;
  plugin::Cpus cpus_;
  bool node_ = false;
};

}  // namespace

VIRGO_CXX_MODULE("io.virgo.cpufreq", "0.2.0", Cpufreq);
