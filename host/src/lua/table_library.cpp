#include "lua/table_library.hpp"

#include <cstring>
#include <lua.hpp>

namespace virgo::lua {
namespace {

// In Lua, so that the watchdog can stop it between any two comparisons: LuaJIT's sort
// is one call into C, and comparing two long texts already takes a while. Shell's way
// of sorting, because it recurses nowhere, needs no memory, and ends whatever a
// comparison function says.
//
// LuaJIT's insert moves elements down to any position given, such as -2^31.
constexpr const char* kSource = R"lua(
local raw_insert, type, error, select, tonumber, getmetatable, rawget, rawset = ...
local gaps = { 1, 4, 10, 23, 57, 132, 301, 701, 1577, 3548, 7983, 17961, 40412, 90927, 204585,
               460316, 1035711, 2330349 }

local function sort_values(t, n)
  for g = #gaps, 1, -1 do
    local gap = gaps[g]
    for i = gap + 1, n do
      local value, j = t[i], i - gap
      while j > 0 and value < t[j] do
        t[j + gap] = t[j]
        j = j - gap
      end
      t[j + gap] = value
    end
  end
end

local function sort_by(t, n, less)
  for g = #gaps, 1, -1 do
    local gap = gaps[g]
    for i = gap + 1, n do
      local value, j = t[i], i - gap
      while j > 0 and less(value, t[j]) do
        t[j + gap] = t[j]
        j = j - gap
      end
      t[j + gap] = value
    end
  end
end

-- What is compared without a function must be all numbers, all texts, or have __lt.
local function unlike(t, n)
  local kind = type(t[1])
  for i = 2, n do
    if type(t[i]) ~= kind then return kind, type(t[i]) end
  end
  if kind == "boolean" or kind == "nil" or kind == "function" then return kind, kind end
end

local function sort(t, less)
  if type(t) ~= "table" then
    error("bad argument #1 to 'sort' (table expected, got " .. type(t) .. ")", 2)
  end
  if less ~= nil and type(less) ~= "function" then
    error("bad argument #2 to 'sort' (function expected, got " .. type(less) .. ")", 2)
  end
  local n, target = #t, t
  if getmetatable(t) ~= nil then
    target = {}
    for i = 1, n do target[i] = rawget(t, i) end
  end
  if less then
    sort_by(target, n, less)
  elseif n > 1 then
    local one, other = unlike(target, n)
    if one then error("attempt to compare " .. one .. " with " .. other, 2) end
    sort_values(target, n)
  end
  if target ~= t then
    for i = 1, n do rawset(t, i, target[i]) end
  end
end

local function insert(t, ...)
  if type(t) ~= "table" then
    error("bad argument #1 to 'insert' (table expected, got " .. type(t) .. ")", 2)
  end
  if select("#", ...) == 2 then
    local position = tonumber((...))
    if position and not (position >= 1 and position < 2 ^ 31) then
      error("bad argument #2 to 'insert' (position out of bounds)", 2)
    end
  end
  return raw_insert(t, ...)
end

return sort, insert
)lua";

}  // namespace

int open_table_library(lua_State* L) {
  lua_pushcfunction(L, luaopen_table);
  lua_pushliteral(L, LUA_TABLIBNAME);
  lua_call(L, 1, 0);
  lua_getglobal(L, LUA_TABLIBNAME);  // table
  if (luaL_loadbuffer(L, kSource, std::strlen(kSource), "=virgo") != 0) return lua_error(L);
  lua_getfield(L, -2, "insert");
  static const char* const needed[] = {"type",         "error",  "select", "tonumber",
                                       "getmetatable", "rawget", "rawset"};
  for (const char* name : needed) lua_getglobal(L, name);
  lua_call(L, 8, 2);  // table sort insert
  lua_setfield(L, -3, "insert");
  lua_setfield(L, -2, "sort");
  return 1;
}

}  // namespace virgo::lua
