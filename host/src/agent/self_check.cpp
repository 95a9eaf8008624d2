#include "agent/self_check.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <ctime>
#include <initializer_list>
#include <optional>
#include <span>

#include "base/file.hpp"

namespace virgo::agent {
namespace {

using metric::Kind;
using metric::Type;
using metric::Value;

enum Row : std::size_t {
  cpu_time,
  memory_usage,
  memory_virtual,
  threads,
  descriptors,
  descriptors_limit,
  uptime,
  context_switches,
  checks,
  suspended,
  suspended_by,
  runs,
  skipped,
  timeouts,
  queue_records,
  queue_bytes,
  queue_dropped,
  connected,
  workers,
  row_count
};

// The names of Prometheus' client libraries, where those have one. They have the time
// of the start instead of the uptime.
struct Names {
  const char* otel;
  const char* unit;
  const char* prometheus;
  const char* help;
  Kind kind;
  Type type;
};
constexpr std::array<Names, row_count> kNames{{
    {"process.cpu.time", "s", "process_cpu_seconds_total", "Processor time the agent has used.",
     Kind::counter, Type::f64},
    {"process.memory.usage", "By", "process_resident_memory_bytes",
     "Memory of the agent that is in RAM, shared libraries included.", Kind::gauge, Type::u64},
    {"process.memory.virtual", "By", "process_virtual_memory_bytes", "Address space of the agent.",
     Kind::gauge, Type::u64},
    {"process.thread.count", "{thread}", "process_threads", "Threads of the agent.", Kind::gauge,
     Type::u64},
    {"process.unix.file_descriptor.count", "{file_descriptor}", "process_open_fds",
     "Files and sockets the agent has open.", Kind::gauge, Type::u64},
    {"virgo.agent.file_descriptor.limit", "{file_descriptor}", "process_max_fds",
     "The most files and sockets the agent may have open.", Kind::gauge, Type::u64},
    {"process.uptime", "s", "process_start_time_seconds",
     "Time since the agent was started; in Prometheus' names, when that was (Unix time).",
     Kind::gauge, Type::f64},
    {"process.context_switches", "{context_switch}", "virgo_agent_context_switches_total",
     "Times the agent gave up its processor, or lost it.", Kind::counter, Type::u64},
    {"virgo.agent.checks", "{check}", "virgo_agent_checks",
     "Checks that run, and those taken out of service for holding the loop.", Kind::gauge,
     Type::u64},
    {"virgo.agent.checks.suspended", "{check}", "virgo_agent_checks_suspended",
     "Checks that are not run for the time being because they went beyond a limit.", Kind::gauge,
     Type::u64},
    {"virgo.agent.check.suspension", "1", "virgo_agent_check_suspension",
     "1 for each check that is suspended, with the limit it went beyond.", Kind::gauge, Type::u64},
    {"virgo.agent.runs", "{run}", "virgo_agent_runs_total", "Runs of checks.", Kind::counter,
     Type::u64},
    {"virgo.agent.skipped", "{run}", "virgo_agent_skipped_total",
     "Runs that did not take place; each is in a gap record with its reason.", Kind::counter,
     Type::u64},
    {"virgo.agent.timeouts", "{run}", "virgo_agent_timeouts_total",
     "Runs that were ended by their deadline.", Kind::counter, Type::u64},
    {"virgo.agent.queue.records", "{record}", "virgo_agent_queue_records",
     "Reports that wait for the endpoint.", Kind::gauge, Type::u64},
    {"virgo.agent.queue.size", "By", "virgo_agent_queue_bytes",
     "Memory of the reports that wait for the endpoint.", Kind::gauge, Type::u64},
    {"virgo.agent.queue.dropped", "{record}", "virgo_agent_queue_dropped_total",
     "Reports that were pushed out of a full queue.", Kind::counter, Type::u64},
    {"virgo.agent.connected", "1", "virgo_agent_connected",
     "1 while the endpoint has accepted the agent, else 0.", Kind::gauge, Type::u64},
    {"virgo.agent.workers", "{thread}", "virgo_agent_workers",
     "Threads for checks that block: idle, busy, and stuck in a call that does not return.",
     Kind::gauge, Type::u64},
}};

double seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
}

std::uint64_t bytes_of_pages(std::uint64_t pages) {
  static const auto size = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  return pages * size;
}

// The blank-separated numbers of a text; what is none ends it.
std::vector<std::uint64_t> numbers(std::string_view text) {
  std::vector<std::uint64_t> out;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    std::uint64_t value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc()) break;
    out.push_back(value);
    at = next;
    while (at < end && *at == ' ') ++at;
  }
  return out;
}

// What follows the name in /proc/self/stat, from the state on: the name may hold
// blanks and parentheses.
std::vector<std::uint64_t> stat_numbers(std::string_view stat) {
  const auto close = stat.rfind(')');
  if (close == std::string_view::npos || close + 4 > stat.size()) return {};
  std::string_view rest = stat.substr(close + 4);  // ") S "
  // tty_nr and tpgid may be negative: their sign is nothing to us.
  std::string plain;
  for (const char c : rest)
    if (c != '-') plain += c;
  return numbers(plain);
}

// Without its own descriptor.
std::optional<std::uint64_t> open_descriptors() {
  auto names = list_folder("/proc/self/fd", {""});
  if (!names || names->empty()) return std::nullopt;
  return names->size() - 1;
}

class SelfCheck final : public check::Check {
 public:
  SelfCheck(std::span<const metric::MetricInfo> metrics, bool prometheus,
            std::shared_ptr<SelfCheckType::Source> source)
      : metrics_(metrics), prometheus_(prometheus), source_(std::move(source)) {}

