#include "lua/read_only.hpp"

#include <cstring>
#include <initializer_list>
#include <lua.hpp>

namespace virgo::lua {
namespace {

// Registry: what looks into bytecode, and the environment of chunks that write globals.
constexpr const char* kInspect = "virgo.inspect";
constexpr const char* kRefusing = "virgo.refusing";

// __newindex of a view. Upvalue 1: its name.
int refuse_member(lua_State* L) {
  const char* name = lua_tostring(L, lua_upvalueindex(1));
  const char* key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "?";
  return luaL_error(L, "%s.%s cannot be written: %s is read-only", name, key, name);
}

// __newindex of what stands for the globals.
int refuse_global(lua_State* L) {
  if (lua_type(L, 2) != LUA_TSTRING) return luaL_error(L, "_G is read-only");
  const char* name = lua_tostring(L, 2);
  return luaL_error(L, "global '%s' cannot be written; write local %s", name, name);
}

// A metatable that reads from the table at `index` and refuses with the function on
// top of the stack, which it replaces.
void push_refusing_meta(lua_State* L, int index) {
  lua_pushvalue(L, index);
  lua_createtable(L, 0, 3);  // refuse table meta
  lua_insert(L, -3);         // meta refuse table
  lua_setfield(L, -3, "__index");
  lua_setfield(L, -2, "__newindex");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
}

// Whether the table on top of the stack holds functions, and nothing else.
bool is_library(lua_State* L) {
  bool any = false;
  lua_pushnil(L);
  while (lua_next(L, -2) != 0) {
    any = true;
    const bool function = lua_isfunction(L, -1);
    lua_pop(L, 1);
    if (function) continue;
    lua_pop(L, 1);
    return false;
  }
  return any;
}

// The libraries in the table on top of the stack.
void make_members_read_only(lua_State* L, const char* name) {
  const int table = lua_gettop(L);
  lua_pushnil(L);
  while (lua_next(L, table) != 0) {  // key member
    if (lua_type(L, -2) == LUA_TSTRING && lua_istable(L, -1) && is_library(L)) {
      const char* full = lua_pushfstring(L, "%s.%s", name, lua_tostring(L, -2));
      lua_insert(L, -2);  // key full member
      make_read_only(L, full);
      lua_pushvalue(L, -3);
      lua_insert(L, -2);
      lua_rawset(L, table);  // an existing key: the traversal goes on
    }
    lua_pop(L, 1);
  }
}

// jit.util's funcbc and funck see what a function is made of.
void open_inspection(lua_State* L) {
  lua_getfield(L, LUA_REGISTRYINDEX, "_PRELOAD");
  lua_getfield(L, -1, "jit.util");
  lua_call(L, 0, 1);
  lua_createtable(L, 3, 0);  // preload util inspect
  lua_getfield(L, -2, "funcbc");
  lua_rawseti(L, -2, 1);
  lua_getfield(L, -2, "funck");
  lua_rawseti(L, -2, 2);
  // Which instruction it is that writes a global, this library says itself: it is the
  // second one here, behind the function's head and the loading of the 1.
  if (luaL_loadstring(L, "x = 1") != 0) lua_error(L);
  lua_rawgeti(L, -2, 1);
  lua_insert(L, -2);
  lua_pushinteger(L, 2);
  lua_call(L, 2, 1);
  lua_pushinteger(L, lua_tointeger(L, -1) & 0xff);
  lua_rawseti(L, -3, 3);
  lua_pop(L, 1);
  lua_setfield(L, LUA_REGISTRYINDEX, kInspect);
  lua_pop(L, 2);
}

// Calls entry `which` of the table at `inspect` with the function or prototype at
// `index` and n; one result.
void inspect(lua_State* L, int table, int which, int index, int n) {
  lua_rawgeti(L, table, which);
  lua_pushvalue(L, index);
  lua_pushinteger(L, n);
  lua_call(L, 2, 1);
}

// Whether the function or prototype on top of the stack, or one inside, has the
// instruction that writes a global. Refuses 64-bit numbers at that: they are of ffi.
bool writes_globals(lua_State* L, int table, int instruction) {
  luaL_checkstack(L, 8, "functions nested too deep");
  const int index = lua_gettop(L);
  bool writes = false;
  for (int pc = 1;; ++pc) {
    inspect(L, table, 1, index, pc);
    if (lua_isnil(L, -1)) break;
    if ((lua_tointeger(L, -1) & 0xff) == instruction) writes = true;
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  for (int n = -1;; --n) {
    inspect(L, table, 2, index, n);
    if (lua_isnil(L, -1)) break;
    const char* type = luaL_typename(L, -1);
    if (std::strcmp(type, "cdata") == 0)
      luaL_error(L, "numbers with LL, ULL or i at the end are not available here");
    if (std::strcmp(type, "proto") == 0 && writes_globals(L, table, instruction)) writes = true;
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return writes;
}

// Empty, reads from the globals, refuses to be written.
void push_refusing_environment(lua_State* L) {
  lua_getfield(L, LUA_REGISTRYINDEX, kRefusing);
  if (!lua_isnil(L, -1)) return;
  lua_pop(L, 1);
  lua_newtable(L);
  lua_pushcfunction(L, refuse_global);
  push_refusing_meta(L, LUA_GLOBALSINDEX);
  lua_setmetatable(L, -2);
  lua_pushvalue(L, -1);
  lua_setfield(L, LUA_REGISTRYINDEX, kRefusing);
}

}  // namespace

void make_read_only(lua_State* L, const char* name) {
  if (!lua_istable(L, -1)) return;
  luaL_checkstack(L, 10, "tables nested too deep");
  make_members_read_only(L, name);
  lua_newuserdata(L, 0);  // table view
  lua_pushstring(L, name);
  lua_pushcclosure(L, refuse_member, 1);
  push_refusing_meta(L, lua_gettop(L) - 2);
  lua_setmetatable(L, -2);
  lua_remove(L, -2);
}

int open_globals_view(lua_State* L) {
  lua_newuserdata(L, 0);
  lua_pushcfunction(L, refuse_global);
  push_refusing_meta(L, LUA_GLOBALSINDEX);
  lua_setmetatable(L, -2);
  return 1;
}

void protect_globals(lua_State* L) {
  for (const char* name : {"getfenv", "setfenv", "_G"}) {
    lua_pushnil(L);
    lua_setglobal(L, name);
  }
  lua_pushliteral(L, "");
  lua_getmetatable(L, -1);
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 2);
  open_inspection(L);
}

void confine_chunk(lua_State* L, int environment) {
  lua_getfield(L, LUA_REGISTRYINDEX, kInspect);
  lua_rawgeti(L, -1, 3);
  const int instruction = static_cast<int>(lua_tointeger(L, -1));
  lua_pop(L, 1);
  lua_pushvalue(L, -2);  // chunk inspect chunk
  const bool writes = writes_globals(L, lua_gettop(L) - 1, instruction);
  lua_pop(L, 2);
  if (environment != 0)
    lua_pushvalue(L, environment);
  else if (writes)
    push_refusing_environment(L);
  else
    return;
  lua_setfenv(L, -2);
}

int prepare_chunk(lua_State* L) {
  lua_settop(L, 1);
  lua_pushnil(L);
  while (lua_next(L, LUA_GLOBALSINDEX) != 0) {  // chunk name value
    if (lua_type(L, -2) == LUA_TSTRING && lua_istable(L, -1)) {
      make_read_only(L, lua_tostring(L, -2));
      lua_pushvalue(L, -2);
      lua_insert(L, -2);
      lua_rawset(L, LUA_GLOBALSINDEX);
    } else {
      lua_pop(L, 1);
    }
  }
  confine_chunk(L, 0);
  return 1;
}

}  // namespace virgo::lua
