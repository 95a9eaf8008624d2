// Phases: at which moments of its interval each check of a host runs. They are stable per
// host and check, also across restarts. Hosts are spread over all of the splay; the checks
// of one host share eight moments of it, because each time the process wakes up costs about
// as much as a check. Plain value.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "schedule/timing.hpp"

namespace virgo::schedule {

class Phases {
 public:
  // `clock` outlives it.
  Phases(const Clock& clock, std::string host);

  // From now on: now itself when the splay is zero.
  TimePoint first_tick(const std::string& check, const Timing& timing) const;

 private:
  const Clock& clock_;
  const std::string host_;
  // One reading of both clocks, so that what shares a moment does so exactly.
  const TimePoint made_;
  const WallTime made_wall_;
};

}  // namespace virgo::schedule
