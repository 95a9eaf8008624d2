// virgo.processes: how many processes there are, and in which states.
#pragma once

#include <shared/naming.hpp>

#include "kernel_stat.hpp"
#include "scan.hpp"

namespace plugin {

class Totals {
 public:
  static constexpr const char* kName = "virgo.processes";
  static constexpr const char* kSummary = "Processes and threads by state, made, and allowed.";
  static constexpr uint32_t kThread = VIRGO_ON_WORKER;
  static constexpr uint32_t kFlags = VIRGO_CHECK_SERIAL;
  enum Metric : uint32_t {
    kProcesses,
    kBlocked,
    kCreated,
    kLimit,
    kAllThreads,
    kThreadsLimit,
    kNodeState,
    kNodePids,
    kNodeThreads,
    kNodeThreadsState,
    kNodeMaxProcesses,
    kNodeMaxThreads,
    kNodeRunning,
    kNodeBlocked,
    kNodeForks
  };
  static constexpr virgo_metric kMetrics[] = {
      virgo::sdk::gauge("system.process.count", "{process}", "Processes by state.", VIRGO_U64),
      virgo::sdk::gauge("virgo.process.blocked", "{process}",
                        "Processes that wait for a disk or the like and cannot be interrupted; "
                        "counted as sleeping too.",
                        VIRGO_U64),
      virgo::sdk::counter("system.process.created", "{process}",
                          "Processes and threads made since boot."),
      virgo::sdk::gauge("system.process.limit", "{process}",
                        "The most process and thread numbers there can be at a time.", VIRGO_U64),
      virgo::sdk::gauge("virgo.process.threads", "{thread}", "Threads of all processes.",
                        VIRGO_U64),
      virgo::sdk::gauge("virgo.process.threads.limit", "{thread}",
                        "The most threads the kernel allows.", VIRGO_U64),
      virgo::sdk::gauge("node_processes_state", nullptr, "Processes by the kernel's letter.",
                        VIRGO_U64),
      virgo::sdk::gauge("node_processes_pids", nullptr, "Processes.", VIRGO_U64),
      virgo::sdk::gauge("node_processes_threads", nullptr, "Threads.", VIRGO_U64),
      virgo::sdk::gauge("node_processes_threads_state", nullptr, "Threads by the kernel's letter.",
                        VIRGO_U64),
      virgo::sdk::gauge("node_processes_max_processes", nullptr, "The most process numbers.",
                        VIRGO_U64),
      virgo::sdk::gauge("node_processes_max_threads", nullptr, "The most threads.", VIRGO_U64),
      virgo::sdk::gauge("node_procs_running", nullptr, "Threads that run or could.", VIRGO_U64),
      virgo::sdk::gauge("node_procs_blocked", nullptr, "Threads that wait for a disk.", VIRGO_U64),
      virgo::sdk::counter("node_forks_total", nullptr, "Processes and threads made since boot.")};
  static constexpr virgo_param kParams[] = {
      naming_param(), root_param(),
      virgo::sdk::param("threads_by_state", VIRGO_PARAM_BOOL, "false",
                        "Also node_processes_threads_state (naming prometheus only): reads a file "
                        "for every thread of the host.")};

  explicit Totals(virgo::sdk::Host host) : scan_(host) {}

  virgo_status configure(virgo::sdk::Config root) {
    naming_ = naming_of(root);
    threads_by_state_ = root["threads_by_state"].as_bool();
    const std::string_view prefix = root["root"].as_text();
    const bool done = scan_.set_root(prefix) && stat_.set_path(prefix, "/proc/stat") &&
                      pid_max_.set_path(prefix, "/proc/sys/kernel/pid_max") &&
                      threads_max_.set_path(prefix, "/proc/sys/kernel/threads-max");
    return done ? VIRGO_OK : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    const virgo_status status = scan_.refresh(run);
    if (status < 0) return status;
    scan_->explain_hidden(run);
    size_t length = 0;
    const char* text = stat_.try_read(&length);
    const KernelStat kernel({text, text == nullptr ? 0 : length});
    if (naming_ == Naming::otel) {
      report(run, kernel);
      return VIRGO_OK;
    }
    report_node(run, kernel);
    return threads_by_state_ ? report_threads(run) : VIRGO_OK;
  }

 private:
  struct ByLetter {
    uint64_t count[128] = {};
    void add(char letter, uint64_t n = 1) { count[static_cast<unsigned char>(letter) & 127u] += n; }
    uint64_t of(const char* letters) const {
      uint64_t sum = 0;
      for (; *letters != '\0'; ++letters) sum += count[static_cast<unsigned char>(*letters)];
      return sum;
    }
  };

