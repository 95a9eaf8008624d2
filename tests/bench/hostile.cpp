// All plugins of tests/lua/hostile, each every 10 s, beside ten good checks at 100 ms,
// through the real agent. Marks: a script is stopped within 200 ms of its budget, and the others
// are less than 50 ms late in 99 of 100 ticks.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "functional/hostile_world.hpp"
#include "measure.hpp"

namespace virgo::bench {
namespace {

using namespace functional;

constexpr double kBudget = 20;  // ms
constexpr double kStopMark = 200;
constexpr double kLateMark = 50;

struct Figures {
  std::vector<double> overrun;  // ms beyond the budget, of stopped runs
  std::vector<double> late;     // ms, of the good checks' ticks
  double ticks = 0;
  double missing = 0;
};

// A run that never waited: its duration is the time it held the loop.
bool held_the_loop(const json::Value& record, const Hostile& hostile) {
  return hostile.name != "endless_after_wait" && text_of(record, "status") == "limit" &&
         text_of(record, "message").find("stopped after") != std::string::npos;
}

Figures figures_of(const HostileWorld& world) {
  Figures out;
  const auto records = world.endpoint.records();
  for (const Hostile& h : world.all)
    for (const json::Value* r : reports_of(records, h.name))
      if (held_the_loop(*r, h)) out.overrun.push_back(number_of(*r, "duration_us") / 1e3 - kBudget);
  for (int i = 0; i < kGoodChecks; ++i) {
    double last = 0;
    for (const json::Value* r : reports_of(records, good_check(i))) {
      const double run = number_of(*r, "run");
      if (last > 0) out.missing += run - last - 1;
      last = run;
      ++out.ticks;
      out.late.push_back(number_of(*r, "late_us") / 1e3);
    }
  }
  return out;
}

void print(const Figures& f, double before, double after) {
  std::printf("%-44s %10s %10s %10s %8s\n", "milliseconds", "p50", "p99", "worst", "mark");
  std::printf("%-44s %10.1f %10.1f %10.1f %8.0f\n", "stopped after the budget of 20 ms by",
              percentile(f.overrun, 0.5), percentile(f.overrun, 0.99), percentile(f.overrun, 1),
              kStopMark);
  std::printf("%-44s %10.1f %10.1f %10.1f %8.0f\n", "ten good checks at 100 ms are late by",
              percentile(f.late, 0.5), percentile(f.late, 0.99), percentile(f.late, 1), kLateMark);
  std::printf("%zu runs stopped; %.0f ticks of good checks, %.0f skipped\n", f.overrun.size(),
              f.ticks, f.missing);
  std::printf("resident memory %.1f MiB without the hostile checks, %.1f MiB at the end\n", before,
              after);
  const bool met = percentile(f.overrun, 1) <= kStopMark && percentile(f.late, 0.99) <= kLateMark;
  std::printf("marks %s\n", met ? "met" : "MISSED");
}

int run(int seconds) {
  HostileWorld quiet;
  quiet.endpoint.start();
  const std::string limits = "{lua_budget: 20ms, queue: 256MiB}";
  quiet.start(false, limits);
  std::this_thread::sleep_for(std::chrono::seconds(2));
  const double before = quiet.resident_mib();
  quiet.agent.process().signal(SIGTERM);
  quiet.agent.process().wait();

  HostileWorld world;
  world.endpoint.start();
  world.start(true, limits, 10'000);
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  const double after = world.resident_mib();
  world.agent.process().signal(SIGTERM);
  world.agent.process().wait();
  print(figures_of(world), before, after);
  return 0;
}

}  // namespace
}  // namespace virgo::bench

int main(int argc, char** argv) {
  return virgo::bench::run(argc > 1 ? std::atoi(argv[1]) : 35);
}
