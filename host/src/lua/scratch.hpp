// C++ objects inside userdata, so that a raised error cannot leak them: what a
// binding needs in a frame that can raise lies here instead. Loop thread only.
#pragma once

#include <lua.hpp>

#include <new>
#include <string>

#include "lua/state.hpp"

namespace virgo::lua {

// A new T in a userdata with a collector, on top of the stack. `name` names the
// type T in this state's registry. May raise.
template <class T>
T& push_boxed(lua_State* L, const char* name) {
  {
    // Half a metatable, of memory that ran out in between, would leak every box to come.
    const HostWork unrefused(L);
    if (luaL_newmetatable(L, name) != 0) {
      lua_pushcfunction(L, [](lua_State* l) {
        static_cast<T*>(lua_touserdata(l, 1))->~T();
        return 0;
      });
      lua_setfield(L, -2, "__gc");
    }
  }
  void* memory = lua_newuserdata(L, sizeof(T));  // metatable, box
  T* object = new (memory) T();
  lua_insert(L, -2);  // box, metatable
  lua_setmetatable(L, -2);
  return *object;
}

// The same, as good as new, but one for all calls with this T in the state: for what may
// hold much and be left behind by an error, of which the collector sees the box only. Not
// for what a call still needs when another one with this T can have begun. May raise.
template <class T>
T& push_reused(lua_State* L, const char* name) {
  static char key;
  lua_pushlightuserdata(L, &key);
  lua_rawget(L, LUA_REGISTRYINDEX);
  if (auto* object = static_cast<T*>(lua_touserdata(L, -1)); object != nullptr) {
    object->~T();
    return *new (object) T();
  }
  lua_pop(L, 1);
  T& object = push_boxed<T>(L, name);
  lua_pushlightuserdata(L, &key);
  lua_pushvalue(L, -2);
  lua_rawset(L, LUA_REGISTRYINDEX);
  return object;
}

// Leaves the userdata on the stack and returns the string in it. May raise.
std::string& push_scratch(lua_State* L);
// The one at `index`, or null if that is something else.
std::string* to_scratch(lua_State* L, int index);

}  // namespace virgo::lua
