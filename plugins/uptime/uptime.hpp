// /proc/uptime: "30017.80 21688.09", the seconds since boot and those the processors
// together were idle; and the line "btime 1795404675" of /proc/stat.
#pragma once

#include <shared/text.hpp>

namespace plugin {

inline bool uptime_of(std::string_view text, double* seconds) {
  std::string_view line;
  return take_line(text, &line) && to_f64(take_word(line), seconds) && *seconds >= 0;
}

// When the host was booted, in unix seconds. The line of the interrupts in front of it
// may have tens of kilobytes and is skipped.
inline bool boot_time_of(std::string_view stat, uint64_t* unix_seconds) {
  std::string_view line;
  while (take_line(stat, &line))
    if (starts_with(line, "btime ")) return to_u64(trimmed(line.substr(6)), unix_seconds);
  return false;
}

}  // namespace plugin
