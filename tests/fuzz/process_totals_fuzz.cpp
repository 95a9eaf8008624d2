// /proc/stat, its lines on processes
#include "fuzz/fuzz.hpp"
#include "processes/kernel_stat.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const plugin::KernelStat stat(fuzz::text(data, size));
  for (unsigned i = 0; i < plugin::KernelStat::kFields; ++i)
    fuzz::require(!stat.present[i] || size > 6);
  return 0;
}
