// The measuring half of host.sh: bench_host [SECONDS]. Three agents, one after the
// other, collect once a second what they know of the same host.
#include <functional>
#include <memory>
#include <set>

#include "agent/check_types.hpp"
#include "bench/peers.hpp"
#include "config/load.hpp"
#include "schedule/solo_runner.hpp"

namespace virgo::bench {
namespace {

struct Figures {
  double cpu = 0;    // us per collection
  double calls = 0;  // system calls per collection
};

// System calls of a process and its threads in `seconds`, by strace.
double system_calls(pid_t pid, int seconds, const std::function<void()>& each_second) {
  functional::TempDir dir;
  functional::Process strace(
      {"/usr/bin/strace", "-f", "-c", "-o", dir.file("calls"), "-p", std::to_string(pid)},
      dir.file("strace"));
  sleep(1);  // attaching
  for (int i = 0; i < seconds; ++i) {
    each_second();
    sleep(1);
  }
  strace.signal(SIGINT);
  strace.wait();
  // The last line: "100.00    0.012345           4      3012        17 total"
  const std::string table = functional::read_file(dir.file("calls"));
  const auto total = table.rfind(" total");
  if (total == std::string::npos) return 0;
  const auto line = table.rfind('\n', total);
  double percent = 0;
  double time = 0;
  double usecs = 0;
  double calls = 0;
  if (std::sscanf(table.c_str() + line, "%lf %lf %lf %lf", &percent, &time, &usecs, &calls) < 4)
    return 0;
  return calls / (seconds + 1);
}

Figures measure(pid_t pid, int seconds, const std::function<void()>& each_second) {
  for (int i = 0; i < 4; ++i) {  // start-up is not what is measured
    each_second();
    sleep(1);
  }
  const double before = cpu_ms(pid);
  for (int i = 0; i < seconds; ++i) {
    each_second();
    sleep(1);
  }
  Figures f;
  f.cpu = (cpu_ms(pid) - before) * 1000 / seconds;
  f.calls = system_calls(pid, 5, each_second);
  return f;
}

// Runs all checks that ship in config/agent.yaml once a second, and does nothing with
// what they find, as a collectd without a writer does. A process of its own, for strace.
// `only`: names of those to run; empty for all.
int collect_only(const std::set<std::string>& only) {
  config::Sources sources = config::process_sources();
  sources.prefix = std::string(VIRGO_BINARY).substr(0, std::string(VIRGO_BINARY).rfind("/bin/"));
  const config::Loaded loaded =
      config::load(std::string(VIRGO_SOURCE_DIR) + "/config/agent.yaml", sources);
  uv::Loop loop;
  agent::CheckTypes types(loop, system_clock(), loaded.spec);
  config::Problems problems;
  std::vector<std::unique_ptr<check::Check>> checks;
  std::vector<std::unique_ptr<schedule::SoloRunner>> runners;
  for (const config::CheckSpec& spec : loaded.spec.checks) {
    if (!only.empty() && only.count(spec.name) == 0) continue;
    auto check = types.registry().create(spec, problems);
    if (check == nullptr) continue;
    runners.push_back(std::make_unique<schedule::SoloRunner>(loop, system_clock(), *check));
    checks.push_back(std::move(check));
  }
  for (const config::Problem& p : problems) std::fputs((to_string(p) + "\n").c_str(), stderr);
  for (;;) {
    for (const auto& runner : runners) runner->run(std::chrono::seconds(1));
    sleep(1);
  }
}

// What peers.hpp's collectd reads as well.
const std::vector<std::string> kAsCollectd = {
    "cpu",     "load",      "memory",    "paging",    "disk",   "filesystem", "network",
    "sockets", "protocols", "conntrack", "processes", "uptime", "kernel",     "file_handles"};

Figures measure_collecting(int seconds, const std::vector<std::string>& only = {}) {
  functional::TempDir dir;
  std::vector<std::string> command{"/proc/self/exe", "--collect"};
  command.insert(command.end(), only.begin(), only.end());
  functional::Process process(command, dir.file("collect"));
  const Figures f = measure(process.pid(), seconds, [] {});
  std::fputs(process.err().c_str(), stderr);
  return f;
}

Figures measure_virgo(int seconds) {
  functional::Endpoint endpoint;
  endpoint.start();
  functional::Agent agent;
  agent.start(tier_1_yaml(endpoint));
  const Figures f = measure(agent.process().pid(), seconds, [] {});
  agent.process().signal(SIGTERM);
  if (agent.process().wait() != 0) std::fputs(agent.err().c_str(), stderr);
  return f;
}

Figures measure_collectd(int seconds) {
  Collectd collectd(nullptr);
  return measure(collectd.process().pid(), seconds, [] {});
}

Figures measure_node_exporter(int seconds) {
  functional::Exporter exporter({"--collector.processes", "--collector.tcpstat"});
  return measure(exporter.process().pid(), seconds, [&] { exporter.scrape(); });
}

void print_row(const char* name, const Figures& f, const Figures& virgo) {
  std::printf("%-30s %12.0f %14.0f %10.2f\n", name, f.cpu, f.calls, virgo.cpu / f.cpu);
}

}  // namespace
}  // namespace virgo::bench

int main(int argc, char** argv) {
  using namespace virgo::bench;
  if (argc > 1 && std::string(argv[1]) == "--collect") return collect_only({argv + 2, argv + argc});
  const int seconds = argc > 1 ? std::atoi(argv[1]) : 20;
  const Figures virgo = measure_collecting(seconds);
  const Figures same = measure_collecting(seconds, kAsCollectd);
  const Figures whole = measure_virgo(seconds);
  const Figures collectd = measure_collectd(seconds);
  const Figures exporter = measure_node_exporter(seconds);
  std::printf("all checks of tier 1, once a second, %d s each\n\n", seconds);
  std::printf("%-30s %12s %14s %10s\n", "", "us CPU", "system calls", "virgo is");
  print_row("virgo, all 20 checks", virgo, virgo);
  print_row("virgo, schedule and TLS as well", whole, virgo);
  print_row("virgo, the 14 collectd has", same, same);
  print_row("collectd, writing nowhere", collectd, same);
  print_row("node_exporter, one scrape", exporter, virgo);
  std::printf("\nmarks: a quarter of collectd: %s; a tenth of node_exporter: %s\n",
              same.cpu <= collectd.cpu / 4 ? "met" : "NOT MET",
              virgo.cpu <= exporter.cpu / 10 ? "met" : "NOT MET");
  return 0;
}
