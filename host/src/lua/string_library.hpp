// The functions of `string` that match patterns, for plugin states: find, match,
// gmatch and gsub as in Lua 5.1, but a call can be stopped (pattern.hpp). Internal to lua/.
#pragma once

struct lua_State;

namespace virgo::lua {

// Puts them into the table on top of the stack. May raise.
void add_pattern_functions(lua_State* L);

// string.gsub(subject, pattern, replacement [, n])
int string_gsub(lua_State* L);

}  // namespace virgo::lua
