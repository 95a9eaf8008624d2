// schedule: lateness of 2,000 checks at 1 s beside bare libuv timers, and memory per instance
//
// Usage: bench_schedule [INSTANCES [SECONDS]]. Three agents one after the other:
// one instance of each kind; INSTANCES native ones more; INSTANCES Lua ones more.
// Then one with both, whose lateness is compared with as many plain libuv timers
// in this process at the same time.
#include <signal.h>
#include <unistd.h>
#include <uv.h>

#include <memory>

#include "bench/measure.hpp"

namespace virgo::bench {
namespace {

using functional::Endpoint;
using functional::Process;
using functional::TempDir;

struct Counts {
  int native;
  int lua;
};

std::string checks(const Counts& counts) {
  std::string text;
  for (int i = 0; i < counts.native; ++i)
    text += "  - {name: native-" + std::to_string(i) + ", type: memory}\n";
  for (int i = 0; i < counts.lua; ++i)
    text += "  - {name: lua-" + std::to_string(i) + ", type: tainted}\n";
  return text;
}

std::unique_ptr<Process> start_agent(Endpoint& endpoint, TempDir& dir, const Counts& counts) {
  functional::write_file(
      dir.file("agent.yaml"),
      functional::agent_yaml(endpoint, checks(counts),
                             "limits: {queue: 256MiB}\ndefaults: {interval: 1s}\n"));
  return std::make_unique<Process>(
      std::vector<std::string>{functional::virgo_binary(), "run", "-c", dir.file("agent.yaml")},
      dir.file("agent"));
}

// Private memory of an agent that has run for a while, in KiB.
double private_kb(const Counts& counts, int seconds) {
  Endpoint endpoint;
  endpoint.start();
  TempDir dir;
  auto agent = start_agent(endpoint, dir, counts);
  sleep(static_cast<unsigned>(seconds));
  const double kb = rollup_kb(agent->pid(), "Private_Dirty:");
  agent->signal(SIGTERM);
  agent->wait();
  return kb;
}

// As many bare timers of 1 s, phases spread, for `seconds`: their lateness in us.
std::vector<double> bare_timers(int count, int seconds) {
  struct Timer {
    uv_timer_t handle;
    std::uint64_t due;
    std::vector<double>* lateness;
  };
  uv_loop_t loop;
  uv_loop_init(&loop);
  std::vector<double> lateness;
  std::vector<Timer> timers(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    Timer& t = timers[static_cast<std::size_t>(i)];
    uv_timer_init(&loop, &t.handle);
    t.handle.data = &t;
    t.lateness = &lateness;
    const std::uint64_t first = static_cast<std::uint64_t>(i) * 1000u / count + 1;
    t.due = uv_hrtime() + first * 1'000'000;
    uv_timer_start(
        &t.handle,
        [](uv_timer_t* h) {
          auto* self = static_cast<Timer*>(h->data);
          const std::uint64_t now = uv_hrtime();
          self->lateness->push_back(now > self->due ? static_cast<double>(now - self->due) / 1000
                                                    : 0);
          self->due += 1'000'000'000;
        },
        first, 1000);
  }
  uv_timer_t end;
  uv_timer_init(&loop, &end);
  uv_timer_start(
      &end, [](uv_timer_t* h) { uv_stop(h->loop); }, static_cast<std::uint64_t>(seconds) * 1000, 0);
  uv_run(&loop, UV_RUN_DEFAULT);
  uv_walk(
      &loop, [](uv_handle_t* h, void*) { uv_close(h, nullptr); }, nullptr);
  uv_run(&loop, UV_RUN_DEFAULT);
  uv_loop_close(&loop);
  return lateness;
}

void print_row(const char* name, const std::vector<double>& us) {
  std::printf("  %-22s %8zu %10.0f %10.0f %10.0f\n", name, us.size(), percentile(us, 0.5),
              percentile(us, 0.99), percentile(us, 1));
}

int run(int instances, int seconds) {
  std::printf("%d native and %d Lua instances at 1 s\n", instances, instances);
  const double base = private_kb({1, 1}, 5);
  const double native = private_kb({1 + instances, 1}, 5);
  const double lua = private_kb({1, 1 + instances}, 5);
  std::printf("\nmemory (private dirty)     total KiB   per instance\n");
  std::printf("  1 native, 1 Lua          %9.0f\n", base);
  std::printf("  %5d native more        %9.0f   %8.2f KiB\n", instances, native,
              (native - base) / instances);
  std::printf("  %5d Lua more           %9.0f   %8.2f KiB\n", instances, lua,
              (lua - base) / instances);

  Endpoint endpoint;
  endpoint.start();
  TempDir dir;
  auto agent = start_agent(endpoint, dir, {instances, instances});
  sleep(2);
  const double before = cpu_ms(agent->pid());
  const std::vector<double> reference = bare_timers(2 * instances, seconds);
  const double used = cpu_ms(agent->pid()) - before;
  agent->signal(SIGTERM);
  agent->wait();

  std::vector<double> lateness;
  int gaps = 0;
  for (const json::Value& r : endpoint.records()) {
    if (r.find("gap") != nullptr)
      ++gaps;
    else
      lateness.push_back(functional::number_of(r, "late_us"));
  }
  std::printf("\nlateness (us)               runs        p50        p99        max\n");
  print_row("virgo", lateness);
  print_row("bare libuv timers", reference);
  std::printf("  ratio virgo / bare                %10.2f %10.2f %10.2f\n",
              percentile(lateness, 0.5) / percentile(reference, 0.5),
              percentile(lateness, 0.99) / percentile(reference, 0.99),
              percentile(lateness, 1) / percentile(reference, 1));
  std::printf("\nskipped ticks (gap records) %d\n", gaps);
  std::printf("CPU %.1f ms per second, %.1f us per run with its delivery\n", used / seconds,
              used * 1000 / seconds / (2 * instances));
  return 0;
}

}  // namespace
}  // namespace virgo::bench

int main(int argc, char** argv) {
  const int instances = argc > 1 ? std::atoi(argv[1]) : 1000;
  const int seconds = argc > 2 ? std::atoi(argv[2]) : 20;
  if (instances < 1 || seconds < 1) {
    std::fputs("usage: bench_schedule [INSTANCES [SECONDS]]\n", stderr);
    return 2;
  }
  return virgo::bench::run(instances, seconds);
}
