// virgo.cpu: where the processors' time went, from /proc/stat; and agent.cpu, the shares
// of it in the words of the Rackspace agent.
#include <shared/naming.hpp>
#include <shared/proc_file.hpp>
#include <shared/series_cap.hpp>

#include "agent_cpu.hpp"
#include "processors.hpp"
#include "topology.hpp"

namespace {

using plugin::CpuLine;
using virgo::sdk::label;

enum Mode { kUser, kSystem, kNice, kIdle, kIowait, kInterrupt, kSteal, kModes };
constexpr std::string_view kModeNames[] = {"user",   "system",    "nice", "idle",
                                           "iowait", "interrupt", "steal"};
// What the columns count as; time given to guests is in user and nice already.
constexpr Mode kColumnModes[] = {kUser,   kNice,      kSystem,    kIdle,
                                 kIowait, kInterrupt, kInterrupt, kSteal};
constexpr unsigned kModeColumns = 8;

// node_exporter's names of all columns; the last two are of a metric of their own.
constexpr std::string_view kColumnNames[] = {"user", "nice",    "system", "idle", "iowait",
                                             "irq",  "softirq", "steal",  "user", "nice"};

class Cpu {
 public:
  static constexpr const char* kName = "virgo.cpu";
  static constexpr const char* kSummary = "Processor time by mode.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  enum Metric : uint32_t { kTime, kLogical, kPhysical, kNodeTime, kNodeGuest };
  static constexpr virgo_metric kMetrics[] = {
      virgo::sdk::counter("system.cpu.time", "s", "Time the processors spent in each mode.",
                          VIRGO_F64),
      virgo::sdk::gauge("system.cpu.logical.count", "{cpu}", "Logical processors online.",
                        VIRGO_U64),
      virgo::sdk::gauge("system.cpu.physical.count", "{cpu}", "Cores online.", VIRGO_U64),
      virgo::sdk::counter("node_cpu_seconds_total", "s",
                          "Naming prometheus: time each processor spent in each mode.", VIRGO_F64),
      virgo::sdk::counter("node_cpu_guest_seconds_total", "s",
                          "Naming prometheus: time each processor spent for guests.", VIRGO_F64)};
  static constexpr virgo_param kParams[] = {
      virgo::sdk::param("per_cpu", VIRGO_PARAM_BOOL, "false",
                        "Report each logical processor by its number, instead of their sum; in "
                        "naming prometheus that is always so."),
      plugin::max_series_param("4000"), plugin::naming_param(), plugin::root_param()};

  explicit Cpu(virgo::sdk::Host host)
      : host_(host), ticks_(static_cast<uint64_t>(sysconf(_SC_CLK_TCK))), forward_only_(ticks_) {}

  virgo_status configure(virgo::sdk::Config root) {
    naming_ = plugin::naming_of(root);
    each_ = naming_ == plugin::Naming::prometheus || root["per_cpu"].as_bool();
    const bool columns = naming_ == plugin::Naming::prometheus;
    if (!cap_.set(root, columns ? uint32_t{plugin::kCpuColumns} : uint32_t{kModes}))
      return VIRGO_ERR_INVALID;
    const std::string_view prefix = root["root"].as_text();
    return stat_.set_path(prefix, "/proc/stat") && topology_.set_root(prefix) ? VIRGO_OK
                                                                              : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    size_t length = 0;
    const char* text = stat_.read(run, &length);
    if (text == nullptr) return VIRGO_ERR_FAILED;
    uint64_t processors = 0;
    const virgo_status status = report_lines(run, {text, length}, &processors);
    if (status != VIRGO_OK || naming_ == plugin::Naming::prometheus) return status;
    if (processors == 0) return VIRGO_OK;
    run.emit(kLogical, processors);
    const uint64_t cores = topology_.cores({text, length}, processors);
    if (cores > 0) run.emit(kPhysical, cores);
    return VIRGO_OK;
  }

