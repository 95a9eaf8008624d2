// virgo.uptime: how long the host has been up, from /proc/uptime, and when it was booted,
// from /proc/stat.
#include "uptime.hpp"

#include <shared/naming.hpp>
#include <shared/proc_file.hpp>

namespace {

using virgo::sdk::gauge;

class Uptime {
 public:
  static constexpr const char* kName = "virgo.uptime";
  static constexpr const char* kSummary = "How long the host has been up, and since when.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  enum Metric : uint32_t { kUptime, kBootTime, kNodeBootTime };
  static constexpr virgo_metric kMetrics[] = {
      gauge("system.uptime", "s", "Time since the host was booted."),
      gauge("virgo.boot.time", "s", "When the host was booted, in seconds since 1970."),
      gauge("node_boot_time_seconds", "s", "When the host was booted, in seconds since 1970.")};
  static constexpr virgo_param kParams[] = {plugin::naming_param(), plugin::root_param()};

  explicit Uptime(virgo::sdk::Host) {}

  virgo_status configure(virgo::sdk::Config root) {
    naming_ = plugin::naming_of(root);
    const std::string_view prefix = root["root"].as_text();
    return uptime_.set_path(prefix, "/proc/uptime") && stat_.set_path(prefix, "/proc/stat")
               ? VIRGO_OK
               : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    return naming_ == plugin::Naming::prometheus ? report_boot_time(run) : report(run);
  }

 private:
  // The time of boot is an extra: a host that hides it still has an uptime.
  virgo_status report(virgo::sdk::Run run) {
    size_t length = 0;
    const char* text = uptime_.read(run, &length);
    if (text == nullptr) return VIRGO_ERR_FAILED;
    double seconds = 0;
    if (!plugin::uptime_of({text, length}, &seconds)) {
      plugin::explain(run, "%s has no whole number of seconds", uptime_.path());
      return VIRGO_ERR_FAILED;
    }
    run.emit(kUptime, seconds);
    uint64_t boot = 0;
    const char* stat = stat_.try_read(&length);
    if (stat != nullptr && plugin::boot_time_of({stat, length}, &boot))
      run.emit(kBootTime, static_cast<double>(boot));
    return VIRGO_OK;
  }

  // All that node_exporter has.
  virgo_status report_boot_time(virgo::sdk::Run run) {
    size_t length = 0;
    const char* stat = stat_.read(run, &length);
    if (stat == nullptr) return VIRGO_ERR_FAILED;
    uint64_t boot = 0;
    if (!plugin::boot_time_of({stat, length}, &boot)) {
      plugin::explain(run, "%s has no whole btime", stat_.path());
      return VIRGO_ERR_FAILED;
    }
    run.emit(kNodeBootTime, static_cast<double>(boot));
    return VIRGO_OK;
  }

  plugin::ProcFile uptime_;
  plugin::ProcFile stat_;
  plugin::Naming naming_ = plugin::Naming::otel;
};

}  // namespace

VIRGO_CXX_MODULE("io.virgo.uptime", "0.2.0", Uptime);
