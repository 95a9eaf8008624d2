// What the machine does not let a process do, which is not that one's doing.
#pragma once

#include <sys/types.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace virgo::functional {

// Milliseconds for which the main thread of `pid` could have run and was not let, beyond
// what every switch between processes takes.
inline double starved_ms(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/schedstat");
  double ran = 0, waited = 0, times = 0;
  stat >> ran >> waited >> times;
  return std::max(0.0, waited / 1e6 - times * 0.05);
}

}  // namespace virgo::functional
