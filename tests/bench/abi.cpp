// abi: what the plugin ABI costs per sample and per run, beside a C++ virtual call and collectd
//
// Usage: bench_abi [COLLECTD_PLUGIN]. COLLECTD_PLUGIN is the folder with the plugin
// that abi.sh builds; it is loaded into a real collectd, which times its own
// plugin_dispatch_values(). All figures are medians of several rounds of this run.
#include <unistd.h>

#include <array>
#include <atomic>
#include <functional>
#include <new>

#include "base/child_process.hpp"
#include "bench/measure.hpp"
#include "bench/native_plugin.hpp"
#include "native/host.hpp"
#include "native/module.hpp"
#include "native/native_check_type.hpp"

namespace {
std::atomic<std::uint64_t> allocations = 0;
}

// Counts what the host, which is C++, allocates.
void* operator new(std::size_t size) {
  ++allocations;
  if (void* p = std::malloc(size)) return p;
  throw std::bad_alloc();
}
void operator delete(void* p) noexcept {
  std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
  std::free(p);
}

namespace virgo::bench {
namespace {

constexpr int kRounds = 15;
constexpr std::uint32_t kSamples = 200;  // of one run

double now_ns() {
  return static_cast<double>(system_clock().now().time_since_epoch().count());
}

// The median of what `round` answers.
double median(const std::function<double()>& round) {
  std::vector<double> times;
  for (int i = 0; i < kRounds; ++i) times.push_back(round());
  return percentile(times, 0.5);
}

class Run final : public check::Run {
 public:
  std::uint64_t number() const override { return 1; }
  TimePoint deadline() const override { return TimePoint::max(); }
  WallTime started() const override { return 1; }
  metric::SampleBuffer& samples() override { return samples_; }
  void explain(std::string_view) override {}
  void finish(metric::Status) override { samples_.clear(); }

