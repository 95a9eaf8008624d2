// /proc/net/rpc/nfs: "rpc 2026112301 4711 2026112999" and for each version of the
// protocol "proc3 22 0 1061909262 ...", how many numbers follow and then those.
#pragma once

#include <shared/text.hpp>

namespace plugin {

// Of the lines "net" and "rpc".
enum NfsNumber {
  kNetAll,
  kNetUdp,
  kNetTcp,
  kNetConnections,
  kRpcCalls,
  kRpcRetransmissions,
  kRpcAuthRefreshes,
  kNfsNumbers
};

// Numbers of the versions 2, 3 and 4: procedures, and for 4 the operations as the Linux
// client counts them. In the kernel's order, which only ever grows at its end.
constexpr unsigned kNfsVersions = 3;
constexpr unsigned kMostOperations = 70;

struct NfsStats {
  uint64_t numbers[kNfsNumbers];
  uint32_t known;  // bit n: numbers[n] is set
  uint64_t operations[kNfsVersions][kMostOperations];
  unsigned counts[kNfsVersions];  // how many of them there are

  bool knows(NfsNumber n) const { return (known >> n & 1u) != 0; }
};

inline void parse_nfs_numbers(std::string_view line, unsigned first, unsigned end, NfsStats* out) {
  for (unsigned n = first; n < end; ++n) {
    if (!to_u64(take_word(line), &out->numbers[n])) return;
    out->known |= 1u << n;
  }
}

// Whole lines only; what is not understood is left out.
inline void parse_nfs(std::string_view text, NfsStats* out) {
  *out = NfsStats{};
  std::string_view line;
  while (take_line(text, &line)) {
    const std::string_view name = take_word(line);
    if (name == "net") parse_nfs_numbers(line, kNetAll, kRpcCalls, out);
    if (name == "rpc") parse_nfs_numbers(line, kRpcCalls, kNfsNumbers, out);
    if (name.size() != 5 || !starts_with(name, "proc") || name[4] < '2' || name[4] > '4') continue;
    const unsigned version = static_cast<unsigned>(name[4] - '2');
    uint64_t most = 0;
    if (!to_u64(take_word(line), &most)) continue;
    unsigned n = 0;
    while (n < kMostOperations && n < most && to_u64(take_word(line), &out->operations[version][n]))
      ++n;
    out->counts[version] = n;
  }
}

}  // namespace plugin
