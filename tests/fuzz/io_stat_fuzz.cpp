// io.stat of a cgroup
#include "cgroup/io_stat.hpp"
#include "fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uint64_t read = 0;
  uint64_t written = 0;
  const bool found = plugin::parse_io_stat(fuzz::text(data, size), &read, &written);
  fuzz::require(found || (read == 0 && written == 0));
  return 0;
}
