// Where a Lua thread is, read without allocating in Lua, so that it also works
// in a state that is out of memory. Internal to lua/ and script/.
#pragma once

#include <cstddef>
#include <string>

struct lua_State;

namespace virgo::lua {

// "redis.lua:14", the innermost Lua line at or above `level` of `L`'s stack, or
// "" if there is none. Chunks of the host's own ("=virgo") are passed over.
std::string position(lua_State* L, int level = 0);
// The same without a C++ string; false if there is none.
bool position(lua_State* L, int level, char* out, std::size_t size);

// One frame a line, innermost first, at most 20.
std::string traceback(lua_State* L, int level = 0);

}  // namespace virgo::lua
