// /proc/meminfo: "MemTotal:       16315440 kB", and since 2.6 "HugePages_Total: 0".
#pragma once

#include <shared/text.hpp>

namespace plugin {

struct MeminfoLine {
  std::string_view name;  // "Active(anon)"
  uint64_t value;         // bytes where is_bytes, else a number of things
  bool is_bytes;
};

// The next whole line that can be understood; false at the end. A line cut off in its
// number is not taken for a smaller one.
inline bool next_meminfo(std::string_view& text, MeminfoLine* out) {
  std::string_view line;
  while (take_line(text, &line)) {
    out->name = take_until(line, ':');
    if (out->name.empty() || !to_u64(take_word(line), &out->value)) continue;
    const std::string_view unit = take_word(line);
    if (!unit.empty() && unit != "kB") continue;
    out->is_bytes = !unit.empty();
    if (out->is_bytes) out->value = times(out->value, 1024);
    return true;
  }
  return false;
}

enum MeminfoField {
  kTotal,
  kFree,
  kAvailable,
  kBuffers,
  kCached,
  kShared,
  kReclaimable,
  kUnreclaimable,
  kDirty,
  kWriteback,
  kCommitted,
  kCommitLimit,
  kSwapTotal,
  kSwapFree,
  kMeminfoFields
};
constexpr std::string_view kMeminfoNames[] = {
    "MemTotal",     "MemFree",      "MemAvailable", "Buffers", "Cached",
    "Shmem",        "SReclaimable", "SUnreclaim",   "Dirty",   "Writeback",
    "Committed_AS", "CommitLimit",  "SwapTotal",    "SwapFree"};

// The fields that the checks know by name, in bytes.
struct Meminfo {
  uint64_t bytes[kMeminfoFields] = {};
  bool present[kMeminfoFields] = {};

  explicit Meminfo(std::string_view text) {
    MeminfoLine line;
    while (next_meminfo(text, &line)) {
      if (!line.is_bytes) continue;
      for (unsigned i = 0; i < kMeminfoFields; ++i)
        if (line.name == kMeminfoNames[i]) {
          bytes[i] = line.value;
          present[i] = true;
        }
    }
  }
};

}  // namespace plugin
