// /proc/net/dev: "  eth0: 1234 56 0 0 0 0 0 0  7890 12 0 0 0 0 0 0", after two lines of
// headings.
#pragma once

#include "link.hpp"

namespace plugin {

// The next interface of which all columns are there; false at the end.
inline bool next_netdev(std::string_view& text, Link* link) {
  std::string_view line;
  while (take_line(text, &line)) {
    if (memchr(line.data(), ':', line.size()) == nullptr) continue;  // a heading
    const std::string_view name = trimmed(take_until(line, ':'));
    *link = Link{};
    if (name.empty() || name.size() >= sizeof link->name) continue;
    if (memchr(name.data(), '\0', name.size()) != nullptr) continue;
    memcpy(link->name, name.data(), name.size());
    unsigned n = 0;
    while (n < kNetdevColumns && to_u64(take_word(line), &link->counters[n])) ++n;
    if (n < kNetdevColumns) continue;
    link->has_counters = true;
    return true;
  }
  return false;
}

}  // namespace plugin
