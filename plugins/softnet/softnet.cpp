// virgo.softnet: how the processors keep up with the packets that come in, from
// /proc/net/softnet_stat.
#include "softnet.hpp"

#include <shared/main_file.hpp>
#include <shared/naming.hpp>
#include <shared/series_cap.hpp>

#include "totals.hpp"

namespace {

using plugin::SoftnetCpu;
using virgo::sdk::counter;
using virgo::sdk::gauge;
using virgo::sdk::label;

class Softnet {
 public:
  static constexpr const char* kName = "virgo.softnet";
  static constexpr const char* kSummary = "Packets received, dropped and put off, by processor.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  // In the order of SoftnetField; those of node_exporter follow in the same one.
  static constexpr virgo_metric kMetrics[] = {
      counter("virgo.softnet.processed", "{packet}", "Packets taken from the network devices."),
      counter("virgo.softnet.dropped", "{packet}",
              "Packets dropped as a processor had too many waiting."),
      counter("virgo.softnet.times_squeezed", "{event}",
              "How often a processor had to stop with packets left to process."),
      counter("virgo.softnet.received_rps", "{event}",
              "How often a processor was woken for packets another one had received."),
      counter("virgo.softnet.flow_limit", "{packet}",
              "Packets dropped as their flow had too many waiting."),
      gauge("virgo.softnet.backlog", "{packet}", "Packets waiting now.", VIRGO_U64),
      counter("node_softnet_processed_total", "", "Packets taken from the network devices."),
      counter("node_softnet_dropped_total", "",
              "Packets dropped as a processor had too many waiting."),
      counter("node_softnet_times_squeezed_total", "",
              "How often a processor had to stop with packets left to process."),
      counter("node_softnet_received_rps_total", "",
              "How often a processor was woken for packets another one had received."),
      counter("node_softnet_flow_limit_count_total", "",
              "Packets dropped as their flow had too many waiting."),
      gauge("node_softnet_backlog_len", "", "Packets waiting now.", VIRGO_U64)};
  static constexpr virgo_param kParams[] = {
      virgo::sdk::param("per_cpu", VIRGO_PARAM_BOOL, "false",
                        "Report each processor by its number, instead of their sum. With naming: "
                        "prometheus it is always so."),
      plugin::max_series_param("4800"), plugin::naming_param(), plugin::root_param()};

  explicit Softnet(virgo::sdk::Host host) : host_(host) {}

  virgo_status configure(virgo::sdk::Config root) {
    node_ = plugin::naming_of(root) == plugin::Naming::prometheus;
    per_cpu_ = node_ || root["per_cpu"].as_bool();
    if (!cap_.set(root, plugin::kSoftnetFields)) return VIRGO_ERR_INVALID;
    return stat_.set_path(root["root"].as_text(), "/proc/net/softnet_stat") ? VIRGO_OK
                                                                            : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    size_t length = 0;
    virgo_status status = VIRGO_OK;
    const char* text = plugin::read_main(
        stat_, run, "/proc is not mounted, or the kernel was built without networking", &length,
        &status);
    if (text == nullptr) return status;
    if (!plugin::each_softnet({text, length}, [](const SoftnetCpu&) {})) {
      plugin::explain(run, "%s has a line that is not whole", stat_.path());
      return VIRGO_ERR_FAILED;
    }
    report(run, {text, length});
    return VIRGO_OK;
  }

 private:
  void report(virgo::sdk::Run run, std::string_view text) {
    SoftnetCpu sum{};
    sum.fields = plugin::kSoftnetFields;
    cap_.begin();
    totals_.begin();
    plugin::each_softnet(text, [&](SoftnetCpu cpu) {
      if (!node_) totals_.carry(&cpu);
      if (per_cpu_ && cap_.admit())
        report_cpu(run, cpu);
      else
        add(&sum, cpu);
    });
    totals_.end();
    if (!per_cpu_) emit(run, sum, nullptr);
    if (cap_.over()) {
      const virgo_label others = plugin::SeriesCap::label();
      emit(run, sum, &others);
    }
    cap_.end(host_, "processors");
  }

  // The sum has what all of them have.
  static void add(SoftnetCpu* sum, const SoftnetCpu& cpu) {
    if (cpu.fields < sum->fields) sum->fields = cpu.fields;
    for (unsigned i = 0; i < sum->fields; ++i)
      sum->values[i] = plugin::plus(sum->values[i], cpu.values[i]);
  }

  void report_cpu(virgo::sdk::Run run, const SoftnetCpu& cpu) const {
    char number[16];
    const int n = snprintf(number, sizeof number, "%u", static_cast<unsigned>(cpu.cpu));
    const virgo_label of =
        label(node_ ? "cpu" : "cpu.logical_number", {number, static_cast<size_t>(n)});
    emit(run, cpu, &of);
  }

  void emit(virgo::sdk::Run run, const SoftnetCpu& cpu, const virgo_label* of) const {
    virgo_sample samples[plugin::kSoftnetFields] = {};
    for (unsigned i = 0; i < cpu.fields; ++i) {
      samples[i].metric = i + (node_ ? plugin::kSoftnetFields : 0);
      samples[i].labels = {of, of == nullptr ? 0u : 1u, sizeof(virgo_label)};
      run.set(samples[i], cpu.values[i]);
    }
    run.emit(samples, cpu.fields);
  }

  const virgo::sdk::Host host_;
  plugin::ProcFile stat_;
  plugin::SoftnetTotals totals_;
  plugin::SeriesCap cap_;
  bool node_ = false;
  bool per_cpu_ = false;
};

}  // namespace

VIRGO_CXX_MODULE("io.virgo.softnet", "0.2.0", Softnet);
