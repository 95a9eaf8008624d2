// What the processors did between two samples, in percent, as agent.cpu reports it: of
// each processor the shares of six kinds of time in their sum, averaged over them all.
#pragma once

#include "processors.hpp"

namespace plugin {

// The six; nice and softirq are none of them.
constexpr CpuColumn kShared[] = {kUserTime,   kSystemTime, kIdleTime,
                                 kIowaitTime, kIrqTime,    kStealTime};
constexpr unsigned kShares = sizeof kShared / sizeof kShared[0];
constexpr unsigned kIdleShare = 2;

struct Shares {
  double percent[kShares] = {};  // sums, until average() is called
  double usage = 0;
  double least_usage = 0;
  double most_usage = 0;
  uint64_t processors = 0;  // for which any time has passed

  void add(const uint64_t* before, const uint64_t* now) {
    double passed[kShares];
    double sum = 0;
    for (unsigned i = 0; i < kShares; ++i) {
      passed[i] = static_cast<double>(minus(now[kShared[i]], before[kShared[i]]));
      sum += passed[i];
    }
    if (!(sum > 0)) return;
    for (unsigned i = 0; i < kShares; ++i) percent[i] += 100 * passed[i] / sum;
    const double busy = 100 * (sum - passed[kIdleShare]) / sum;
    usage += busy;
    if (processors == 0 || busy < least_usage) least_usage = busy;
    if (processors == 0 || busy > most_usage) most_usage = busy;
    ++processors;
  }
  void average() {
    if (processors == 0) return;
    for (double& p : percent) p /= static_cast<double>(processors);
    usage /= static_cast<double>(processors);
  }
};

}  // namespace plugin
