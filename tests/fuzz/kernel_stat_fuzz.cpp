// /proc/stat
#include "fuzz/fuzz.hpp"
#include "kernel/stat.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = fuzz::text(data, size);
  const plugin::KernelStat stat(text);
  if (stat.has_context_switches) fuzz::require(text.find("ctxt") != std::string_view::npos);
  if (stat.has_interrupts) fuzz::require(text.find("intr") != std::string_view::npos);
  for (const uint64_t count : stat.softirqs) fuzz::require(stat.has_softirqs || count == 0);
  return 0;
}
