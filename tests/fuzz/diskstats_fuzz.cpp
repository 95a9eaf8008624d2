// /proc/diskstats
#include "disk/disk_filter.hpp"
#include "disk/disk_states.hpp"
#include "fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest = fuzz::text(data, size);
  std::string_view line;
  plugin::DiskStates states;
  states.begin();
  while (plugin::take_line(rest, &line)) {
    plugin::DiskLine d;
    if (!plugin::parse_diskstats(line, &d)) continue;
    fuzz::require(!d.name.empty() && d.present[plugin::kReads] && d.present[plugin::kWrites]);
    for (unsigned i = 0; i < plugin::kDiskFields; ++i)
      fuzz::require(d.present[i] || d.values[i] == 0);
    plugin::looks_like_partition(d.name);
    bool is_new = false;
    if (plugin::DiskState* s = states.of(d, &is_new); s != nullptr)
      plugin::DiskStates::unwrap(*s, d);
  }
  states.end();
  return 0;
}
