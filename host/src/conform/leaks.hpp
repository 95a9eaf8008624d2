// Does something that is done again and again hold more and more?
#pragma once

#include <functional>
#include <string>

#include "base/clock.hpp"

namespace virgo::conform {

class Report;

struct Rounds {
  unsigned warm_up = 0;   // before anything is measured: caches fill, pools grow
  unsigned rounds = 0;    // measured
  unsigned at_least = 0;  // else less is done when `time` is over
  Duration time{};
};

// Reports memory, descriptors and threads that grow in the first half of the rounds
// as well as in the second: what grows once is a cache. `what` is what `round` does;
// when it answers false there is nothing more to do, and nothing is reported.
void find_leaks(Report& report, const std::string& what, const Rounds& rounds,
                const std::function<bool()>& round);

}  // namespace virgo::conform
