// What the functions in Lua that match patterns share. Internal to lua/; all may raise.
#pragma once

#include <lua.hpp>
#include <string_view>

#include "lua/pattern.hpp"

namespace virgo::lua {

// The text argument `index`.
std::string_view check_text(lua_State* L, int index);

// A matcher that ends when the call into `L` is to be stopped.
Matcher make_matcher(lua_State* L, std::string_view subject, const Program& program);

// Whether it matched; raises for every other outcome than that and no match.
bool check_match(lua_State* L, const Matcher& matcher, Matcher::Outcome outcome);

// Capture `index`, which the pattern has, or the whole match for -1.
void push_capture(lua_State* L, const Program& program, const Matcher& matcher, int index);

// All captures; if there are none, the whole match. How many.
int push_captures(lua_State* L, const Program& program, const Matcher& matcher);

}  // namespace virgo::lua
