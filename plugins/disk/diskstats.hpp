// /proc/diskstats: "8 0 sda 1 2 3 4 5 6 7 8 9 10 11", since Linux 4.18 with four numbers
// for discards, since 5.5 with two for flushes. Linux 2.6 had lines with four numbers for
// partitions.
#pragma once

#include <shared/text.hpp>

namespace plugin {

enum DiskField {
  kReads,
  kReadsMerged,
  kReadSectors,
  kReadMs,
  kWrites,
  kWritesMerged,
  kWrittenSectors,
  kWriteMs,
  kInFlight,
  kIoMs,
  kWeightedMs,
  kDiscards,
  kDiscardsMerged,
  kDiscardedSectors,
  kDiscardMs,
  kFlushes,
  kFlushMs,
  kDiskFields
};

constexpr uint64_t kSectorSize = 512;  // whatever the disk's is

struct DiskLine {
  uint64_t major;
  uint64_t minor;
  std::string_view name;
  uint64_t values[kDiskFields];
  bool present[kDiskFields];
};

// False when the line is not of this form.
inline bool parse_diskstats(std::string_view line, DiskLine* d) {
  *d = {};
  if (!to_u64(take_word(line), &d->major) || !to_u64(take_word(line), &d->minor)) return false;
  d->name = take_word(line);
  uint64_t numbers[kDiskFields];
  unsigned count = 0;
  for (; count < kDiskFields; ++count) {
    const std::string_view word = take_word(line);
    if (word.empty()) break;
    if (!to_u64(word, &numbers[count])) return false;
  }
  if (d->name.empty()) return false;
  const auto take = [&](DiskField field, unsigned i) {
    d->values[field] = numbers[i];
    d->present[field] = true;
  };
  if (count == 4) {
    take(kReads, 0);
    take(kReadSectors, 1);
    take(kWrites, 2);
    take(kWrittenSectors, 3);
    return true;
  }
  if (count < kDiscards) return false;
  for (unsigned i = 0; i < count; ++i) take(static_cast<DiskField>(i), i);
  return true;
}

}  // namespace plugin
