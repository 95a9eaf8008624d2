// virgo.process: what chosen processes use, group by group or one by one.
#pragma once

#include <shared/series_cap.hpp>

#include "decider.hpp"
#include "kernel_stat.hpp"
#include "top.hpp"

namespace plugin {

class Chosen {
 public:
  static constexpr const char* kName = "virgo.process";
  static constexpr const char* kSummary = "Time, memory, files and disk use of chosen processes.";
  static constexpr uint32_t kThread = VIRGO_ON_WORKER;
  static constexpr uint32_t kFlags = VIRGO_CHECK_SERIAL;
  static constexpr virgo_metric kMetrics[] = {
      virgo::sdk::gauge("virgo.process.count", "{process}", "Processes of the group; 0 when none.",
                        VIRGO_U64),
      virgo::sdk::counter("process.cpu.time", "s", "Processor time used.", VIRGO_F64),
      virgo::sdk::gauge("process.memory.usage", "By", "Resident memory, shared pages included.",
                        VIRGO_U64),
      virgo::sdk::gauge("process.memory.virtual", "By", "Address space.", VIRGO_U64),
      virgo::sdk::gauge("virgo.process.swap.usage", "By", "Memory that is swapped out.", VIRGO_U64),
      virgo::sdk::gauge("process.thread.count", "{thread}", "Threads.", VIRGO_U64),
      virgo::sdk::gauge("process.unix.file_descriptor.count", "{file_descriptor}",
                        "Open file descriptors.", VIRGO_U64),
      virgo::sdk::counter("process.disk.io", "By", "What was read from and written to disks."),
      virgo::sdk::counter("process.context_switches", "{context_switch}", "Context switches."),
      virgo::sdk::counter("process.paging.faults", "{fault}", "Page faults."),
      virgo::sdk::gauge("process.uptime", "s", "Age of the oldest process of the group."),
      virgo::sdk::gauge("virgo.process.top.cpu.utilization", "1",
                        "Processors' worth of time since the last run, of those that used most."),
      virgo::sdk::gauge("virgo.process.top.memory.usage", "By",
                        "Resident memory of those that use most.", VIRGO_U64),
      virgo::sdk::gauge("namedprocess_namegroup_num_procs", nullptr, "Processes of the group.",
                        VIRGO_U64),
      virgo::sdk::counter("namedprocess_namegroup_cpu_seconds_total", nullptr,
                          "Processor time used.", VIRGO_F64),
      virgo::sdk::gauge("namedprocess_namegroup_memory_bytes", nullptr, "Memory used.", VIRGO_U64),
      virgo::sdk::gauge("namedprocess_namegroup_num_threads", nullptr, "Threads.", VIRGO_U64),
      virgo::sdk::gauge("namedprocess_namegroup_open_filedesc", nullptr, "Open file descriptors.",
                        VIRGO_U64),
      virgo::sdk::counter("namedprocess_namegroup_read_bytes_total", nullptr, "Read from disks."),
      virgo::sdk::counter("namedprocess_namegroup_write_bytes_total", nullptr, "Written to disks."),
      virgo::sdk::counter("namedprocess_namegroup_context_switches_total", nullptr,
                          "Context switches."),
      virgo::sdk::counter("namedprocess_namegroup_major_page_faults_total", nullptr,
                          "Page faults that needed a disk."),
      virgo::sdk::counter("namedprocess_namegroup_minor_page_faults_total", nullptr,
                          "Page faults that needed none."),
      virgo::sdk::gauge("namedprocess_namegroup_oldest_start_time_seconds", nullptr,
                        "When the oldest process began, in seconds since 1970."),
      virgo::sdk::gauge("namedprocess_top_cpu_ratio", nullptr,
                        "Processors' worth of time since the last run, of those that used most."),
      virgo::sdk::gauge("namedprocess_top_memory_bytes", nullptr,
                        "Resident memory of those that use most.", VIRGO_U64)};
  static constexpr virgo_param kParams[] = {
      naming_param(),
      root_param(),
      virgo::sdk::param("groups", VIRGO_PARAM_MAP, nullptr,
                        "Groups by name, each a map of name (of the program, or a list of them; "
                        "shell patterns), cmdline (an extended regular expression), pidfile and "
                        "user: all that is given must match."),
      virgo::sdk::param("per_process", VIRGO_PARAM_BOOL, "false",
                        "Series for every process of a group instead of their sum."),
      virgo::sdk::param("top", VIRGO_PARAM_INT, "0",
                        "Also the processes of the host that use most processor time, and most "
                        "memory: so many of each, at most 100."),
      max_series_param("1400")};

  explicit Chosen(virgo::sdk::Host host) : host_(host), scan_(host) {}

