// What /proc/stat counts besides processor time: "ctxt 19990781", "intr 14046379 0 0 ..."
// and "softirq 13191355 0 1323870 ...": first the total, then one number for each kind.
#pragma once

#include <shared/text.hpp>

namespace plugin {

// The kinds in the kernel's order, which has been the same since 2.6.32.
constexpr std::string_view kSoftirqs[] = {"hi",       "timer",   "net_tx", "net_rx",  "block",
                                          "irq_poll", "tasklet", "sched",  "hrtimer", "rcu"};
constexpr unsigned kSoftirqKinds = sizeof kSoftirqs / sizeof *kSoftirqs;

struct KernelStat {
  uint64_t context_switches = 0;
  uint64_t interrupts = 0;
  uint64_t softirqs[kSoftirqKinds] = {};
  bool has_context_switches = false;
  bool has_interrupts = false;
  bool has_softirqs = false;

  explicit KernelStat(std::string_view text) {
    std::string_view line;
    while (take_line(text, &line)) {
      if (starts_with(line, "cpu")) continue;
      const std::string_view name = take_word(line);
      if (name == "ctxt" && to_u64(take_word(line), &context_switches))
        has_context_switches = true;
      else if (name == "intr" && to_u64(take_word(line), &interrupts))
        has_interrupts = true;  // the rest of the line may be 50 KB
      else if (name == "softirq" && take_softirqs(line))
        has_softirqs = true;
    }
  }

 private:
  // All kinds or none: with fewer numbers than kinds nobody could tell which is which.
  bool take_softirqs(std::string_view line) {
    take_word(line);  // the total
    uint64_t counts[kSoftirqKinds] = {};
    for (uint64_t& count : counts)
      if (!to_u64(take_word(line), &count)) return false;
    for (unsigned i = 0; i < kSoftirqKinds; ++i) softirqs[i] = counts[i];
    return true;
  }
};

}  // namespace plugin
