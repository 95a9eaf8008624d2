// /proc/loadavg
#include "fuzz/fuzz.hpp"
#include "load/loadavg.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const plugin::Loadavg loads(fuzz::text(data, size));
  if (loads.whole)
    for (const double l : loads.load) fuzz::require(l >= 0 && __builtin_isfinite(l));
  return 0;
}
