// What a Lua file says about a check: the table given to `virgo.check`, read and
// verified. Loop thread only.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "binding/permits.hpp"
#include "check/check.hpp"
#include "metric/sample.hpp"

struct lua_State;

namespace virgo::script {

// The newest level of the plugin API. A file that asks for a higher one is refused.
inline constexpr int kApiLevel = 1;

struct Declaration {
  std::string name;
  std::string summary;
  int api = kApiLevel;
  bool undeclared = false;  // it may emit metrics that are not among `metrics`
  // As written: "$name" stands for what a parameter says (LuaCheckType::grants).
  binding::Grants needs;
  // It runs by itself, so often, when the configuration has no check of the type; zero:
  // it does not.
  Duration interval{};
  std::vector<check::ParamInfo> params;     // by name
  std::vector<metric::MetricInfo> metrics;  // as written
};

// Reads the table at `index` without calling foreign code. The error says what
// is wrong with which field, and what was meant if that can be guessed.
Result<Declaration> read_declaration(lua_State* L, int index);

}  // namespace virgo::script