 private:
  metric::SampleBuffer samples_{metric::SampleLimits{}};
};

// ---- What the plugin does.

void emit_each(const virgo_host* host, virgo_run run) {
  const virgo_label labels[] = {sdk::label("device", "eth0"), sdk::label("direction", "receive")};
  virgo_sample s{};
  s.type = VIRGO_U64;
  s.labels = {labels, 2, sizeof labels[0]};
  for (std::uint32_t i = 0; i < kSamples; ++i) {
    s.value.u64 = i;
    host->run->emit(host, run, &s, 1, sizeof s);
  }
}

void emit_together(const virgo_host* host, virgo_run run) {
  const virgo_label labels[] = {sdk::label("device", "eth0"), sdk::label("direction", "receive")};
  std::array<virgo_sample, 100> samples{};
  for (std::uint32_t i = 0; i < kSamples; i += 100) {
    for (std::uint32_t k = 0; k < 100; ++k) {
      samples[k].type = VIRGO_U64;
      samples[k].labels = {labels, 2, sizeof labels[0]};
      samples[k].value.u64 = i + k;
    }
    host->run->emit(host, run, samples.data(), 100, sizeof samples[0]);
  }
}

// ---- The reference: the same work behind a virtual function, no ABI between.

struct Sink {
  virtual ~Sink() = default;
  virtual bool add(std::uint64_t value, std::span<const metric::Label> labels) = 0;
};
struct BufferSink final : Sink {
  metric::MetricInfo info{"bench.value", "By", "", metric::Kind::counter, metric::Type::u64};
  metric::SampleBuffer buffer{metric::SampleLimits{}};
  bool add(std::uint64_t value, std::span<const metric::Label> labels) override {
    return buffer.add(info, metric::Value::of(value), labels) == metric::AddResult::ok;
  }
};
struct Collector {
  virtual ~Collector() = default;
  virtual int collect() = 0;
};
struct NoOp final : Collector {
  int collect() override { return 0; }
};

// Kept from the optimiser, so that the calls stay virtual.
template <class T>
T* opaque(T* object) {
  asm volatile("" : "+r"(object));
  return object;
}

double virtual_sample() {
  BufferSink buffer;
  const metric::Label labels[] = {{"device", "eth0"}, {"direction", "receive"}};
  return median([&] {
    const double before = now_ns();
    for (int n = 0; n < 1000; ++n) {
      for (std::uint32_t i = 0; i < kSamples; ++i) opaque<Sink>(&buffer)->add(i, labels);
      buffer.buffer.clear();
    }
    return (now_ns() - before) / (1000.0 * kSamples);
  });
}

double virtual_run() {
  NoOp check;
  return median([&] {
    const double before = now_ns();
    for (int n = 0; n < 1'000'000; ++n) opaque<Collector>(&check)->collect();
    return (now_ns() - before) / 1e6;
  });
}

struct Cost {
  double ns = 0;           // of one run
  double allocations = 0;  // of one run, in the steady state
};

Cost run_cost(check::Check& check, NativePlugin::Body what, int runs) {
  NativePlugin::body = what;
  Run run;
  for (int n = 0; n < 100; ++n) check.start(run);
  const std::uint64_t before = allocations;
  for (int n = 0; n < runs; ++n) check.start(run);
  const double each = static_cast<double>(allocations - before) / runs;
  const double ns = median([&] {
    const double begun = now_ns();
    for (int n = 0; n < runs; ++n) check.start(run);
    return (now_ns() - begun) / runs;
  });
  return {ns, each};
}

// Nanoseconds per value of collectd; 0 if it is not here.
struct Collectd {
  double caller = 0;
  double process = 0;
};
Collectd collectd(const std::string& folder) {
  functional::TempDir dir;
  functional::write_file(dir.file("collectd.conf"),
                         "BaseDir \"" + dir.file("") + "\"\nPluginDir \"" + folder +
                             "\"\nTypesDB \"/usr/share/collectd/types.db\"\n"
                             "LoadPlugin virgo_bench\n");
  const auto done =
      run_child({"collectd", "-f", "-C", dir.file("collectd.conf"), "-P", dir.file("pid")},
                std::chrono::minutes(2));
  Collectd out;
  const std::size_t at = done ? done->err.find("virgo_bench: ") : std::string::npos;
  if (at == std::string::npos ||
      std::sscanf(done->err.c_str() + at, "virgo_bench: %lf %lf", &out.caller, &out.process) != 2)
    std::printf("collectd did not answer:\n%s\n",
                done ? done->err.c_str() : done.error().message.c_str());
  return out;
}

void line(const char* what, double ns, double reference, const char* of) {
  std::printf("  %-58s %9.1f ns", what, ns);
  if (reference > 0) std::printf("   %6.2f x %s", ns / reference, of);
  std::printf("\n");
}

int bench(const std::string& collectd_folder) {
  uv::Loop loop;
  uv::WorkerPool pool{{.threads = 1}};
  native::Host host(loop, pool, system_clock(), {});
  NativePlugin plugin;
  auto module = native::Module::open(host, "bench.so", &plugin.module);
  if (!module) {
    std::fprintf(stderr, "%s\n", module.error().message.c_str());
    return 1;
  }
  auto types = native::NativeCheckType::all_of(host, *module);
  config::CheckSpec spec;
  spec.name = "bench";
  config::Problems problems;
  const auto check = (*types)[0]->create(spec, problems);

  const double sample_reference = virtual_sample();
  const double run_reference = virtual_run();
  const Cost each = run_cost(*check, &emit_each, 1000);
  const Cost together = run_cost(*check, &emit_together, 1000);
  const Cost empty = run_cost(*check, &NativePlugin::nothing, 100'000);
  const auto per_sample = [&empty](const Cost& cost) { return (cost.ns - empty.ns) / kSamples; };

  std::printf("per sample, of two labels, copied into the run's buffer\n");
  line("a C++ virtual call into the same buffer", sample_reference, 0, "");
  line("emit(), one sample a call", per_sample(each), sample_reference, "the virtual call");
  line("emit(), 100 samples a call", per_sample(together), sample_reference, "the virtual call");
  if (!collectd_folder.empty()) {
    const Collectd c = collectd(collectd_folder);
    line("collectd, plugin_dispatch_values(), the caller's thread", c.caller, per_sample(each),
         "emit()");
    line("collectd, the same, CPU of the process till written", c.process, per_sample(each),
         "emit()");
  }
  std::printf("per run that does nothing\n");
  line("a C++ virtual call", run_reference, 0, "");
  line("start() to finish(), through the ABI", empty.ns, run_reference, "the virtual call");
  std::printf("allocations by the host in the steady state, counted\n");
  std::printf("  %-58s %9.3f\n", "per sample, one a call", each.allocations / kSamples);
  std::printf("  %-58s %9.3f\n", "per sample, 100 a call", together.allocations / kSamples);
  std::printf("  %-58s %9.3f\n", "per run", empty.allocations);
  return each.allocations > 0 || together.allocations > 0 ? 1 : 0;
}

}  // namespace
}  // namespace virgo::bench

int main(int argc, char** argv) {
  return virgo::bench::bench(argc > 1 ? argv[1] : "");
}
