// What a run measured, for people and for programs. Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "json/writer.hpp"
#include "schedule/solo_runner.hpp"

namespace virgo::cli {

// Tables of successive runs: counters have their rate from the second one on.
class OutcomePages {
 public:
  std::string next(const schedule::SoloRunner::Outcome& outcome);

 private:
  struct Reading {
    double value;
    WallTime at;
  };
  // Per second; "" if it cannot be told.
  std::string rate(const std::string& series, Reading now);
  std::map<std::string, Reading> counters_;
};

// One JSON object, on a line:
//   {"run", "type", "started_us", "duration_us", "status", "explanation",
//    "state", "state_reason": if the check judged what it measured,
//    "samples": [{"metric", "labels": {...}, "value", "unit", "kind", "type"}]}
// and what `more` adds.
std::string outcome_json(const schedule::SoloRunner::Outcome& outcome, const std::string& type,
                         const std::function<void(json::Writer&)>& more);

}  // namespace virgo::cli
