// crowd: CPU and series of all tier-1 checks on a host with 2,000 processes and 500 interfaces
#include "functional/crowd.hpp"

#include <map>

#include "bench/peers.hpp"

int main(int argc, char** argv) {
  using namespace virgo::bench;
  namespace functional = virgo::functional;
  const int seconds = argc > 1 ? std::atoi(argv[1]) : 20;
  functional::Crowd crowd(2000, 500);
  if (!crowd.why().empty()) {
    std::fprintf(stderr, "crowd: %s\n", crowd.why().c_str());
    return 1;
  }
  functional::Endpoint endpoint;
  endpoint.start();
  functional::Agent agent;
  agent.start(tier_1_yaml(endpoint));
  sleep(4);
  const double before = cpu_ms(agent.process().pid());
  sleep(static_cast<unsigned>(seconds));
  const double cpu = (cpu_ms(agent.process().pid()) - before) / seconds;
  functional::Exporter exporter({"--collector.processes", "--collector.tcpstat"});
  exporter.scrape();
  const double exporter_before = cpu_ms(exporter.process().pid());
  const int scrapes = 5;
  for (int i = 0; i < scrapes; ++i) exporter.scrape();
  const double exporter_cpu = (cpu_ms(exporter.process().pid()) - exporter_before) / scrapes;

  std::map<std::string, std::pair<std::size_t, double>> last;  // series, us
  for (const auto& r : endpoint.records())
    if (r.find("gap") == nullptr)
      last[functional::text_of(r, "check")] = {r.find("samples")->items.size(),
                                               functional::number_of(r, "duration_us")};
  std::size_t series = 0;
  std::printf("2,000 processes, 500 network interfaces, all checks of tier 1, %d s\n\n", seconds);
  std::printf("%-16s %8s %12s\n", "check", "series", "last run us");
  for (const auto& [check, figures] : last) {
    std::printf("%-16s %8zu %12.0f\n", check.c_str(), figures.first, figures.second);
    series += figures.first;
  }
  std::printf("\n%-36s %8.2f ms CPU, %zu series\n", "virgo, one collection, TLS included", cpu,
              series);
  std::printf("%-36s %8.2f ms CPU; virgo is %.2f of it\n", "node_exporter, one scrape",
              exporter_cpu, cpu / exporter_cpu);
  std::printf("\nmark: under 50 ms of CPU: %s\n", cpu < 50 ? "met" : "NOT MET");
  return 0;
}
