// /proc/net/sockstat and sockstat6: "TCP: inuse 27 orphan 0 tw 23 alloc 31 mem 3".
#pragma once

#include <shared/text.hpp>

namespace plugin {

struct SockstatValue {
  std::string_view protocol;  // "TCP", "UDP6", "sockets"
  std::string_view field;     // "inuse"
  uint64_t value;
};

// Hands each pair of a whole line to visit(const SockstatValue&).
template <class Visit>
void each_sockstat(std::string_view text, Visit visit) {
  std::string_view line;
  while (take_line(text, &line)) {
    if (memchr(line.data(), ':', line.size()) == nullptr) continue;
    SockstatValue v{take_until(line, ':'), {}, 0};
    if (v.protocol.empty()) continue;
    while (!(v.field = take_word(line)).empty() && to_u64(take_word(line), &v.value)) visit(v);
  }
}

}  // namespace plugin
