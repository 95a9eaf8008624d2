// /proc/mounts
#include "filesystem/proc_mounts.hpp"
#include "fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Writable text(data, size);
  std::string_view rest = text.view();
  std::string_view line;
  while (plugin::take_line(rest, &line)) {
    plugin::ProcMount m{};
    if (!plugin::parse_proc_mount(line, &m)) continue;
    fuzz::require(m.source + strlen(m.source) < line.data() + line.size());
    fuzz::require(m.point + strlen(m.point) < line.data() + line.size());
    fuzz::require(!m.options.empty());
    plugin::says_read_only(m.options);
  }
  return 0;
}
