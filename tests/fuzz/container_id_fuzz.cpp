// The path of a cgroup
#include "cgroup/container_id.hpp"
#include "fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view id = plugin::container_id_of(fuzz::text(data, size));
  fuzz::require(id.empty() || id.size() == 64);
  return 0;
}
