// /proc/vmstat
#include "fuzz/fuzz.hpp"
#include "paging/vmstat.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const plugin::Vmstat v(fuzz::text(data, size));
  bool any = false;
  for (unsigned i = 0; i < plugin::kVmstatFields; ++i) {
    fuzz::require(v.present[i] || v.value[i] == 0);
    any = any || v.present[i];
  }
  fuzz::require(any == v.any);
  std::string_view rest = fuzz::text(data, size);
  plugin::VmstatLine line;
  while (plugin::next_vmstat(rest, &line)) {
    fuzz::require(!line.name.empty() && line.name.data() + line.name.size() <= rest.data());
    fuzz::require(!plugin::is_paging(line.name) || line.name[0] == 'p');
  }
  return 0;
}