 private:
  // The sum first, then one line for each.
  virgo_status report_lines(virgo::sdk::Run run, std::string_view text, uint64_t* processors) {
    bool reported = false;
    bool damaged = false;
    CpuLine line;
    CpuLine others;
    cap_.begin();
    known_.begin();
    while (plugin::next_cpu(text, &line, &damaged)) {
      if (!line.name.empty()) ++*processors;
      if (line.name.empty() == each_) continue;
      if (each_ && !cap_.admit())
        add(&others, line);
      else if (!report(run, line, label(cpu_key(), line.name)))
        return VIRGO_ERR_NO_MEMORY;
      reported = true;
    }
    if (damaged || !reported) {
      plugin::explain(run, "%s has no whole cpu line", stat_.path());
      return VIRGO_ERR_FAILED;
    }
    others.number = UINT64_MAX;  // so that it is remembered as the others are
    if (cap_.over() && !report(run, others, plugin::SeriesCap::label())) return VIRGO_ERR_NO_MEMORY;
    known_.end();
    cap_.end(host_, "processors");
    return VIRGO_OK;
  }

  static void add(CpuLine* sum, const CpuLine& line) {
    for (unsigned i = 0; i < line.columns; ++i)
      sum->ticks[i] = plugin::plus(sum->ticks[i], line.ticks[i]);
    if (line.columns > sum->columns) sum->columns = line.columns;
  }

  std::string_view cpu_key() const {
    return naming_ == plugin::Naming::prometheus ? "cpu" : "cpu.logical_number";
  }

  // False when there is no memory to remember the processor in.
  bool report(virgo::sdk::Run run, CpuLine line, const virgo_label& cpu) {
    bool known = false;
    plugin::Processor* last = known_.next(line.number, &known);
    if (last == nullptr) return false;
    double seconds[plugin::kCpuColumns];
    for (unsigned i = 0; i < line.columns; ++i)
      seconds[i] = static_cast<double>(forward_only_.next(&last->ticks[i], line.ticks[i])) /
                   static_cast<double>(ticks_);
    if (naming_ == plugin::Naming::prometheus)
      emit_columns(run, seconds, line.columns, cpu);
    else
      emit_modes(run, seconds, line.columns, cpu);
    return true;
  }

  void emit_modes(virgo::sdk::Run run, const double* seconds, unsigned columns,
                  const virgo_label& cpu) const {
    double sums[kModes] = {};
    bool present[kModes] = {};
    for (unsigned i = 0; i < columns && i < kModeColumns; ++i) {
      sums[kColumnModes[i]] += seconds[i];
      present[kColumnModes[i]] = true;
    }
    virgo_sample samples[kModes] = {};
    virgo_label labels[kModes][2];
    uint32_t count = 0;
    for (unsigned mode = 0; mode < kModes; ++mode) {
      if (!present[mode]) continue;
      labels[count][0] = label("cpu.mode", kModeNames[mode]);
      labels[count][1] = cpu;
      samples[count].metric = kTime;
      virgo::sdk::Run::set(samples[count], sums[mode]);
      samples[count].labels = {labels[count], each_ ? 2u : 1u, sizeof(virgo_label)};
      ++count;
    }
    run.emit(samples, count);
  }

  static void emit_columns(virgo::sdk::Run run, const double* seconds, unsigned columns,
                           const virgo_label& cpu) {
    virgo_sample samples[plugin::kCpuColumns] = {};
    virgo_label labels[plugin::kCpuColumns][2];
    for (unsigned i = 0; i < columns; ++i) {
      labels[i][0] = cpu;
      labels[i][1] = label("mode", kColumnNames[i]);
      samples[i].metric = i < kModeColumns ? kNodeTime : kNodeGuest;
      virgo::sdk::Run::set(samples[i], seconds[i]);
      samples[i].labels = {labels[i], 2, sizeof(virgo_label)};
    }
    run.emit(samples, columns);
  }

  const virgo::sdk::Host host_;
  const uint64_t ticks_;  // per second
  const plugin::ForwardOnly forward_only_;
  plugin::ProcFile stat_;
  plugin::Topology topology_;
  plugin::Processors known_;
  plugin::SeriesCap cap_;
  plugin::Naming naming_ = plugin::Naming::otel;
  bool each_ = false;
};

}  // namespace

VIRGO_CXX_MODULE("io.virgo.cpu", "0.2.0", Cpu, plugin::AgentCpu);
