// /proc/loadavg: "21.33 18.08 10.01 23/206 18543".
#pragma once

#include <shared/text.hpp>

namespace plugin {

struct Loadavg {
  double load[3] = {};  // of 1, 5 and 15 minutes
  bool whole = false;

  explicit Loadavg(std::string_view text) {
    std::string_view line;
    if (!take_line(text, &line)) return;
    for (double& l : load)
      if (!to_f64(take_word(line), &l) || l < 0) return;
    whole = true;
  }
};

}  // namespace plugin
