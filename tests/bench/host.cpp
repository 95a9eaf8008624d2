// The measuring half of host.sh: bench_host [SECONDS]. Three agents, one after the
// other, collect once a second what they know of the same host.
#include <cstring>
#include <functional>

#include "bench/peers.hpp"

namespace virgo::bench {
namespace {

struct Figures {
  double cpu = 0;    // us per collection
  double calls = 0;  // system calls per collection
};

// System calls of a process and its threads in `seconds`, by strace.
double system_calls(pid_t pid, int seconds, const std::function<void()>& each_second) {
  functional::TempDir dir;
  functional::Process strace({"strace", "-f", "-c", "-o", dir.file("calls"), "-p",
                              std::to_string(pid)},
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
  const int seconds = argc > 1 ? std::atoi(argv[1]) : 20;
  const Figures virgo = measure_virgo(seconds);
  const Figures collectd = measure_collectd(seconds);
  const Figures exporter = measure_node_exporter(seconds);
  std::printf("all checks of tier 1, once a second, %d s each\n\n", seconds);
  std::printf("%-30s %12s %14s %10s\n", "", "us CPU", "system calls", "virgo is");
  print_row("virgo, with TLS to an endpoint", virgo, virgo);
  print_row("collectd, writing nowhere", collectd, virgo);
  print_row("node_exporter, one scrape", exporter, virgo);
  std::printf("\nmarks: a quarter of collectd: %s; a tenth of node_exporter: %s\n",
              virgo.cpu <= collectd.cpu / 4 ? "met" : "NOT MET",
              virgo.cpu <= exporter.cpu / 10 ? "met" : "NOT MET");
  return 0;
}
