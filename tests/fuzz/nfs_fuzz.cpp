// /proc/net/rpc/nfs
#include "nfs/operations.hpp"

#include "fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  plugin::NfsStats stats;
  plugin::parse_nfs(fuzz::text(data, size), &stats);
  fuzz::require(stats.known < 1u << plugin::kNfsNumbers);
  for (unsigned v = 0; v < plugin::kNfsVersions; ++v)
    fuzz::require(stats.counts[v] <= plugin::kMostOperations);
  return 0;
}
