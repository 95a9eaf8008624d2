// /proc/swaps, whose names are unescaped in place
#include "fuzz/fuzz.hpp"
#include "paging/swaps.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Writable text(data, size);
  plugin::Swaps swaps(text.data(), size);
  plugin::Swap swap;
  const char* last = text.data();
  while (swaps.next(&swap)) {
    fuzz::require(!swap.device.empty() && swap.device.data() >= last);
    fuzz::require(swap.size % 1024 == 0 || swap.size == UINT64_MAX);
    last = swap.device.data() + swap.device.size();
    fuzz::require(last <= text.data() + size);
  }
  return 0;
}
