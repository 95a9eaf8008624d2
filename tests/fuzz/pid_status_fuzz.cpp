// /proc/PID/status
#include "fuzz/fuzz.hpp"
#include "processes/pid_status.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const plugin::PidStatus status(fuzz::text(data, size));
  fuzz::require(status.has_user || status.user == 0 || size > 8);
  fuzz::require(status.swap % 1024 == 0 || status.swap == UINT64_MAX);
  return 0;
}
