// /proc/vmstat: "pgfault 864824891", a line each.
#pragma once

#include <shared/text.hpp>

namespace plugin {

struct VmstatLine {
  std::string_view name;
  uint64_t value;
};

// The next whole line that can be understood.
inline bool next_vmstat(std::string_view& text, VmstatLine* out) {
  std::string_view line;
  while (take_line(text, &line)) {
    out->name = take_word(line);
    if (!out->name.empty() && to_u64(take_word(line), &out->value)) return true;
  }
  return false;
}

enum VmstatField {
  kFaults,
  kMajorFaults,
  kPagedIn,
  kPagedOut,
  kSwappedIn,
  kSwappedOut,
  kVmstatFields
};
constexpr std::string_view kVmstatNames[] = {"pgfault", "pgmajfault", "pgpgin",
                                             "pgpgout", "pswpin",     "pswpout"};

// The fields of paging that the checks know by name.
struct Vmstat {
  uint64_t value[kVmstatFields] = {};
  bool present[kVmstatFields] = {};
  bool any = false;

  explicit Vmstat(std::string_view text) {
    VmstatLine line;
    while (next_vmstat(text, &line))
      for (unsigned i = 0; i < kVmstatFields; ++i)
        if (line.name == kVmstatNames[i]) {
          value[i] = line.value;
          present[i] = any = true;
        }
  }
};

// Whether node_exporter reports the field by default, oom_kill apart.
inline bool is_paging(std::string_view name) {
  if (starts_with(name, "pgpg") || starts_with(name, "pswp")) return true;
  return starts_with(name, "pg") && name.find("fault", 2) != std::string_view::npos;
}

}  // namespace plugin
