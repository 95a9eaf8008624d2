// /proc/uptime, and btime of /proc/stat
#include "uptime/uptime.hpp"

#include "fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = fuzz::text(data, size);
  double seconds = -1;
  if (plugin::uptime_of(text, &seconds)) fuzz::require(seconds >= 0 && __builtin_isfinite(seconds));
  uint64_t boot = 0;
  if (plugin::boot_time_of(text, &boot))
    fuzz::require(text.find("btime ") != std::string_view::npos);
  return 0;
}
