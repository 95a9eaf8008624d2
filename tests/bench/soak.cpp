// The measuring half of soak.sh: bench_soak [SCALE]. Memory of one process over many
// requests, TLS connections and timers; flat is what it has to be.
#include <signal.h>
#include <unistd.h>

#include <sstream>

#include "bench/server.hpp"

namespace virgo::bench {
namespace {

// RSS in KiB over units done.
struct Course {
  std::vector<double> done;
  std::vector<double> rss;

  void add(double at, double kib) {
    done.push_back(at);
    rss.push_back(kib);
  }
  // Least squares, in bytes per unit.
  double slope() const {
    const auto n = static_cast<double>(done.size());
    double sx = 0;
    double sy = 0;
    double sxx = 0;
    double sxy = 0;
    for (std::size_t i = 0; i < done.size(); ++i) {
      sx += done[i];
      sy += rss[i];
      sxx += done[i] * done[i];
      sxy += done[i] * rss[i];
    }
    const double d = n * sxx - sx * sx;
    return d == 0 ? 0 : (n * sxy - sx * sy) / d * 1024;
  }
  void print(const char* unit) const {
    for (std::size_t i = 0; i < done.size(); ++i)
      std::printf("  after %10.0f %-12s RSS %8.0f KiB\n", done[i], unit, rss[i]);
    if (done.size() > 2) {
      // The first is warming up.
      Course rest;
      for (std::size_t i = 1; i < done.size(); ++i) rest.add(done[i], rss[i]);
      std::printf("  slope %.4f bytes per %s, %+.0f KiB from the second to the last\n",
                  rest.slope(), unit, rss.back() - rss[1]);
    }
    std::fflush(stdout);
  }
};

void requests(double count) {
  std::printf("HTTP requests\n");
  const Certificate tls;
  Running server(virgo_server("hello", tls));
  if (!server.ok()) return;
  Course course;
  double total = 0;
  wrk(server, "hello", 1);
  course.add(0, server.rss() * 1024);
  while (total < count) {
    const std::string text = wrk(server, "hello", count < 1e6 ? 2 : 20);
    const double done = requests_of(text);
    if (done <= 0) break;
    total += done;
    course.add(total, server.rss() * 1024);
  }
  course.print("requests");
}

void connections(double count) {
  std::printf("TLS connections, one request each\n");
  const Certificate tls;
  Running server(virgo_server("https", tls));
  if (!server.ok()) return;
  Course course;
  constexpr int kParts = 10;
  for (int part = 0; part <= kParts; ++part) {
    course.add(part * count / kParts, server.rss() * 1024);
    if (part == kParts) break;
    functional::TempDir dir;
    functional::Process clients(
        {"/usr/bin/taskset", "-c", "1", functional::virgo_binary(), "lua",
         functional::source_dir() + "/tests/bench/soak/tls_clients.lua",
         std::to_string(static_cast<long>(count / kParts)), std::to_string(server.port())},
        dir.file("clients"));
    while (clients.running()) usleep(100'000);
    if (clients.wait() != 0) std::fputs(clients.err().c_str(), stderr);
  }
  course.print("connections");
}

void timers(double count) {
  std::printf("timers\n");
  functional::TempDir dir;
  functional::Process program(
      {functional::virgo_binary(), "lua", functional::source_dir() + "/tests/bench/soak/timers.lua",
       std::to_string(static_cast<long>(count))},
      dir.file("timers"));
  while (program.running()) usleep(100'000);
  if (program.wait() != 0) std::fputs(program.err().c_str(), stderr);
  Course course;
  std::istringstream lines(program.out());
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("open", 0) == 0) {
      std::printf("  handles left open: %s\n", line.c_str() + 5);
      continue;
    }
    double at = 0;
    double bytes = 0;
    if (std::sscanf(line.c_str(), "%lf %lf", &at, &bytes) == 2) course.add(at, bytes / 1024);
  }
  course.print("timers");
}

}  // namespace
}  // namespace virgo::bench

int main(int argc, char** argv) {
  using namespace virgo::bench;
  const double scale = argc > 1 ? std::atof(argv[1]) : 1;
  timers(1e6 * scale);
  requests(1e7 * scale);
  connections(1e5 * scale);
  return 0;
}
