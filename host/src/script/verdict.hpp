// Verdict: what code of a check has come to, in the terms of a report. Plain value.
#pragma once

#include <string>

#include "lua/failure.hpp"
#include "metric/report.hpp"
#include "script/lua_run.hpp"

struct lua_State;

namespace virgo::script {

struct Verdict {
  metric::Status status = metric::Status::ok;
  std::string text{};
  std::string param{};  // configure(): which one is wrong; may be ""
  std::string limit{};  // Status::limit: the option, and its value
  std::string value{};
};

// Of an error that was raised, or a limit that has ended it.
Verdict verdict_of(const lua::Failure& failure);
// Of results, the one at `first` and the next: nil or false, and a reason, are a failure
// that was not raised. Raises nothing.
Verdict verdict_of_results(lua_State* L, int first);
// Of what a run has met without being ended by it; ok if nothing.
Verdict verdict_of_bounds(const LuaRun& run);
Verdict verdict_of_samples(const metric::SampleBuffer& samples);

}  // namespace virgo::script
