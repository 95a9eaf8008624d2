// A file of /proc/pressure: "some avg10=0.00 avg60=0.00 avg300=0.00 total=0", and the same
// for "full".
#pragma once

#include <shared/text.hpp>

namespace plugin {

constexpr unsigned kPsiWindows = 3;
constexpr std::string_view kPsiWindowKeys[] = {"avg10", "avg60", "avg300"};

struct PsiLine {
  std::string_view stall;          // "some" or "full"
  double share[kPsiWindows] = {};  // of the window's time, 0 to 1
  bool has_share[kPsiWindows] = {};
  uint64_t total_us = 0;
};

// The next line that has a total; others are passed over.
inline bool next_psi(std::string_view& text, PsiLine* out) {
  std::string_view line;
  while (take_line(text, &line)) {
    *out = PsiLine();
    out->stall = take_word(line);
    bool has_total = false;
    while (!line.empty()) {
      std::string_view value = take_word(line);
      const std::string_view key = take_until(value, '=');
      if (key == "total") has_total = to_u64(value, &out->total_us);
      for (unsigned i = 0; i < kPsiWindows; ++i) {
        if (key != kPsiWindowKeys[i] || !to_f64(value, &out->share[i])) continue;
        out->share[i] /= 100;
        out->has_share[i] = true;
      }
    }
    if (has_total && (out->stall == "some" || out->stall == "full")) return true;
  }
  return false;
}

}  // namespace plugin
