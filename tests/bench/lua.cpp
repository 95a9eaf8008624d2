// lua: cost of a Lua check's run and memory, beside a native check and collectd's Lua plugin
//
// Usage: bench_lua [ROUNDS]. Runs go through the real scheduler, one tick after the other
// by a clock that is moved by hand; reports are thrown away. The native check and the Lua
// ones take turns, round by round; figures are medians of the rounds. collectd, if it is
// installed with what its Lua plugin needs, reads a script as fast as it can; its figure is
// the processor time of the process per read, until the values were written to nobody.
// lua/ has the cost of the budget.
#include <malloc.h>
#include <unistd.h>

#include <array>
#include <memory>

#include "base/child_process.hpp"
#include "bench/lua/budget.hpp"
#include "bench/lua/world.hpp"
#include "bench/measure.hpp"
#include "bench/native_plugin.hpp"
#include "native/host.hpp"
#include "native/module.hpp"
#include "native/native_check_type.hpp"
#include "schedule/scheduler.hpp"

namespace virgo::bench {
namespace {

constexpr std::uint32_t kSamples = 20;
constexpr int kRunsPerRound = 20'000;

// ---- the native check

void emit_some(const virgo_host* host, virgo_run run) {
  const virgo_label labels[] = {sdk::label("device", "eth0")};
  virgo_sample s{};
  s.type = VIRGO_U64;
  s.labels = {labels, 1, sizeof labels[0]};
  for (std::uint32_t i = 0; i < kSamples; ++i) {
    s.value.u64 = i;
    host->run->emit(host, run, &s, 1, sizeof s);
  }
}

// ---- the Lua checks

std::string declared(const std::string& name, const std::string& collect) {
  return "local check = virgo.check {\n  name = \"" + name +
         "\",\n  metrics = { { name = \"bench.value\" } },\n"
         "  needs = { read = { \"/proc/sys/kernel/tainted\" } },\n}\n"
         "function check:collect(run)\n" +
         collect + "end\n";
}

constexpr const char* kEmpty = "";
constexpr const char* kTwenty =
    "  for i = 1, 20 do run:emit(\"bench.value\", i, { device = \"eth0\" }) end\n";
constexpr const char* kKept =
    "  self.labels = self.labels or { device = \"eth0\" }\n"
    "  for i = 1, 20 do run:emit(\"bench.value\", i, self.labels) end\n";
struct Nobody final : metric::ReportSink {
  std::uint64_t samples = 0;
  metric::Status worst = metric::Status::ok;
  std::string why;
  void report(const metric::Report& report) override {
    samples += report.samples->size();
    if (report.status == metric::Status::ok) return;
    worst = report.status;
    why = report.explanation;
  }
  void gap(const metric::Gap&) override {}
};

// One check on a scheduler of its own.
class Ticking {
 public:
  Ticking(std::string name, std::unique_ptr<check::Check> check)
      : name_(std::move(name)), scheduler_(clock_, nobody_, "bench") {
    scheduler_.add({name_, name_, ""}, std::move(check),
                   {std::chrono::milliseconds(10), std::chrono::milliseconds(10), Duration(0)});
  }
  const std::string& name() const { return name_; }

  // Microseconds of one run.
  double round(int runs) {
    const double before = now_us();
    for (int i = 0; i < runs; ++i) {
      scheduler_.advance();
      clock_.advance(std::chrono::milliseconds(10));
    }
    return (now_us() - before) / runs;
  }
  std::string problem() const {
    return nobody_.worst == metric::Status::ok
               ? ""
               : std::string(metric::status_name(nobody_.worst)) + ": " + nobody_.why;
  }
  double samples_per_run() const {
    return static_cast<double>(nobody_.samples) / static_cast<double>(scheduler_.stats(0).runs);
  }

