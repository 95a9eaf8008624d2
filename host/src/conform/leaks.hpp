// Does something that is done again and again hold more and more?
#pragma once

#include <functional>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace virgo::conform {

class Report;

struct Rounds {
  unsigned warm_up = 0;   // before memory and threads are measured: caches fill, pools grow
  unsigned rounds = 0;    // measured
  unsigned at_least = 0;  // else less is done when `time` is over
  Duration time{};
};

// Reports memory, descriptors and threads that grow in the first half of the rounds
// as well as in the second: what grows once is a cache. Descriptors are looked at
// while warming up too, as they may run out long before the end. `what` is what
// `round` does and has done before: when it fails, that is reported as well.
//
// Raises this process's limit on descriptors.
void find_leaks(Report& report, const std::string& what, const Rounds& rounds,
                const std::function<Result<void>()>& round);

}  // namespace virgo::conform
