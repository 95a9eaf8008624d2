// C++ objects inside userdata, so that a raised error cannot leak them: what a
// binding needs in a frame that can raise lies here instead. Loop thread only.
#pragma once

#include <lua.hpp>

#include <new>
#include <string>

namespace virgo::lua {

// A new T in a userdata with a collector, on top of the stack. `name` names the
// type T in this state's registry. May raise.
template <class T>
T& push_boxed(lua_State* L, const char* name) {
  if (luaL_newmetatable(L, name) != 0) {
    lua_pushcfunction(L, [](lua_State* l) {
      static_cast<T*>(lua_touserdata(l, 1))->~T();
      return 0;
    });
    lua_setfield(L, -2, "__gc");
  }
  void* memory = lua_newuserdata(L, sizeof(T));  // metatable, box
  T* object = new (memory) T();
  lua_insert(L, -2);  // box, metatable
  lua_setmetatable(L, -2);
  return *object;
}

// Leaves the userdata on the stack and returns the string in it. May raise.
std::string& push_scratch(lua_State* L);
// The one at `index`, or null if that is something else.
std::string* to_scratch(lua_State* L, int index);

}  // namespace virgo::lua
