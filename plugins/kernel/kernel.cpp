// virgo.kernel: what the kernel is kept busy with: context switches, interrupts and
// softirqs, from /proc/stat.
#include <shared/naming.hpp>
#include <shared/proc_file.hpp>
#include <shared/wrapping.hpp>

#include "stat.hpp"

namespace {

using plugin::KernelStat;
using virgo::sdk::counter;
using virgo::sdk::label;

class Kernel {
 public:
  static constexpr const char* kName = "virgo.kernel";
  static constexpr const char* kSummary = "Context switches, interrupts and softirqs.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  enum Metric : uint32_t {
    kContextSwitches,
    kInterrupts,
    kSoftirqs,
    kNodeContextSwitches,
    kNodeInterrupts,
    kNodeSoftirqs
  };
  static constexpr virgo_metric kMetrics[] = {
      counter("virgo.kernel.context_switches", "{switch}",
              "How often a processor went from one thread to another."),
      counter("virgo.kernel.interrupts", "{interrupt}", "Interrupts served, of all devices."),
      counter("virgo.kernel.softirqs", "{softirq}",
              "Work done after interrupts, by what it was for."),
      counter("node_context_switches_total", "",
              "How often a processor went from one thread to another."),
      counter("node_intr_total", "", "Interrupts served, of all devices."),
      counter("node_softirqs_total", "", "Work done after interrupts, by what it was for.")};
  static constexpr virgo_param kParams[] = {plugin::naming_param(), plugin::root_param()};

  explicit Kernel(virgo::sdk::Host) {}

  virgo_status configure(virgo::sdk::Config root) {
    naming_ = plugin::naming_of(root);
    return stat_.set_path(root["root"].as_text(), "/proc/stat") ? VIRGO_OK : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    size_t length = 0;
    const char* text = stat_.read(run, &length);
    if (text == nullptr) return VIRGO_ERR_FAILED;
    const KernelStat stat({text, length});
    if (!stat.has_context_switches && !stat.has_interrupts) {
      plugin::explain(run, "%s has no whole ctxt and intr", stat_.path());
      return VIRGO_ERR_FAILED;
    }
    if (naming_ == plugin::Naming::prometheus)
      report_node(run, stat);
    else
      report(run, stat);
    return VIRGO_OK;
  }

 private:
  void report(virgo::sdk::Run run, const KernelStat& stat) {
    if (stat.has_context_switches) run.emit(kContextSwitches, stat.context_switches);
    if (stat.has_interrupts) run.emit(kInterrupts, stat.interrupts);
    // The kernel adds these up in 32 bits, whatever the processor: network softirqs
    // of a busy host are through them within a day.
    for (unsigned i = 0; stat.has_softirqs && i < plugin::kSoftirqKinds; ++i)
      run.emit(kSoftirqs, softirqs_[i].next(stat.softirqs[i]),
               {label("virgo.kernel.softirq.type", plugin::kSoftirqs[i])});
  }

  static void report_node(virgo::sdk::Run run, const KernelStat& stat) {
    if (stat.has_context_switches) run.emit(kNodeContextSwitches, stat.context_switches);
    if (stat.has_interrupts) run.emit(kNodeInterrupts, stat.interrupts);
    for (unsigned i = 0; stat.has_softirqs && i < plugin::kSoftirqKinds; ++i) {
      const bool renamed = plugin::kSoftirqs[i] == "irq_poll";  // its older name
      run.emit(kNodeSoftirqs, stat.softirqs[i],
               {label("vector", renamed ? "block_iopoll" : plugin::kSoftirqs[i])});
    }
  }

  plugin::ProcFile stat_;
  plugin::Wrapping32 softirqs_[plugin::kSoftirqKinds];
  plugin::Naming naming_ = plugin::Naming::otel;
};

}  // namespace

VIRGO_CXX_MODULE("io.virgo.kernel", "0.2.0", Kernel);