  void start(check::Run& run) override {
    run_ = &run;
    report_usage();
    report_sizes();
    if (*source_) report_figures((*source_)());
    run_ = nullptr;
    run.finish(metric::Status::ok);
  }
  void cancel(check::Run&) override {}
  void abandon(check::Run&) override {}

 private:
  void emit(Row row, Value value, std::initializer_list<metric::Label> labels = {}) {
    const std::size_t at = prometheus_ ? row_count + row : static_cast<std::size_t>(row);
    run_->samples().add(metrics_[at], value, {labels.begin(), labels.size()});
  }
  void emit_u64(Row row, std::uint64_t value, std::initializer_list<metric::Label> labels = {}) {
    emit(row, Value::of(value), labels);
  }

  void report_usage() {
    rusage used{};
    if (getrusage(RUSAGE_SELF, &used) != 0) return;
    if (prometheus_) {
      emit(cpu_time, Value::of(seconds(used.ru_utime) + seconds(used.ru_stime)));
    } else {
      emit(cpu_time, Value::of(seconds(used.ru_utime)), {{"cpu.mode", "user"}});
      emit(cpu_time, Value::of(seconds(used.ru_stime)), {{"cpu.mode", "system"}});
    }
    const char* const type = prometheus_ ? "type" : "process.context_switch.type";
    emit_u64(context_switches, static_cast<std::uint64_t>(used.ru_nvcsw), {{type, "voluntary"}});
    emit_u64(context_switches, static_cast<std::uint64_t>(used.ru_nivcsw), {{type, "involuntary"}});
  }

  void report_sizes() {
    if (const auto statm = read_regular_file("/proc/self/statm", 4096)) {
      const auto pages = numbers(*statm);
      if (pages.size() > 1) {
        emit_u64(memory_usage, bytes_of_pages(pages[1]));
        emit_u64(memory_virtual, bytes_of_pages(pages[0]));
      }
    }
    if (const auto stat = read_regular_file("/proc/self/stat", 4096)) report_stat(*stat);
    if (const auto open = open_descriptors()) emit_u64(descriptors, *open);
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) emit_u64(descriptors_limit, limit.rlim_cur);
  }

  // proc(5): field 20 is num_threads, 22 starttime in ticks since boot; ours begin at 4.
  void report_stat(const std::string& text) {
    const auto fields = stat_numbers(text);
    if (fields.size() < 19) return;
    emit_u64(threads, fields[16]);
    timespec now{};
    timespec wall{};
    clock_gettime(CLOCK_BOOTTIME, &now);
    clock_gettime(CLOCK_REALTIME, &wall);
    const auto as_seconds = [](const timespec& t) {
      return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
    };
    const double age = as_seconds(now) -
                       static_cast<double>(fields[18]) / static_cast<double>(sysconf(_SC_CLK_TCK));
    emit(uptime, Value::of(prometheus_ ? as_seconds(wall) - age : age));
  }

  void report_figures(const SelfFigures& f) {
    const auto key = [this](const char* otel, const char* prometheus) {
      return prometheus_ ? prometheus : otel;
    };
    const char* const state = key("virgo.check.state", "state");
    emit_u64(checks, f.checks - f.quarantined, {{state, "running"}});
    emit_u64(checks, f.quarantined, {{state, "quarantined"}});
    emit_u64(suspended, f.suspended.size());
    for (const SelfFigures::Suspended& s : f.suspended)
      emit_u64(
          suspended_by, 1,
          {{key("virgo.check.name", "check"), s.check}, {key("virgo.limit", "limit"), s.limit}});
    emit_u64(runs, f.runs);
    emit_u64(skipped, f.skipped);
    emit_u64(timeouts, f.timeouts);
    emit_u64(queue_records, f.queue.records);
    emit_u64(queue_bytes, f.queue.bytes);
    emit_u64(queue_dropped, f.queue.dropped);
    emit_u64(connected, f.connected ? 1 : 0);
    const char* const worker = key("virgo.worker.state", "state");
    emit_u64(workers, f.workers.threads - f.workers.busy, {{worker, "idle"}});
    emit_u64(workers, f.workers.busy, {{worker, "busy"}});
    emit_u64(workers, f.workers.written_off, {{worker, "stuck"}});
  }

  std::span<const metric::MetricInfo> metrics_;
  const bool prometheus_;
  std::shared_ptr<SelfCheckType::Source> source_;
  check::Run* run_ = nullptr;
};

}  // namespace

SelfCheckType::SelfCheckType() {
  check::ParamInfo naming;
  naming.name = "naming";
  naming.fallback = "otel";
  naming.has_fallback = true;
  naming.help = "Names and labels of the metrics: otel or prometheus. Default: the agent's naming.";
  params_.push_back(std::move(naming));
  for (const bool prometheus : {false, true})
    for (const Names& n : kNames)
      metrics_.push_back({prometheus ? n.prometheus : n.otel, n.unit, n.help, n.kind, n.type});
}

std::unique_ptr<check::Check> SelfCheckType::create(const config::CheckSpec& spec,
                                                    config::Problems& problems) {
  const config::Node* given = check::find_param(spec.params, "naming");
  const std::string& naming = given != nullptr ? given->text : spec.naming;
  if (!naming.empty() && naming != "otel" && naming != "prometheus") {
    problems.push_back({given != nullptr ? given->where : spec.where, spec.path + ".params.naming",
                        "must be otel or prometheus"});
    return nullptr;
  }
  return std::make_unique<SelfCheck>(metrics_, naming == "prometheus", source_);
}

}  // namespace virgo::agent
