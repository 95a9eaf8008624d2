// /proc/PID/io
#include "fuzz/fuzz.hpp"
#include "processes/pid_io.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uint64_t read = 0;
  uint64_t written = 0;
  if (plugin::parse_pid_io(fuzz::text(data, size), &read, &written)) fuzz::require(size > 20);
  return 0;
}
