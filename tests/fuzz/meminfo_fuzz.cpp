// /proc/meminfo
#include "fuzz/fuzz.hpp"
#include "memory/meminfo.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const plugin::Meminfo m(fuzz::text(data, size));
  for (unsigned i = 0; i < plugin::kMeminfoFields; ++i)
    fuzz::require(m.present[i] || m.bytes[i] == 0);
  std::string_view rest = fuzz::text(data, size);
  plugin::MeminfoLine line;
  while (plugin::next_meminfo(rest, &line))
    fuzz::require(!line.name.empty() && line.name.data() + line.name.size() <= rest.data());
  return 0;
}
