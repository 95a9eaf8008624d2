// The measuring half of footprint.sh: bench_footprint STATIC SHARED [SECONDS].
// Both builds report to the same endpoint, one after the other, with the five
// checks of the quickstart at 1 s over TLS. RSS is what PSS would be on a host
// where nothing else maps the same libraries; here the endpoint does.
#include <signal.h>
#include <unistd.h>

#include "bench/measure.hpp"

namespace virgo::bench {
namespace {

struct Figures {
  double rss = 0;
  double pss = 0;
  double dirty = 0;
  double cpu = 0;  // ms per second
};

Figures measure(const std::string& binary, functional::Endpoint& endpoint, int seconds) {
  functional::TempDir dir;
  functional::write_file(dir.file("agent.yaml"),
                         functional::agent_yaml(endpoint,
                                                "  - cpu\n  - memory\n  - filesystem\n  - uptime\n"
                                                "  - {name: tcp, params: {host: 127.0.0.1, port: " +
                                                    std::to_string(endpoint.port()) + "}}\n",
                                                "defaults: {interval: 1s}\n"));
  functional::Process agent({binary, "run", "-c", dir.file("agent.yaml")}, dir.file("agent"));
  sleep(3);  // start-up is not what is measured
  const double before = cpu_ms(agent.pid());
  sleep(static_cast<unsigned>(seconds));
  Figures f;
  f.cpu = (cpu_ms(agent.pid()) - before) / seconds;
  f.rss = rollup_kb(agent.pid(), "Rss:") / 1024;
  f.pss = rollup_kb(agent.pid(), "Pss:") / 1024;
  f.dirty = rollup_kb(agent.pid(), "Private_Dirty:") / 1024;
  agent.signal(SIGTERM);
  if (agent.wait() != 0) std::fputs(agent.err().c_str(), stderr);
  return f;
}

void print_row(const char* name, const Figures& f) {
  std::printf("%-18s %8.2f %8.2f %14.2f %10.2f\n", name, f.rss, f.pss, f.dirty, f.cpu);
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
  virgo::functional::Endpoint endpoint;
  endpoint.start();
  const Figures fixed = measure(argv[1], endpoint, seconds);
  const Figures shared = measure(argv[2], endpoint, seconds);
  std::printf("five checks at 1 s over TLS, %d s each\n\n", seconds);
  std::printf("%-18s %8s %8s %14s %10s\n", "build", "RSS MiB", "PSS MiB", "private dirty",
              "CPU ms/s");
  print_row("static", fixed);
  print_row("shared", shared);
  std::printf("%-18s %8.2f %8.2f %14.2f %10.2f\n", "static / shared", fixed.rss / shared.rss,
              fixed.pss / shared.pss, fixed.dirty / shared.dirty, fixed.cpu / shared.cpu);
  return 0;
}
