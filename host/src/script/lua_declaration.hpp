// What a Lua file says about a check: the table given to `virgo.check`, read and
// verified. Loop thread only.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "check/check.hpp"
#include "metric/sample.hpp"

struct lua_State;

namespace virgo::script {

struct Declaration {
  std::string name;
  std::string summary;
  std::vector<check::ParamInfo> params;     // by name
  std::vector<metric::MetricInfo> metrics;  // as written
};

// Reads the table at `index` without calling foreign code. The error says what
// is wrong with which field, and what was meant if that can be guessed.
Result<Declaration> read_declaration(lua_State* L, int index);

}  // namespace virgo::script
