// C++ objects as userdata of the native halves. Internal to runtime/.
#pragma once

#include <lua.hpp>
#include <new>
#include <utility>

namespace virgo::runtime {

// An object of T, collected with the userdata; its metatable `name` has `methods` as
// __index. Leaves it on the stack. May raise, before T is made.
template <class T, class... Args>
T& push_boxed(lua_State* L, const char* name, const luaL_Reg* methods, Args&&... args) {
  if (luaL_newmetatable(L, name) != 0) {
    lua_newtable(L);
    luaL_register(L, nullptr, methods);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, [](lua_State* l) {
      static_cast<T*>(lua_touserdata(l, 1))->~T();
      return 0;
    });
    lua_setfield(L, -2, "__gc");
    lua_pushboolean(L, 0);  // the metatable, and with it __gc, is out of reach
    lua_setfield(L, -2, "__metatable");
  }
  void* memory = lua_newuserdata(L, sizeof(T));  // metatable, box
  T* object = new (memory) T(std::forward<Args>(args)...);
  lua_insert(L, -2);  // box, metatable
  lua_setmetatable(L, -2);
  return *object;
}

// The first argument; raises if it is not one of those.
template <class T>
T& check_boxed(lua_State* L, const char* name) {
  return *static_cast<T*>(luaL_checkudata(L, 1, name));
}

}  // namespace virgo::runtime
