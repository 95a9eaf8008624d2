// The lines on processes in /proc/stat.
#pragma once

#include <shared/text.hpp>

namespace plugin {

struct KernelStat {
  enum Field { kForks, kRunning, kBlocked, kBootTime, kFields };
  uint64_t value[kFields] = {};
  bool present[kFields] = {};

  explicit KernelStat(std::string_view text) {
    constexpr std::string_view kNames[] = {"processes", "procs_running", "procs_blocked", "btime"};
    std::string_view line;
    while (take_line(text, &line)) {
      const std::string_view name = take_word(line);
      for (unsigned i = 0; i < kFields; ++i)
        if (name == kNames[i]) present[i] = to_u64(trimmed(line), &value[i]);
    }
  }
};

}  // namespace plugin
