// /proc/mdstat
#include "mdraid/mdstat.hpp"

#include "fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest = fuzz::text(data, size);
  plugin::MdArray a;
  while (plugin::next_md_array(rest, &a)) {
    fuzz::require(!a.name.empty() && !a.state.empty());
    fuzz::require(a.failed <= a.devices && a.spare <= a.devices);
    fuzz::require(a.has_blocks || a.blocks == 0);
    fuzz::require(a.sync != plugin::MdSync::none || !a.has_progress);
    fuzz::require(a.name.data() + a.name.size() <= rest.data());
  }
  return 0;
}
