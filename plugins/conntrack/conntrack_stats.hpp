// /proc/net/stat/nf_conntrack: a line with the names of the columns, then one for each
// processor with numbers in hexadecimal.
#pragma once

#include <shared/text.hpp>

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

// Hexadecimal digits and nothing else; a number too big is the biggest.
inline bool hex_to_u64(std::string_view word, uint64_t* out) {
  if (word.empty()) return false;
  uint64_t value = 0;
  for (const char c : word) {
    const unsigned digit = c >= '0' && c <= '9'   ? static_cast<unsigned>(c - '0')
                           : c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a') + 10
                                                  : 16;
    if (digit > 15) return false;
    value = value >> 60u != 0 ? UINT64_MAX : value << 4u | digit;
  }
  *out = value;
  return true;
}

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
