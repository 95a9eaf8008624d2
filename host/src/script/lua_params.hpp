// Parameters of a check between YAML and Lua. Loop thread only; outside of a
// running script (nothing here calls foreign code).
//
//   bool -> boolean    duration -> seconds (number)    list -> array of values
//   int, number -> number    size -> bytes (number)    map -> table by key
//   text -> string
#pragma once

#include <string>

#include "base/result.hpp"
#include "check/check.hpp"
#include "config/node.hpp"

struct lua_State;

namespace virgo::script {

// Pushes `node`, which has passed check::validate_params(), as what `param` is. What has no
// declared type is what YAML takes it for: 5 is a number, "5" a text.
void push_param(lua_State* L, const config::Node& node, const check::ParamInfo& param);

// Pushes the default: the value at `index` of a declaration, once verified. A copy, if
// it is a table. Whatever its script has put there since is harmless.
void push_default(lua_State* L, int index, check::ParamType type);

// The default at `index` as it would be written in YAML, or what is wrong with it: a table
// has 10,000 values at most, 32 deep.
Result<std::string> default_as_yaml(lua_State* L, int index, check::ParamType type);

// What is wrong with the values of the table at `index`, a default, if each is to be a
// `type`: bool, int, number or text.
Result<void> verify_items(lua_State* L, int index, check::ParamType type);

}  // namespace virgo::script
