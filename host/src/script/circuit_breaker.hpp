// CircuitBreaker: a check that meets its limits again and again is not run for a while,
// then tried once; each time it fails again the while doubles. Plain value.
//
//   closed --three runs in succession over a limit--> open (1 min) --> half-open: one run
//     ^------------------- a run within its limits -------------------------|
//                            open (twice as long, at most 1 h) <--- over a limit again
#pragma once

#include <string>

#include "base/clock.hpp"
#include "check/check.hpp"

namespace virgo::script {

class CircuitBreaker {
 public:
  static constexpr unsigned kStrikes = 3;
  static constexpr Duration kFirstPause = std::chrono::minutes(1);
  static constexpr Duration kLongestPause = std::chrono::hours(1);

  // A run met a limit: which, and its value. True if this has opened the circuit.
  bool exceeded(TimePoint now, std::string limit, std::string value);
  void kept_within();

  // Set while runs are refused.
  bool is_open(TimePoint now) const { return strikes_ >= kStrikes && now < until_; }
  check::Suspension suspension() const { return {limit_, value_, until_, strikes_}; }
  // "suspended: 3 runs in succession reached limits.lua_memory (8MiB); tried again in 40s"
  std::string sentence(TimePoint now) const;

 private:
  unsigned strikes_ = 0;
  Duration pause_{};
  TimePoint until_{};
  std::string limit_;
  std::string value_;
};

}  // namespace virgo::script
