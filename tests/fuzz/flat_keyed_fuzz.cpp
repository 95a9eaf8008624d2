// cpu.stat, memory.stat and memory.events of a cgroup
#include "cgroup/flat_keyed.hpp"
#include "fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest = fuzz::text(data, size);
  plugin::KeyedLine line{};
  while (plugin::next_keyed(rest, &line))
    fuzz::require(!line.name.empty() && line.name.data() + line.name.size() < rest.data());
  return 0;
}
