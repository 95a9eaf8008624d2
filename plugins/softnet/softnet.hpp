// /proc/net/softnet_stat: a line for each processor online, of hexadecimal numbers:
//
//   0035df1b 00000000 0000000a 00000000 ... 00000000 00000000 00000001 00000000 00000000
//
// Kernels differ in how many there are; what a column is stays as it is.
#pragma once

#include <shared/text.hpp>

namespace plugin {

enum SoftnetField {
  kProcessed,
  kDropped,
  kTimesSqueezed,
  kReceivedRps,  // since 2.6.35
  kFlowLimit,    // since 3.11
  kBacklog,      // since 5.10, and no counter
  kSoftnetFields
};
constexpr unsigned kSoftnetColumns[] = {0, 1, 2, 9, 10, 11};
constexpr unsigned kSoftnetCpuColumn = 12;  // since 5.10
constexpr unsigned kSoftnetLeast = 9;       // every kernel has these

struct SoftnetCpu {
  uint64_t cpu;     // the line's number where the kernel does not tell
  unsigned fields;  // how many of `values` there are
  uint64_t values[kSoftnetFields];
};

inline bool to_hex32(std::string_view word, uint64_t* out) {
  if (word.empty() || word.size() > 8) return false;
  uint64_t value = 0;
  for (const char c : word) {
    unsigned digit = 0;
    if (c >= '0' && c <= '9')
      digit = static_cast<unsigned>(c - '0');
    else if (c >= 'a' && c <= 'f')
      digit = static_cast<unsigned>(c - 'a') + 10;
    else
      return false;
    value = value * 16 + digit;
  }
  *out = value;
  return true;
}

// False when the line has too few numbers, or something else.
inline bool softnet_line(std::string_view line, uint64_t number, SoftnetCpu* out) {
  out->cpu = number;
  out->fields = 0;
  unsigned column = 0;
  for (;; ++column) {
    const std::string_view word = take_word(line);
    if (word.empty()) break;
    uint64_t value = 0;
    if (!to_hex32(word, &value)) return false;
    if (column == kSoftnetCpuColumn) out->cpu = value;
    if (out->fields < kSoftnetFields && column == kSoftnetColumns[out->fields])
      out->values[out->fields++] = value;
  }
  return column >= kSoftnetLeast;
}

// Hands `see` every processor in turn. False when the text is damaged.
template <class See>
bool each_softnet(std::string_view text, See see) {
  SoftnetCpu cpu{};
  for (uint64_t number = 0; !text.empty(); ++number) {
    std::string_view line;
    if (!take_line(text, &line) || !softnet_line(line, number, &cpu)) return false;
    see(cpu);
  }
  return true;
}

}  // namespace plugin
