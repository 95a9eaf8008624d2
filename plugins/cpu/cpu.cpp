// virgo.cpu: where the processors' time went, from /proc/stat.
#include <shared/proc_file.hpp>

namespace {

using plugin::starts_with;
using plugin::take_word;
using virgo::sdk::label;

enum Mode { kUser, kSystem, kNice, kIdle, kIowait, kInterrupt, kSteal, kModes };
constexpr std::string_view kModeNames[] = {"user",   "system",    "nice", "idle",
                                           "iowait", "interrupt", "steal"};

// What the columns of a cpu line count as, irq and softirq together. Time given to
// guests follows, but the kernel counts that in user and nice already.
constexpr Mode kColumns[] = {kUser, kNice, kSystem, kIdle, kIowait, kInterrupt, kInterrupt, kSteal};
constexpr unsigned kLeastColumns = 4;  // every kernel has these

class Cpu {
 public:
  static constexpr const char* kName = "virgo.cpu";
  static constexpr const char* kSummary = "Processor time by mode.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  enum Metric : uint32_t { kTime, kCount };
  static constexpr virgo_metric kMetrics[] = {
      virgo::sdk::counter("system.cpu.time", "s", "Time the processors spent in each mode.",
                          VIRGO_F64),
      virgo::sdk::gauge("system.cpu.logical.count", "{cpu}", "Logical processors online.",
                        VIRGO_U64)};
  static constexpr virgo_param kParams[] = {
      virgo::sdk::param("per_cpu", VIRGO_PARAM_BOOL, "false",
                        "Report each logical processor by its number, instead of their sum."),
      virgo::sdk::param("root", VIRGO_PARAM_TEXT, nullptr,
                        "A folder to put in front of /proc, for a host mounted into a container.")};

  explicit Cpu(virgo::sdk::Host) : ticks_(static_cast<double>(sysconf(_SC_CLK_TCK))) {}

  virgo_status configure(virgo::sdk::Config root) {
    per_cpu_ = root["per_cpu"].as_bool();
    return stat_.set_path(root["root"].as_text(), "/proc/stat") ? VIRGO_OK : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    size_t length = 0;
    const char* text = stat_.read(run, &length);
    if (text == nullptr) return VIRGO_ERR_FAILED;
    std::string_view rest(text, length);
    uint64_t processors = 0;
    bool reported = false;
    std::string_view line;
    // The sum first, then one line for each.
    while (plugin::take_line(rest, &line) && starts_with(line, "cpu")) {
      std::string_view number = take_word(line);
      number.remove_prefix(3);
      if (!number.empty()) ++processors;
      if (number.empty() == per_cpu_) continue;
      if (!report(run, line, number)) return damaged(run);
      reported = true;
    }
    if (!reported) return damaged(run);
    if (processors > 0) run.emit(kCount, processors);
    return VIRGO_OK;
  }

 private:
  // `line` is what follows the name. False when it has too few numbers.
  bool report(virgo::sdk::Run run, std::string_view line, std::string_view number) const {
    double seconds[kModes] = {};
    bool present[kModes] = {};
    unsigned columns = 0;
    for (const Mode mode : kColumns) {
      uint64_t ticks = 0;
      if (!plugin::to_u64(take_word(line), &ticks)) break;
      seconds[mode] += static_cast<double>(ticks) / ticks_;
      present[mode] = true;
      ++columns;
    }
    if (columns < kLeastColumns) return false;
    for (unsigned mode = 0; mode < kModes; ++mode) {
      if (!present[mode]) continue;
      const virgo_label labels[] = {label("cpu.mode", kModeNames[mode]),
                                    label("cpu.logical_number", number)};
      virgo_sample s{};
      s.metric = kTime;
      run.set(s, seconds[mode]);
      s.labels = {labels, number.empty() ? 1u : 2u, sizeof(virgo_label)};
      run.emit(&s, 1);
    }
    return true;
  }

  virgo_status damaged(virgo::sdk::Run run) const {
    plugin::explain(run, "%s has no whole cpu line", stat_.path());
    return VIRGO_ERR_FAILED;
  }

  plugin::ProcFile stat_;
  const double ticks_;  // per second
  bool per_cpu_ = false;
};

}  // namespace

VIRGO_CXX_MODULE("io.virgo.cpu", "0.1.0", Cpu);
