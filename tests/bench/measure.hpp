// What the benchmarks share: an agent under measurement, figures of a process,
// percentiles. Built on the functional tests' world.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "functional/world.hpp"

namespace virgo::bench {

// Kilobytes of one line of /proc/PID/smaps_rollup, such as "Pss:".
inline double rollup_kb(pid_t pid, const std::string& name) {
  const std::string text = functional::read_file("/proc/" + std::to_string(pid) + "/smaps_rollup");
  const std::size_t at = text.find("\n" + name);
  return at == std::string::npos ? 0 : std::atof(text.c_str() + at + 1 + name.size());
}

// User and system time of a process so far, in milliseconds.
inline double cpu_ms(pid_t pid) {
  // Nanoseconds on the CPU of each thread: finer than the ticks of /proc/PID/stat.
  const std::string base = "/proc/" + std::to_string(pid) + "/task";
  double total = 0;
  const std::string list = [&] {
    std::string out;
    if (FILE* p = popen(("ls " + base).c_str(), "r")) {
      char line[64];
      while (std::fgets(line, sizeof line, p) != nullptr) out += line;
      pclose(p);
    }
    return out;
  }();
  std::size_t at = 0;
  for (std::size_t end = list.find('\n'); end != std::string::npos; end = list.find('\n', at)) {
    total += std::atof(
        functional::read_file(base + "/" + list.substr(at, end - at) + "/schedstat").c_str());
    at = end + 1;
  }
  return total / 1e6;
}

inline double percentile(std::vector<double> values, double p) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(p * static_cast<double>(values.size() - 1))];
}

}  // namespace virgo::bench
