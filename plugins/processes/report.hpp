// Usage as samples, in both namings.
#pragma once

#include <shared/naming.hpp>

#include "usage.hpp"

namespace plugin {

// Indices into Chosen::kMetrics.
enum UsageMetric : uint32_t {
  kCount,
  kCpuTime,
  kMemory,
  kVirtual,
  kSwap,
  kThreads,
  kDescriptors,
  kDiskIo,
  kSwitches,
  kFaults,
  kUptime,
  kTopCpu,
  kTopMemory,
  kNamedCount,
  kNamedCpu,
  kNamedMemory,
  kNamedThreads,
  kNamedDescriptors,
  kNamedRead,
  kNamedWritten,
  kNamedSwitches,
  kNamedMajor,
  kNamedMinor,
  kNamedStart,
  kNamedTopCpu,
  kNamedTopMemory
};
constexpr uint32_t kSeriesOfUsage = 14;  // most of one usage, in either naming

class Reporter {
 public:
  // `boot`: seconds since 1970, 0 = not known.
  Reporter(virgo::sdk::Run run, Naming naming, const Scan& scan, uint64_t boot)
      : run_(run), naming_(naming), scan_(scan), boot_(static_cast<double>(boot)) {}

  void count(std::string_view group, uint64_t processes) const {
    const virgo_label label = virgo::sdk::label(group_key(), group);
    emit(is_otel() ? kCount : kNamedCount, processes, &label, 1);
  }
  void group(std::string_view group, const Usage& usage) const {
    const virgo_label label = virgo::sdk::label(group_key(), group);
    report(usage, &label, 1);
  }
  void process(std::string_view group, const Process& p, const Usage& usage) const {
    char pid[12];
    snprintf(pid, sizeof pid, "%d", p.pid);
    const virgo_label labels[] = {
        virgo::sdk::label(group_key(), group),
        virgo::sdk::label(is_otel() ? "process.pid" : "pid", pid),
        virgo::sdk::label(is_otel() ? "process.executable.name" : "name", p.comm)};
    report(usage, labels, 3);
  }
  // Of the processes that have no series of their own.
  void rest(const virgo_label& label, const Usage& usage) const { report(usage, &label, 1); }
  void top(const Process& p, bool is_cpu, double value) const {
    char pid[12];
    snprintf(pid, sizeof pid, "%d", p.pid);
    const virgo_label labels[] = {
        virgo::sdk::label(is_otel() ? "process.pid" : "pid", pid),
        virgo::sdk::label(is_otel() ? "process.executable.name" : "name", p.comm)};
    if (is_cpu)
      emit(is_otel() ? kTopCpu : kNamedTopCpu, value, labels, 2);
    else
      emit(is_otel() ? kTopMemory : kNamedTopMemory, static_cast<uint64_t>(value), labels, 2);
  }

  static double ticks_per_second() { return static_cast<double>(sysconf(_SC_CLK_TCK)); }
  static uint64_t page_size() { return static_cast<uint64_t>(sysconf(_SC_PAGESIZE)); }

 private:
  bool is_otel() const { return naming_ == Naming::otel; }
  const char* group_key() const { return is_otel() ? "virgo.process.group" : "groupname"; }

  template <class V>
  void emit(uint32_t metric, const V& value, const virgo_label* labels, uint32_t count) const {
    run_.emit(metric, value, labels, count, scan_.unix_ns());
  }

  void report(const Usage& u, const virgo_label* labels, uint32_t count) const {
    virgo_label all[4];
    for (uint32_t i = 0; i < count; ++i) all[i] = labels[i];
    const auto plain = [&](uint32_t metric, auto value) { emit(metric, value, all, count); };
    const auto by = [&](uint32_t metric, auto value, const char* key, const char* name) {
      all[count] = virgo::sdk::label(key, name);
      emit(metric, value, all, count + 1);
    };
    if (is_otel())
      report_otel(u, plain, by);
    else
      report_named(u, plain, by);
  }

  template <class Plain, class By>
  void report_otel(const Usage& u, Plain plain, By by) const {
    const uint64_t* c = u.counters.of;
    by(kCpuTime, seconds(c[Counters::kUser]), "cpu.mode", "user");
    by(kCpuTime, seconds(c[Counters::kSystem]), "cpu.mode", "system");
    plain(kMemory, times(u.resident, page_size()));
    plain(kVirtual, u.virtual_size);
    plain(kThreads, u.threads);
    if (!u.lacks_descriptors) plain(kDescriptors, u.descriptors);
    if (!u.lacks_io) {
      by(kDiskIo, c[Counters::kRead], "disk.io.direction", "read");
      by(kDiskIo, c[Counters::kWritten], "disk.io.direction", "write");
    }
    if (!u.lacks_status) {
      plain(kSwap, u.swap);
      by(kSwitches, c[Counters::kVoluntary], "process.context_switch.type", "voluntary");
      by(kSwitches, c[Counters::kInvoluntary], "process.context_switch.type", "involuntary");
    }
    by(kFaults, c[Counters::kMajor], "system.paging.fault.type", "major");
    by(kFaults, c[Counters::kMinor], "system.paging.fault.type", "minor");
    const double uptime = scan_.uptime() - seconds(u.oldest);
    if (u.processes > 0 && scan_.uptime() >= 0) plain(kUptime, uptime > 0 ? uptime : 0.0);
  }

  template <class Plain, class By>
  void report_named(const Usage& u, Plain plain, By by) const {
    const uint64_t* c = u.counters.of;
    by(kNamedCpu, seconds(c[Counters::kUser]), "mode", "user");
    by(kNamedCpu, seconds(c[Counters::kSystem]), "mode", "system");
    by(kNamedMemory, times(u.resident, page_size()), "memtype", "resident");
    by(kNamedMemory, u.virtual_size, "memtype", "virtual");
    plain(kNamedThreads, u.threads);
    if (!u.lacks_descriptors) plain(kNamedDescriptors, u.descriptors);
    if (!u.lacks_io) {
      plain(kNamedRead, c[Counters::kRead]);
      plain(kNamedWritten, c[Counters::kWritten]);
    }
    if (!u.lacks_status) {
      by(kNamedMemory, u.swap, "memtype", "swapped");
      by(kNamedSwitches, c[Counters::kVoluntary], "ctxswitchtype", "voluntary");
      by(kNamedSwitches, c[Counters::kInvoluntary], "ctxswitchtype", "nonvoluntary");
    }
    plain(kNamedMajor, c[Counters::kMajor]);
    plain(kNamedMinor, c[Counters::kMinor]);
    if (u.processes > 0 && boot_ > 0) plain(kNamedStart, boot_ + seconds(u.oldest));
  }

  static double seconds(uint64_t ticks) { return static_cast<double>(ticks) / ticks_per_second(); }

  virgo::sdk::Run run_;
  Naming naming_;
  const Scan& scan_;
  double boot_;
};

}  // namespace plugin
