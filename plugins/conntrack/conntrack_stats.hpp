// /proc/net/stat/nf_conntrack: a line with the names of the columns, then one for each
// processor with numbers in hexadecimal.
#pragma once

#include <shared/hex.hpp>

namespace plugin {

enum ConntrackCounter {
  kFound,
  kInvalid,
  kIgnore,
  kInsert,
  kInsertFailed,
  kDrop,
  kEarlyDrop,
  kSearchRestart,
  kConntrackCounters
};
constexpr std::string_view kConntrackNames[kConntrackCounters] = {
    "found",         "invalid", "ignore",     "insert",
    "insert_failed", "drop",    "early_drop", "search_restart"};

class ConntrackTable {
 public:
  // Takes the headings off the front of `text`.
  explicit ConntrackTable(std::string_view text) : rest_(text) {
    std::string_view headings;
    if (!take_line(rest_, &headings)) rest_ = {};
    for (uint8_t column = 0; column < kMostColumns; ++column) {
      const std::string_view name = take_word(headings);
      if (name.empty()) break;
      for (unsigned n = 0; n < kConntrackCounters; ++n)
        if (name == kConntrackNames[n]) column_[n] = column;
    }
  }
  // Whether this kernel counts it.
  bool has(unsigned counter) const { return column_[counter] != kNone; }
  // What the next processor has counted; false at the end. A column that is missing or
  // damaged is 0.
  bool next(uint64_t (&counters)[kConntrackCounters]) {
    std::string_view line;
    if (!take_line(rest_, &line)) return false;
    for (uint64_t& counter : counters) counter = 0;
    for (uint8_t column = 0; column < kMostColumns; ++column) {
      const std::string_view word = take_word(line);
      if (word.empty()) break;
      for (unsigned n = 0; n < kConntrackCounters; ++n)
        if (column_[n] == column && !hex_to_u64(word, &counters[n])) counters[n] = 0;
    }
    return true;
  }

 private:
  static constexpr uint8_t kMostColumns = 64;
  static constexpr uint8_t kNone = 255;
  std::string_view rest_;
  uint8_t column_[kConntrackCounters] = {kNone, kNone, kNone, kNone, kNone, kNone, kNone, kNone};
};

}  // namespace plugin
