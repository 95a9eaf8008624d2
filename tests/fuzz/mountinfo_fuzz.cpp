// /proc/self/mountinfo
#include "filesystem/filter.hpp"
#include "fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Writable text(data, size);
  std::string_view rest = text.view();
  std::string_view line;
  while (plugin::take_line(rest, &line)) {
    plugin::Mount m{};
    if (!plugin::parse_mountinfo(line, &m)) continue;
    // Names may hold a NUL of the input; what is pointed at ends within the line.
    fuzz::require(m.point + strlen(m.point) < line.data() + line.size());
    fuzz::require(m.source.data() + m.source.size() < line.data() + line.size());
    fuzz::require(!m.type.empty());
    const plugin::Filter filter;
    filter.wants(m);
    plugin::exporter_leaves_out(m);
    plugin::may_hang(m.type);
  }
  return 0;
}
