// The measuring half of footprint.sh: bench_footprint STATIC SHARED [SECONDS].
// Both builds report to the same endpoint, one after the other, with all checks of tier 1
// at 1 s over TLS; then collectd with what it has of these and write_http, and
// node_exporter scraped once a second. RSS is what PSS would be on a host where nothing
// else maps the same libraries; here the endpoint does.
#include "bench/peers.hpp"

namespace virgo::bench {
namespace {

struct Figures {
  double rss = 0;
  double pss = 0;
  double dirty = 0;
  double cpu = 0;  // ms per second
};

template <class EachSecond>
Figures measure(pid_t pid, int seconds, EachSecond each_second) {
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
  f.cpu = (cpu_ms(pid) - before) / seconds;
  f.rss = rollup_kb(pid, "Rss:") / 1024;
  f.pss = rollup_kb(pid, "Pss:") / 1024;
  f.dirty = rollup_kb(pid, "Private_Dirty:") / 1024;
  return f;
}

Figures measure_virgo(const std::string& binary, functional::Endpoint& endpoint, int seconds) {
  functional::TempDir dir;
  functional::write_file(dir.file("agent.yaml"), tier_1_yaml(endpoint));
  functional::Process agent({binary, "run", "-c", dir.file("agent.yaml")}, dir.file("agent"));
  const Figures f = measure(agent.pid(), seconds, [] {});
  agent.signal(SIGTERM);
  if (agent.wait() != 0) std::fputs(agent.err().c_str(), stderr);
  return f;
}

void print_row(const char* name, const Figures& f) {
  std::printf("%-26s %8.2f %8.2f %14.2f %10.2f\n", name, f.rss, f.pss, f.dirty, f.cpu);
}

const char* met(bool yes) {
  return yes ? "met" : "NOT MET";
}

}  // namespace
}  // namespace virgo::bench

int main(int argc, char** argv) {
  using namespace virgo::bench;
  if (argc < 3) {
    std::fputs("usage: bench_footprint STATIC_BINARY SHARED_BINARY [SECONDS]\n", stderr);
    return 2;
  }
  const int seconds = argc > 3 ? std::atoi(argv[3]) : 30;
  Figures fixed;
  Figures shared;
  {
    virgo::functional::Endpoint endpoint;
    endpoint.start();
    fixed = measure_virgo(argv[1], endpoint, seconds);
    shared = measure_virgo(argv[2], endpoint, seconds);
  }
  HttpSink sink;
  Figures collectd;
  {
    Collectd process(&sink);
    collectd = measure(process.process().pid(), seconds, [] {});
  }
  Figures node_exporter;
  {
    virgo::functional::Exporter exporter({"--collector.processes", "--collector.tcpstat"});
    node_exporter = measure(exporter.process().pid(), seconds, [&] { exporter.scrape(); });
  }
  std::printf("all checks of tier 1 at 1 s, %d s each\n\n", seconds);
  std::printf("%-26s %8s %8s %14s %10s\n", "", "RSS MiB", "PSS MiB", "private dirty", "CPU ms/s");
  print_row("virgo, static", fixed);
  print_row("virgo, shared libraries", shared);
  print_row("collectd, write_http", collectd);
  print_row("node_exporter, scraped", node_exporter);
  std::printf("%-26s %8.2f %8.2f %14.2f %10.2f\n", "virgo static / collectd",
              fixed.rss / collectd.rss, fixed.pss / collectd.pss, fixed.dirty / collectd.dirty,
              fixed.cpu / collectd.cpu);
  if (sink.taken() == 0) std::printf("collectd has sent nothing: is libcurl3-gnutls installed?\n");
  std::printf(
      "\nmarks: CPU under half of collectd's: %s; private dirty under 2.5 MB: %s; PSS of the "
      "static build under collectd's: %s\n",
      met(fixed.cpu < collectd.cpu / 2), met(fixed.dirty * 1.048576 < 2.5),
      met(fixed.pss < collectd.pss));
  return 0;
}
