// virgo.time: whether the system's clock is right, as the kernel knows it from whoever
// keeps it (chrony, ntpd, systemd-timesyncd). Nothing is ever set.
#include <time.h>
#include <shared/naming.hpp>
#include <shared/proc_file.hpp>

#include "clock.hpp"

namespace {

using plugin::Clock;
using virgo::sdk::counter;
using virgo::sdk::gauge;
using virgo::sdk::label;

// A reading of a counter of the kernel, which is a long.
uint64_t count(long n) {
  return n > 0 ? static_cast<uint64_t>(n) : 0;
}

class Time {
 public:
  static constexpr const char* kName = "virgo.time";
  static constexpr const char* kSummary = "Whether the clock is synchronized, and how wrong it is.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  enum Metric : uint32_t {
    kSynchronized,
    kOffset,
    kEstimatedError,
    kMaximumError,
    kFrequency,
    kStatus,
    kTai,
    kNodeSync,
    kNodeOffset,
    kNodeEstimatedError,
    kNodeMaximumError,
    kNodeFrequency,
    kNodeStatus,
    kNodeTai,
    kNodeConstant,
    kNodeTick,
    kNodePpsFrequency,
    kNodePpsJitter,
    kNodePpsShift,
    kNodePpsStability,
    kNodePpsJitters,
    kNodePpsCalibrations,
    kNodePpsErrors,
    kNodePpsExceeded,
    kNodeTime,
    kNodeZone,
    kNodeSource,
    kNodeSources
  };
  static constexpr virgo_metric kMetrics[] = {
      gauge("virgo.time.synchronized", "1", "1 when the clock is kept by a time source, else 0.",
            VIRGO_U64),
      gauge("virgo.time.offset", "s", "What the clock is still to be corrected by."),
      gauge("virgo.time.estimated_error", "s", "The estimated error of the clock."),
      gauge("virgo.time.maximum_error", "s",
            "The most the clock can be wrong by; grows until it is synchronized again."),
      gauge("virgo.time.frequency", "1", "How fast the clock runs: 1 is uncorrected."),
      gauge("virgo.time.status", "1", "The kernel's STA_ bits of the clock.", VIRGO_I64),
      gauge("virgo.time.tai_offset", "s", "International Atomic Time minus UTC.", VIRGO_I64),
      gauge("node_timex_sync_status", "", "1 when the clock is kept by a time source, else 0.",
            VIRGO_U64),
      gauge("node_timex_offset_seconds", "", "What the clock is still to be corrected by."),
      gauge("node_timex_estimated_error_seconds", "", "The estimated error of the clock."),
      gauge("node_timex_maxerror_seconds", "", "The most the clock can be wrong by."),
      gauge("node_timex_frequency_adjustment_ratio", "",
            "How fast the clock runs: 1 is uncorrected."),
      gauge("node_timex_status", "", "The kernel's STA_ bits of the clock.", VIRGO_I64),
      gauge("node_timex_tai_offset_seconds", "", "International Atomic Time minus UTC.", VIRGO_I64),
      gauge("node_timex_loop_time_constant", "", "How slowly corrections are made.", VIRGO_I64),
      gauge("node_timex_tick_seconds", "", "The time between two ticks."),
      gauge("node_timex_pps_frequency_hertz", "", "The frequency of the pulse per second."),
      gauge("node_timex_pps_jitter_seconds", "", "The jitter of the pulse per second."),
      gauge("node_timex_pps_shift_seconds", "", "The interval of the pulse per second.", VIRGO_I64),
      gauge("node_timex_pps_stability_hertz", "", "The stability of the pulse per second."),
      counter("node_timex_pps_jitter_total", "", "Pulses whose jitter was over the limit."),
      counter("node_timex_pps_calibration_total", "", "Calibration intervals."),
      counter("node_timex_pps_error_total", "", "Calibration errors."),
      counter("node_timex_pps_stability_exceeded_total", "",
              "Intervals whose stability was over the limit."),
      gauge("node_time_seconds", "", "The time of the system's clock, since 1970."),
      gauge("node_time_zone_offset_seconds", "", "Local time minus UTC.", VIRGO_I64),
      gauge("node_time_clocksource_current_info", "", "The clock source in use.", VIRGO_U64),
      gauge("node_time_clocksource_available_info", "", "A clock source there is.", VIRGO_U64)};
  static constexpr virgo_param kParams[] = {plugin::naming_param(), plugin::root_param()};