 private:
  const std::string name_;
  FakeClock clock_;
  Nobody nobody_;
  schedule::Scheduler scheduler_;
};

std::unique_ptr<Ticking> ticking(World& world, const std::string& name, const char* collect) {
  const std::string path = world.dir.file(name + ".lua");
  functional::write_file(path, declared(name, collect));
  script::LuaCheckType* type = world.load(path);
  return type == nullptr ? nullptr : std::make_unique<Ticking>(name, world.instance(*type));
}

// Medians of `rounds` rounds, in which the checks take turns.
std::vector<double> measure(const std::vector<Ticking*>& checks, int rounds) {
  std::vector<std::vector<double>> times(checks.size());
  for (Ticking* check : checks) check->round(2000);
  for (int r = 0; r < rounds; ++r)
    for (std::size_t i = 0; i < checks.size(); ++i)
      times[i].push_back(checks[i]->round(kRunsPerRound));
  std::vector<double> out;
  for (std::size_t i = 0; i < checks.size(); ++i) {
    out.push_back(percentile(times[i], 0.5));
    if (!checks[i]->problem().empty())
      std::printf("  %s: %s\n", checks[i]->name().c_str(), checks[i]->problem().c_str());
  }
  return out;
}

// ---- collectd

constexpr const char* kCollectdScript = R"(
local count, samples, began, at = 0, %d, nil, nil
local function read(name)
  count = count + 1
  for i = 1, samples do
    collectd.dispatch_values { host = "bench", plugin = "bench", plugin_instance = name,
      type = "gauge", type_instance = tostring(i), values = { i } }
  end
  if count == 2000 then began, at = os.clock(), count end
  if count == 12000 then
    io.stderr:write(("bench: %%f\n"):format((os.clock() - began) * 1e6 / (count - at)))
    os.execute("kill " .. io.open("/proc/self/stat"):read("*a"):match("^%%d+"))
  end
  return 0
end
for i = 1, 100 do
  collectd.register_read(function() return read("eth" .. i) end)
end
)";

// Microseconds of processor time of one read; 0 if it did not answer.
double collectd(int samples) {
  functional::TempDir dir;
  char script[2048];
  std::snprintf(script, sizeof script, kCollectdScript, samples);
  functional::write_file(dir.file("bench.lua"), script);
  functional::write_file(dir.file("collectd.conf"),
                         "BaseDir \"" + dir.file("") +
                             "\"\nTypesDB \"/usr/share/collectd/types.db\"\nInterval 0.01\n"
                             "ReadThreads 1\nWriteThreads 1\nPostCacheChain \"Drop\"\n"
                             "<Chain \"Drop\">\n  <Rule \"all\">\n    Target \"stop\"\n  </Rule>\n"
                             "</Chain>\nLoadPlugin lua\n<Plugin lua>\n"
                             "  BasePath \"" +
                             dir.path() + "\"\n  Script \"bench.lua\"\n</Plugin>\n");
  const auto done =
      run_child({"collectd", "-f", "-C", dir.file("collectd.conf"), "-P", dir.file("pid")},
                std::chrono::minutes(1));
  double out = 0;
  const std::size_t at = done ? done->err.find("bench: ") : std::string::npos;
  if (at == std::string::npos || std::sscanf(done->err.c_str() + at, "bench: %lf", &out) != 1)
    std::printf("  collectd did not answer: %s\n",
                done ? done->err.substr(0, 300).c_str() : done.error().message.c_str());
  return out;
}

// ---- memory

double private_kb() {
  malloc_trim(0);
  return rollup_kb(getpid(), "Private_Dirty:");
}

void run_once(check::Check& check) {
  FakeClock clock;
  Nobody nobody;
  struct Run final : check::Run {
    metric::SampleBuffer buffer;
    std::uint64_t number() const override { return 1; }
    TimePoint deadline() const override { return TimePoint::max(); }
    WallTime started() const override { return 1; }
    metric::SampleBuffer& samples() override { return buffer; }
    void explain(std::string_view) override {}
    void finish(metric::Status) override {}
  } run;
  check.start(run);
}

struct Memory {
  double file = 0;      // KB of one file with one instance that has run
  double instance = 0;  // of a further instance
};

Memory memory_of(const std::string& path) {
  constexpr int kFiles = 50;
  constexpr int kInstances = 1000;
  World world;
  std::vector<std::unique_ptr<check::Check>> checks;
  const auto add = [&](script::LuaCheckType& type) {
    checks.push_back(world.instance(type));
    if (checks.back() != nullptr) run_once(*checks.back());
  };
  Memory out;
  if (auto* warm = world.load(path)) add(*warm);
  double before = private_kb();
  for (int i = 0; i < kFiles; ++i)
    if (auto* type = world.load(path)) add(*type);
  out.file = (private_kb() - before) / kFiles;
  before = private_kb();
  for (int i = 0; i < kInstances; ++i) add(*world.types.back());
  out.instance = (private_kb() - before) / kInstances;
  checks.clear();
  return out;
}

// ---- the page

bool within(const char* what, double value, double mark, const char* unit) {
  std::printf("  %-58s %8.2f %s, mark %g: %s\n", what, value, unit, mark,
              value < mark ? "met" : "MISSED");
  return value < mark;
}

int bench(int rounds) {
  bool met = true;
  {
    uv::Loop loop;
    uv::WorkerPool pool{{.threads = 1}};
    native::Host host(loop, pool, system_clock(), {});
    NativePlugin plugin;
    auto module = native::Module::open(host, "bench.so", &plugin.module);
    if (!module) return 1;
    auto types = native::NativeCheckType::all_of(host, *module);
    config::CheckSpec spec;
    spec.name = "bench";
    config::Problems problems;
    Ticking native("native", (*types)[0]->create(spec, problems));

    World world;
    const auto empty = ticking(world, "empty", kEmpty);
    const auto twenty = ticking(world, "twenty", kTwenty);
    const auto kept = ticking(world, "kept", kKept);
    if (empty == nullptr || twenty == nullptr || kept == nullptr) return 1;
    NativePlugin::body = NativePlugin::nothing;
    const auto nothing = measure({&native, empty.get()}, rounds);
    NativePlugin::body = emit_some;
    const auto some = measure({&native, twenty.get(), kept.get()}, rounds);

    std::printf("one run through the scheduler, in microseconds of processor time\n");
    std::printf("  %-42s %10s %14s\n", "", "empty", "20 samples");
    std::printf("  %-42s %10.2f %14.2f\n", "native", nothing[0], some[0]);
    std::printf("  %-42s %10.2f %14.2f\n", "Lua, a table of labels for each sample", nothing[1],
                some[1]);
    std::printf("  %-42s %10s %14.2f\n", "Lua, one table of labels, kept", "", some[2]);
    const double reads[] = {collectd(0), collectd(kSamples)};
    std::printf("  %-42s %10.2f %14.2f\n", "collectd's Lua plugin, CPU per read", reads[0],
                reads[1]);
    std::printf("\n");
    met = within("an empty run beyond the native one", nothing[1] - nothing[0], 5, "us") && met;
    std::printf("  %-58s %8.2f us\n", "a run of 20 samples beyond the native one",
                some[1] - some[0]);
    std::printf("  %-58s %8.2f us\n", "the same with one table of labels", some[2] - some[0]);
  }
  std::printf("\nmemory, private dirty\n");
  const std::string shipped = functional::source_dir() + "/lua-plugins/tainted.lua";
  const Memory small = memory_of(shipped);
  met = within("per file (tainted.lua), with one instance", small.file, 60, "KB") && met;
  met = within("per further instance", small.instance, 10, "KB") && met;

  print_cost_of_budget(rounds);
  return met ? 0 : 1;
}

}  // namespace
}  // namespace virgo::bench

int main(int argc, char** argv) {
  return virgo::bench::bench(argc > 1 ? std::atoi(argv[1]) : 15);
}
