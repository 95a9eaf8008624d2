// The check type agent.disk of the Rackspace agent: names, units and meanings are its own.
#pragma once

#include <time.h>
#include <shared/naming.hpp>
#include <shared/proc_file.hpp>

#include "disk_states.hpp"

namespace {

class AgentDisk {
 public:
  static constexpr const char* kName = "agent.disk";
  static constexpr const char* kSummary =
      "One disk or partition, as the Rackspace agent reported it.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  enum Metric : uint32_t {
    kReads,
    kWrites,
    kReadBytes,
    kWriteBytes,
    kReadTime,
    kWriteTime,
    kQueueTime,
    kTime,
    kServiceTime,
    kQueue
  };
  static constexpr virgo_metric kMetrics[] = {
      virgo::sdk::counter("reads", "reads", "Reads done."),
      virgo::sdk::counter("writes", "writes", "Writes done."),
      virgo::sdk::counter("read_bytes", "bytes", "What they read."),
      virgo::sdk::counter("write_bytes", "bytes", "What they wrote."),
      virgo::sdk::counter("rtime", "milliseconds", "Time the reads took, each counted."),
      virgo::sdk::counter("wtime", "milliseconds", "Time the writes took, each counted."),
      virgo::sdk::counter("qtime", "milliseconds", "Time that requests waited, each counted."),
      virgo::sdk::counter("time", "milliseconds", "Time during which it was busy."),
      virgo::sdk::gauge("service_time", "milliseconds",
                        "Time it was busy per request, since the run before, at first since boot."),
      virgo::sdk::gauge("queue", "seconds",
                        "Growth of qtime per millisecond, in thousandths, since the run before, "
                        "at first since boot.")};
  static constexpr virgo_param kParams[] = {
      virgo::sdk::param("target", VIRGO_PARAM_TEXT, nullptr,
                        "The device, such as /dev/sda1, or sda1."),
      plugin::root_param()};

  explicit AgentDisk(virgo::sdk::Host) {}

  virgo_status configure(virgo::sdk::Config root) {
    return target_.set(root["target"].as_text()) &&
                   file_.set_path(root["root"].as_text(), "/proc/diskstats")
               ? VIRGO_OK
               : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    std::string_view name = target_.c_str();
    if (name.empty()) {
      run.explain("Missing target parameter");
      return VIRGO_ERR_FAILED;
    }
    if (plugin::starts_with(name, "/dev/")) name.remove_prefix(5);
    size_t length = 0;
    const char* text = file_.read(run, &length);
    if (text == nullptr) return VIRGO_ERR_FAILED;
    std::string_view rest(text, length);
    std::string_view line;
    plugin::DiskLine disk;
    while (plugin::take_line(rest, &line))
      if (plugin::parse_diskstats(line, &disk) && disk.name == name) {
        report(run, disk);
        return VIRGO_OK;
      }
    plugin::explain(run, "No such disk: %s", target_.c_str());
    return VIRGO_ERR_FAILED;
  }

 private:
  void report(virgo::sdk::Run run, plugin::DiskLine& d) {
    bool is_new = false;
    states_.begin();
    if (plugin::DiskState* state = states_.of(d, &is_new); state != nullptr)
      plugin::DiskStates::unwrap(*state, d);
    states_.end();
    const auto plain = [&](Metric metric, plugin::DiskField field, uint64_t factor = 1) {
      if (d.present[field]) run.emit(metric, plugin::times(d.values[field], factor));
    };
    plain(kReads, plugin::kReads);
    plain(kWrites, plugin::kWrites);
    plain(kReadBytes, plugin::kReadSectors, plugin::kSectorSize);
    plain(kWriteBytes, plugin::kWrittenSectors, plugin::kSectorSize);
    plain(kReadTime, plugin::kReadMs);
    plain(kWriteTime, plugin::kWriteMs);
    plain(kQueueTime, plugin::kWeightedMs);
    plain(kTime, plugin::kIoMs);
    if (d.present[plugin::kIoMs]) report_rates(run, d, is_new);
  }
  void report_rates(virgo::sdk::Run run, const plugin::DiskLine& d, bool is_new) {
    timespec up{};
    clock_gettime(CLOCK_BOOTTIME, &up);
    const double now_ms =
        static_cast<double>(up.tv_sec) * 1e3 + static_cast<double>(up.tv_nsec) / 1e6;
    const Sample now{now_ms, plugin::plus(d.values[plugin::kReads], d.values[plugin::kWrites]),
                     d.values[plugin::kIoMs], d.values[plugin::kWeightedMs]};
    if (is_new) last_ = {};
    const double requests = static_cast<double>(plugin::minus(now.requests, last_.requests));
    const double busy = static_cast<double>(plugin::minus(now.busy_ms, last_.busy_ms));
    const double waited = static_cast<double>(plugin::minus(now.queue_ms, last_.queue_ms));
    const double passed = now.at_ms - last_.at_ms;
    run.emit(kServiceTime, requests > 0 ? busy / requests : 0.0);
    run.emit(kQueue, passed > 0 ? waited / passed / 1000 : 0.0);
    last_ = now;
  }

  struct Sample {
    double at_ms = 0;
    uint64_t requests = 0;
    uint64_t busy_ms = 0;
    uint64_t queue_ms = 0;
  };
  plugin::Text target_;
  plugin::ProcFile file_;
  plugin::DiskStates states_;
  Sample last_;
};

}  // namespace