  explicit Time(virgo::sdk::Host) {}

  virgo_status configure(virgo::sdk::Config root) {
    exporter_ = plugin::naming_of(root) == plugin::Naming::prometheus;
    const std::string_view prefix = root["root"].as_text();
    return current_.set_path(prefix,
                             "/sys/devices/system/clocksource/clocksource0/"
                             "current_clocksource") &&
                   available_.set_path(prefix,
                                       "/sys/devices/system/clocksource/clocksource0/"
                                       "available_clocksource")
               ? VIRGO_OK
               : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    if (exporter_) {
      report_time(run);
      report_sources(run, current_, kNodeSource);
      report_sources(run, available_, kNodeSources);
    }
    timex t{};  // modes 0: nothing is set
    const int state = adjtimex(&t);
    if (state < 0) return refused(run, errno);
    const Clock clock(t, state);
    if (exporter_)
      report_as_exporter(run, clock, t);
    else
      report(run, clock, t);
    return VIRGO_OK;
  }

 private:
  // Some containers forbid the call even to those who only ask.
  virgo_status refused(virgo::sdk::Run run, int error) const {
    const bool forbidden = error == EPERM || error == ENOSYS || error == EACCES;
    plugin::explain(run, "adjtimex: %s%s", strerror(error),
                    forbidden ? " (forbidden here, by a seccomp filter perhaps)" : "");
    if (!forbidden) return VIRGO_ERR_FAILED;
    return exporter_ ? VIRGO_OK : VIRGO_ERR_UNSUPPORTED;  // the time itself has been reported
  }

  static void report(virgo::sdk::Run run, const Clock& clock, const timex& t) {
    run.emit(kSynchronized, uint64_t{clock.synchronized});
    run.emit(kOffset, clock.offset);
    run.emit(kEstimatedError, clock.estimated_error);
    run.emit(kMaximumError, clock.maximum_error);
    run.emit(kFrequency, clock.frequency);
    run.emit(kStatus, int64_t{t.status});
    run.emit(kTai, int64_t{t.tai});
  }

  static void report_as_exporter(virgo::sdk::Run run, const Clock& clock, const timex& t) {
    run.emit(kNodeSync, uint64_t{clock.synchronized});
    run.emit(kNodeOffset, clock.offset);
    run.emit(kNodeEstimatedError, clock.estimated_error);
    run.emit(kNodeMaximumError, clock.maximum_error);
    run.emit(kNodeFrequency, clock.frequency);
    run.emit(kNodeStatus, int64_t{t.status});
    run.emit(kNodeTai, int64_t{t.tai});
    run.emit(kNodeConstant, int64_t{t.constant});
    run.emit(kNodeTick, clock.tick);
    run.emit(kNodePpsFrequency, clock.pps_frequency);
    run.emit(kNodePpsJitter, clock.pps_jitter);
    run.emit(kNodePpsShift, int64_t{t.shift});
    run.emit(kNodePpsStability, clock.pps_stability);
    run.emit(kNodePpsJitters, count(t.jitcnt));
    run.emit(kNodePpsCalibrations, count(t.calcnt));
    run.emit(kNodePpsErrors, count(t.errcnt));
    run.emit(kNodePpsExceeded, count(t.stbcnt));
  }

  static void report_time(virgo::sdk::Run run) {
    timespec now{};
    tm local{};
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return;
    run.emit(kNodeTime, static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9);
    if (localtime_r(&now.tv_sec, &local) != nullptr)
      run.emit(kNodeZone, int64_t{local.tm_gmtoff}, {label("time_zone", local.tm_zone)});
  }

  // "tsc hpet acpi_pm \n"
  static void report_sources(virgo::sdk::Run run, plugin::ProcFile& file, Metric metric) {
    size_t length = 0;
    const char* text = file.try_read(&length);
    if (text == nullptr) return;
    std::string_view line;
    std::string_view rest(text, length);
    if (!plugin::take_line(rest, &line)) return;
    for (;;) {
      const std::string_view name = plugin::take_word(line);
      if (name.empty()) return;
      run.emit(metric, uint64_t{1}, {label("device", "0"), label("clocksource", name)});
    }
  }

  plugin::ProcFile current_;
  plugin::ProcFile available_;
  bool exporter_ = false;
};

}  // namespace

VIRGO_CXX_MODULE("io.virgo.time", "0.2.0", Time);
