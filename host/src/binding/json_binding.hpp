// json for Lua: `json.decode(text)`, `json.encode(value)`, `json.null`,
// `json.array(table)`. Works in every kind of state. Loop thread only.
#pragma once

#include <string>

#include "json/value.hpp"

struct lua_State;

namespace virgo::binding {

// Leaves the library's table on the stack; to be called protected.
//
//   decode(text) -> value | nil, message   arrays remember that they are arrays,
//                                          also when empty; null is json.null
//   encode(value) -> text                  raises for functions, cycles, more
//                                          than 32 levels; an empty table is {}
//   array(table) -> table                  marks it to be written as [...]
int open_json(lua_State* L);

// Pushes `value` as decode() does. May raise.
void push_json(lua_State* L, const json::Value& value);

// Appends the value at `index` to `out` as encode() does. May raise; `out` must
// be owned by something that survives that (lua/scratch.hpp), and is empty then. The text
// has at most as many bytes as the state may have memory, and one value more.
void append_json(lua_State* L, int index, std::string& out);

}  // namespace virgo::binding
