// The names in /sys/devices/system/cpu
#include "cpufreq/cpus.hpp"
#include "fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = fuzz::text(data, size);
  uint32_t number = 0;
  if (plugin::cpu_number(text, &number))
    fuzz::require(text.size() > 3 && text.find_first_not_of("0123456789", 3) == text.npos);
  return 0;
}
