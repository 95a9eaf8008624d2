// /proc/PID/status: "Uid:\t0\t0\t0\t0", "VmSwap:\t       0 kB", and some fifty more.
#pragma once

#include <shared/text.hpp>

namespace plugin {

struct PidStatus {
  bool has_user = false;
  uint64_t user = 0;  // the effective one
  uint64_t swap = 0;  // bytes; kernel threads have no such line
  bool has_switches = false;
  uint64_t voluntary = 0;
  uint64_t involuntary = 0;

  explicit PidStatus(std::string_view text) {
    bool gave_way = false;
    bool was_stopped = false;
    std::string_view line;
    while (take_line(text, &line)) {
      const std::string_view name = take_until(line, ':');
      if (name == "Uid") {
        take_until(line, '\t');
        take_until(line, '\t');  // the real one
        has_user = to_u64(take_until(line, '\t'), &user);
      } else if (name == "VmSwap") {
        if (to_u64(take_word(line), &swap)) swap = times(swap, 1024);
      } else if (name == "voluntary_ctxt_switches") {
        gave_way = to_u64(take_word(line), &voluntary);
      } else if (name == "nonvoluntary_ctxt_switches") {
        was_stopped = to_u64(take_word(line), &involuntary);
      }
    }
    has_switches = gave_way && was_stopped;
  }
};

}  // namespace plugin