  void emit(virgo::sdk::Run run, Metric metric, uint64_t value,
            std::initializer_list<virgo_label> labels = {}) const {
    run.emit(metric, value, labels, scan_->unix_ns());
  }
  void emit_by_letter(virgo::sdk::Run run, Metric metric, const char* key,
                      const ByLetter& by) const {
    for (unsigned i = '!'; i < 127; ++i) {
      const char letter = static_cast<char>(i);
      if (by.count[i] > 0) emit(run, metric, by.count[i], {virgo::sdk::label(key, {&letter, 1})});
    }
  }
  void emit_number(virgo::sdk::Run run, Metric metric, ProcFile& file) const {
    size_t length = 0;
    uint64_t value = 0;
    const char* text = file.try_read(&length);
    if (text != nullptr && to_u64(trimmed({text, length}), &value)) emit(run, metric, value);
  }
  void emit_kernel(virgo::sdk::Run run, Metric metric, const KernelStat& kernel,
                   KernelStat::Field field) const {
    if (kernel.present[field]) emit(run, metric, kernel.value[field]);
  }

  void report(virgo::sdk::Run run, const KernelStat& kernel) {
    ByLetter by;
    uint64_t threads = 0;
    for (const Process& p : *scan_) {
      by.add(p.state);
      threads += p.threads;
    }
    const auto one = [&](std::string_view state, uint64_t count) {
      emit(run, kProcesses, count, {virgo::sdk::label("process.state", state)});
    };
    const uint64_t running = by.of("R");
    const uint64_t stopped = by.of("Tt");
    const uint64_t defunct = by.of("ZXx");
    one("running", running);
    one("sleeping", scan_->size() - running - stopped - defunct);  // S D I and what may come
    one("stopped", stopped);
    one("defunct", defunct);
    emit(run, kBlocked, by.of("D"));
    emit_kernel(run, kCreated, kernel, KernelStat::kForks);
    emit_number(run, kLimit, pid_max_);
    emit(run, kAllThreads, threads);
    emit_number(run, kThreadsLimit, threads_max_);
  }

  void report_node(virgo::sdk::Run run, const KernelStat& kernel) {
    ByLetter by;
    uint64_t threads = 0;
    for (const Process& p : *scan_) {
      by.add(p.state);
      threads += p.threads;
    }
    emit_by_letter(run, kNodeState, "state", by);
    emit(run, kNodePids, scan_->size());
    emit(run, kNodeThreads, threads);
    emit_number(run, kNodeMaxProcesses, pid_max_);
    emit_number(run, kNodeMaxThreads, threads_max_);
    emit_kernel(run, kNodeRunning, kernel, KernelStat::kRunning);
    emit_kernel(run, kNodeBlocked, kernel, KernelStat::kBlocked);
    emit_kernel(run, kNodeForks, kernel, KernelStat::kForks);
  }

  virgo_status report_threads(virgo::sdk::Run run) {
    ByLetter by;
    uint32_t seen = 0;
    for (const Process& p : *scan_) {
      if ((++seen & 255u) == 0 && run.time_left_ns() == 0) return VIRGO_ERR_TIMEOUT;
      if (p.threads <= 1)
        by.add(p.state);
      else
        add_threads(p, by);
    }
    emit_by_letter(run, kNodeThreadsState, "thread_state", by);
    return VIRGO_OK;
  }
  void add_threads(const Process& p, ByLetter& by) const {
    char path[32];
    snprintf(path, sizeof path, "%d/task", p.pid);
    Folder tasks;
    if (!tasks.open(path, scan_->folder())) return;
    Entries entries(tasks);
    Entries::Entry entry{};
    while (entries.next(&entry)) {
      if (pid_of(entry.name) == 0) continue;
      char text[1024];
      snprintf(path, sizeof path, "%.20s/stat", entry.name);
      const ssize_t n = read_small(tasks.fd(), path, text, sizeof text);
      PidStat stat;
      if (n > 0 && parse_pid_stat({text, static_cast<size_t>(n)}, &stat)) by.add(stat.state);
    }
  }

  ScanOfRoot scan_;
  ProcFile stat_;
  ProcFile pid_max_;
  ProcFile threads_max_;
  Naming naming_ = Naming::otel;
  bool threads_by_state_ = false;
};

}  // namespace plugin
