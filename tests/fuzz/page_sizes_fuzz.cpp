// A folder's name in /sys/kernel/mm/hugepages, and a file in it
#include "fuzz/fuzz.hpp"
#include "memory/page_sizes.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view name;
  uint64_t bytes = 0;
  if (plugin::page_size_of(fuzz::text(data, size), &name, &bytes)) {
    fuzz::require(name.size() > 2 && name.back() == 'B');
    fuzz::require(bytes % 1024 == 0 || bytes == UINT64_MAX);
  }
  uint64_t count = 0;
  if (plugin::page_count_of(fuzz::text(data, size), &count))
    fuzz::require(size >= 2 && data[0] >= '0' && data[0] <= '9');
  return 0;
}
