// virgo.load: how many threads run or want to, from /proc/loadavg; and agent.load_average,
// the same in the words of the Rackspace agent.
#include <shared/naming.hpp>
#include <shared/proc_file.hpp>

#include "loadavg.hpp"

namespace {

using plugin::Loadavg;
using virgo::sdk::gauge;

constexpr const char* kLoadavgPath = "/proc/loadavg";

// Emits the three loads as the metrics that begin with `first`.
virgo_status report(virgo::sdk::Run run, plugin::ProcFile& file, uint32_t first) {
  size_t length = 0;
  const char* text = file.read(run, &length);
  if (text == nullptr) return VIRGO_ERR_FAILED;
  const Loadavg loads({text, length});
  if (!loads.whole) {
    plugin::explain(run, "%s has no whole line with three numbers", file.path());
    return VIRGO_ERR_FAILED;
  }
  for (uint32_t i = 0; i < 3; ++i) run.emit(first + i, loads.load[i]);
  return VIRGO_OK;
}

class Load {
 public:
  static constexpr const char* kName = "virgo.load";
  static constexpr const char* kSummary = "Load averages of 1, 5 and 15 minutes.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  enum Metric : uint32_t { kOtel, kNode = 3 };
  static constexpr virgo_metric kMetrics[] = {
      gauge("system.cpu.load_average.1m", "{thread}", "Load average of 1 minute."),
      gauge("system.cpu.load_average.5m", "{thread}", "Load average of 5 minutes."),
      gauge("system.cpu.load_average.15m", "{thread}", "Load average of 15 minutes."),
      gauge("node_load1", nullptr, "Naming prometheus: load average of 1 minute."),
      gauge("node_load5", nullptr, "Naming prometheus: load average of 5 minutes."),
      gauge("node_load15", nullptr, "Naming prometheus: load average of 15 minutes.")};
  static constexpr virgo_param kParams[] = {plugin::naming_param(), plugin::root_param()};

  explicit Load(virgo::sdk::Host) {}

  virgo_status configure(virgo::sdk::Config root) {
    first_ = plugin::naming_of(root) == plugin::Naming::prometheus ? kNode : kOtel;
    return loadavg_.set_path(root["root"].as_text(), kLoadavgPath) ? VIRGO_OK : VIRGO_ERR_NO_MEMORY;
  }
  virgo_status collect(virgo::sdk::Run run) { return report(run, loadavg_, first_); }

 private:
  plugin::ProcFile loadavg_;
  uint32_t first_ = kOtel;
};

class AgentLoadAverage {
 public:
  static constexpr const char* kName = "agent.load_average";
  static constexpr const char* kSummary = "Load averages, as the Rackspace agent reported them.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  static constexpr virgo_metric kMetrics[] = {gauge("1m", nullptr, "Load average of 1 minute."),
                                              gauge("5m", nullptr, "Load average of 5 minutes."),
                                              gauge("15m", nullptr, "Load average of 15 minutes.")};
  static constexpr virgo_param kParams[] = {plugin::root_param()};

  explicit AgentLoadAverage(virgo::sdk::Host) {}

  virgo_status configure(virgo::sdk::Config root) {
    return loadavg_.set_path(root["root"].as_text(), kLoadavgPath) ? VIRGO_OK : VIRGO_ERR_NO_MEMORY;
  }
  virgo_status collect(virgo::sdk::Run run) { return report(run, loadavg_, 0); }

 private:
  plugin::ProcFile loadavg_;
};

}  // namespace

VIRGO_CXX_MODULE("io.virgo.load", "0.1.0", Load, AgentLoadAverage);
