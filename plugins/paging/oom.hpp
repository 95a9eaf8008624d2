// virgo.oom: programs killed because memory ran out, and those that hung.
#pragma once

#include <shared/naming.hpp>
#include <shared/proc_file.hpp>

#include "vmstat.hpp"

namespace plugin {

class Oom {
 public:
  static constexpr const char* kName = "virgo.oom";
  static constexpr const char* kSummary =
      "Programs killed because memory ran out, and tasks found hung.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  enum Metric : uint32_t { kKills, kHungTasks, kNodeKills, kNodeHungTasks };
  static constexpr virgo_metric kMetrics[] = {
      virgo::sdk::counter("virgo.oom.kills", "{kill}",
                          "Programs the kernel has killed because memory ran out."),
      virgo::sdk::counter("virgo.hung_tasks", "{task}",
                          "Tasks the kernel found stuck for minutes in an uninterruptible wait."),
      virgo::sdk::counter("node_vmstat_oom_kill", nullptr,
                          "Naming prometheus: programs killed because memory ran out."),
      virgo::sdk::counter("node_kernel_hung_task_detect_count", nullptr,
                          "Naming prometheus: tasks found hung.")};
  static constexpr virgo_param kParams[] = {naming_param(), root_param()};

  explicit Oom(virgo::sdk::Host) {}

  virgo_status configure(virgo::sdk::Config root) {
    naming_ = naming_of(root);
    const std::string_view prefix = root["root"].as_text();
    return vmstat_.set_path(prefix, "/proc/vmstat") &&
                   hung_.set_path(prefix, "/proc/sys/kernel/hung_task_detect_count")
               ? VIRGO_OK
               : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    const bool node = naming_ == Naming::prometheus;
    size_t length = 0;
    const char* text = vmstat_.read(run, &length);
    if (text == nullptr) return VIRGO_ERR_FAILED;
    uint64_t kills = 0;
    bool any_line = false;
    const bool has_kills = find_kills({text, length}, &kills, &any_line);
    if (!any_line) {
      explain(run, "%s has no whole line", vmstat_.path());
      return VIRGO_ERR_FAILED;
    }
    if (has_kills) run.emit(node ? kNodeKills : kKills, kills);
    uint64_t hung = 0;
    text = hung_.try_read(&length);
    const bool has_hung = text != nullptr && to_u64(trimmed({text, length}), &hung);
    if (has_hung) run.emit(node ? kNodeHungTasks : kHungTasks, hung);
    if (has_kills || has_hung) return VIRGO_OK;
    explain(run, "%s has no oom_kill: the kernel counts its kills since Linux 4.13",
            vmstat_.path());
    return VIRGO_ERR_UNSUPPORTED;
  }

 private:
  static bool find_kills(std::string_view text, uint64_t* kills, bool* any_line) {
    VmstatLine line;
    while (next_vmstat(text, &line)) {
      *any_line = true;
      if (line.name != "oom_kill") continue;
      *kills = line.value;
      return true;
    }
    return false;
  }

  ProcFile vmstat_;
  ProcFile hung_;
  Naming naming_ = Naming::otel;
};

}  // namespace plugin