  virgo_status configure(virgo::sdk::Config root) {
    const std::string_view prefix = root["root"].as_text();
    naming_ = naming_of(root);
    per_process_ = root["per_process"].as_bool();
    const int64_t top = root["top"].as_int();
    if (top < 0 || top > Top::kMost) {
      root["top"].reject("must be between 0 and 100");
      return VIRGO_ERR_INVALID;
    }
    if (!cap_.set(root, kSeriesOfUsage)) return VIRGO_ERR_INVALID;
    const bool done = scan_.set_root(prefix) && stat_.set_path(prefix, "/proc/stat") &&
                      groups_.set(root["groups"], prefix) && top_.set(static_cast<uint32_t>(top));
    return done ? VIRGO_OK : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    virgo_status status = scan_.refresh(run);
    if (status < 0) return status;
    const Reporter reporter(run, naming_, *scan_, boot_time());
    denied_ = 0;
    rest_ = {};
    for (Group& group : groups_) group.begin();
    cap_.begin();
    decider_.begin();
    members_.begin();
    status = count_all(run, reporter);
    if (status < 0) return status;  // nothing of this run has been added up yet
    decider_.keep();
    members_.keep();
    last_uptime_ = scan_->uptime();
    report_groups(reporter);
    if (!top_.report(*scan_, reporter)) return VIRGO_ERR_NO_MEMORY;
    explain_run(run);
    return VIRGO_OK;
  }

 private:
  struct Member {
    int32_t pid;
    uint64_t start;
    Counters counters;  // as of the last run
  };

  virgo_status count_all(virgo::sdk::Run run, const Reporter& reporter) {
    UsageReader reader(*scan_);
    uint32_t seen = 0;
    for (const Process& p : *scan_) {
      if ((++seen & 255u) == 0 && run.time_left_ns() == 0) return VIRGO_ERR_TIMEOUT;
      uint64_t wanted = 0;
      if (!decider_.decide(groups_, *scan_, p, &wanted)) return VIRGO_ERR_NO_MEMORY;
      if (wanted == 0) continue;
      const Member* known = members_.find(p.pid, p.start);
      Counters before = known != nullptr ? known->counters : Counters{};
      const Usage usage = reader.read(p, before);
      if (known == nullptr && was_another(p)) before = usage.counters;
      if (!members_.add({p.pid, p.start, usage.counters})) return VIRGO_ERR_NO_MEMORY;
      if (usage.denied) ++denied_;
      add(reporter, p, wanted, usage, before);
    }
    return VIRGO_OK;
  }

  // Whether it was there at the last run and in no group: what it used before it joined
  // is not the group's, and may have been counted before it left one.
  bool was_another(const Process& p) const {
    return static_cast<double>(p.start) + 1 < last_uptime_ * Reporter::ticks_per_second();
  }

  // What a group has used grows by what its members have used since the last run, and so
  // never shrinks when one of them ends.
  void add(const Reporter& reporter, const Process& p, uint64_t wanted, const Usage& usage,
           const Counters& before) {
    Usage grown = usage;
    grown.counters = usage.counters.since(before);
    for (uint32_t i = 0; i < groups_.size(); ++i) {
      if ((wanted >> i & 1u) == 0) continue;
      groups_[i].usage.add(grown);
      if (!per_process_) continue;
      if (cap_.admit())
        reporter.process(groups_[i].name(), p, usage);
      else
        rest_.add(grown);
    }
  }

  void report_groups(const Reporter& reporter) {
    for (Group& group : groups_) {
      group.total.add(group.usage.counters);
      group.usage.counters = group.total;
      reporter.count(group.name(), group.usage.processes);
      if (!per_process_) reporter.group(group.name(), group.usage);
    }
    if (!per_process_) return;
    rest_total_.add(rest_.counters);
    rest_.counters = rest_total_;
    if (cap_.over()) reporter.rest(SeriesCap::label(), rest_);
    cap_.end(host_, "processes");
  }

  uint64_t boot_time() {
    if (naming_ == Naming::otel) return 0;
    size_t length = 0;
    const char* text = stat_.try_read(&length);
    const KernelStat kernel({text, text == nullptr ? 0 : length});
    return kernel.value[KernelStat::kBootTime];
  }

  void explain_run(virgo::sdk::Run run) {
    if (scan_->explain_hidden(run)) return;
    for (const Group& group : groups_)
      if (group.pidfile_error() != 0)
        explain(run, "%s: %s", group.pidfile(), strerror(group.pidfile_error()));
    const uint32_t denied = denied_ + decider_.denied();
    if (denied > 0)
      explain(run,
              "the files of %u process%s are denied to the agent (it needs root or "
              "CAP_SYS_PTRACE): what they hold is left out for the whole group",
              denied, denied == 1 ? "" : "es");
    else if (groups_.size() == 0 && !top_.is_wanted())
      run.explain("neither groups nor top is set: there is nothing to report");
  }

  virgo::sdk::Host host_;
  ScanOfRoot scan_;
  ProcFile stat_;
  Groups groups_;
  Decider decider_;
  ByProcess<Member> members_;
  Top top_;
  SeriesCap cap_;
  Usage rest_;               // of the processes without series of their own
  Counters rest_total_;      // of all there have been
  double last_uptime_ = -1;  // of the last run; below 0 = there was none, or it is not known
  uint32_t denied_ = 0;
  bool per_process_ = false;
  Naming naming_ = Naming::otel;
};

}  // namespace plugin
