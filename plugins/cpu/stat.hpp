// The cpu lines of /proc/stat: "cpu  1000 20 300 ..." for the sum, then "cpu0 600 10 ..."
// for each processor online; and the list of a core's processors, "0,64" or "0-1".
#pragma once

#include <shared/text.hpp>

namespace plugin {

// In the order of the columns. Time given to guests is counted in user and nice already.
enum CpuColumn {
  kUserTime,
  kNiceTime,
  kSystemTime,
  kIdleTime,
  kIowaitTime,
  kIrqTime,
  kSoftirqTime,
  kStealTime,
  kGuestTime,
  kGuestNiceTime,
  kCpuColumns
};
constexpr unsigned kLeastCpuColumns = 4;  // every kernel has these

struct CpuLine {
  std::string_view name;  // "0"; "" for the sum
  uint64_t number = 0;    // the same as a number
  uint64_t ticks[kCpuColumns] = {};
  unsigned columns = 0;  // how many there are: an old kernel has fewer
};

// The next line. False where the cpu lines end, and for one that is damaged: `damaged`
// tells which.
inline bool next_cpu(std::string_view& text, CpuLine* out, bool* damaged) {
  *damaged = false;
  std::string_view line;
  if (!starts_with(text, "cpu") || !take_line(text, &line)) return false;
  *out = CpuLine();
  out->name = take_word(line);
  out->name.remove_prefix(3);
  if (!out->name.empty() && !to_u64(out->name, &out->number)) return false;
  while (out->columns < kCpuColumns && to_u64(take_word(line), &out->ticks[out->columns]))
    ++out->columns;
  *damaged = out->columns < kLeastCpuColumns;
  return !*damaged;
}

// Whether `number` is the first of the list: each core then has one that is.
inline bool is_first_of(std::string_view list, uint64_t number) {
  size_t digits = 0;
  while (digits < list.size() && list[digits] >= '0' && list[digits] <= '9') ++digits;
  uint64_t first = 0;
  return to_u64(list.substr(0, digits), &first) && first == number;
}

}  // namespace plugin
