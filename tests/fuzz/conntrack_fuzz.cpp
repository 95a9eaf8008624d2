// /proc/net/stat/nf_conntrack
#include "conntrack/conntrack_stats.hpp"

#include "fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  plugin::ConntrackTable table(fuzz::text(data, size));
  uint64_t counters[plugin::kConntrackCounters];
  while (table.next(counters))
    for (unsigned n = 0; n < plugin::kConntrackCounters; ++n)
      fuzz::require(table.has(n) || counters[n] == 0);
  return 0;
}
