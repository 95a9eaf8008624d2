// /proc/net/softnet_stat
#include "softnet/softnet.hpp"

#include "fuzz/fuzz.hpp"
#include "softnet/totals.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = fuzz::text(data, size);
  plugin::SoftnetTotals totals;
  for (int run = 0; run < 2; ++run) {
    totals.begin();
    plugin::each_softnet(text, [&](plugin::SoftnetCpu cpu) {
      fuzz::require(cpu.fields >= plugin::kReceivedRps && cpu.fields <= plugin::kSoftnetFields);
      fuzz::require(cpu.cpu <= UINT32_MAX);
      for (unsigned i = 0; i < cpu.fields; ++i) fuzz::require(cpu.values[i] <= UINT32_MAX);
      totals.carry(&cpu);
    });
    totals.end();
  }
  return 0;
}
