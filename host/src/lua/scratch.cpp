#include "lua/scratch.hpp"

namespace virgo::lua {
namespace {

constexpr const char* kString = "virgo.scratch.string";

}  // namespace

std::string& push_scratch(lua_State* L) {
  return push_boxed<std::string>(L, kString);
}

std::string* to_scratch(lua_State* L, int index) {
  if (lua_type(L, index) != LUA_TUSERDATA || lua_getmetatable(L, index) == 0) return nullptr;
  luaL_getmetatable(L, kString);
  const bool same = lua_rawequal(L, -1, -2) != 0;
  lua_pop(L, 2);
  return same ? static_cast<std::string*>(lua_touserdata(L, index)) : nullptr;
}

}  // namespace virgo::lua
