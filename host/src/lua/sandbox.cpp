#include "lua/sandbox.hpp"

#include <cstring>
#include <lua.hpp>

#include "lua/coroutine.hpp"
#include "lua/read_only.hpp"
#include "lua/string_library.hpp"
#include "lua/table_library.hpp"

namespace virgo::lua {
namespace {

constexpr std::size_t kMaxLoad = std::size_t{64} * 1024;
constexpr const char* kLazy = "virgo.lazy";  // registry: name -> opener

void open_library(lua_State* L, int (*open)(lua_State*), const char* name) {
  lua_pushcfunction(L, open);
  lua_pushstring(L, name);
  lua_call(L, 1, 0);
}

void remove_globals(lua_State* L, const char* const* names) {
  for (; *names != nullptr; ++names) {
    lua_pushnil(L);
    lua_setglobal(L, *names);
  }
}

// Nothing keeps what the library table of `name` held.
void forget_loaded(lua_State* L, const char* name) {
  lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
  lua_pushnil(L);
  lua_setfield(L, -2, name);
  lua_pop(L, 1);
}

// load(text [, chunk name [, mode [, environment]]])
int load_text(lua_State* L) {
  std::size_t size = 0;
  const char* text = luaL_checklstring(L, 1, &size);
  const char* name = luaL_optstring(L, 2, "=(load)");
  lua_settop(L, 4);
  lua_getglobal(L, "_G");
  const bool own = !lua_isnil(L, 4) && lua_rawequal(L, 4, 5) == 0;
  if (own) luaL_checktype(L, 4, LUA_TTABLE);
  if (size > kMaxLoad) {
    lua_pushnil(L);
    lua_pushfstring(L, "the text is too long: %d bytes, at most %d", static_cast<int>(size),
                    static_cast<int>(kMaxLoad));
    return 2;
  }
  if (luaL_loadbufferx(L, text, size, name, "t") != 0) {
    lua_pushnil(L);
    lua_insert(L, -2);
    return 2;  // nil, message
  }
  confine_chunk(L, own ? 4 : 0);
  return 1;
}

int collect_garbage(lua_State* L) {
  static const char* const names[] = {"collect", "count", "step", nullptr};
  switch (luaL_checkoption(L, 1, "collect", names)) {
    case 0:
      lua_gc(L, LUA_GCCOLLECT, 0);
      break;
    case 1:
      lua_pushnumber(L, lua_gc(L, LUA_GCCOUNT, 0) + lua_gc(L, LUA_GCCOUNTB, 0) / 1024.0);
      return 1;
    default:
      lua_gc(L, LUA_GCSTEP, 0);
  }
  lua_pushnumber(L, 0);
  return 1;
}

int open_os(lua_State* L) {
  open_library(L, luaopen_os, LUA_OSLIBNAME);
  lua_getglobal(L, LUA_OSLIBNAME);
  lua_createtable(L, 0, 4);  // os kept
  for (const char* name : {"clock", "date", "difftime", "time"}) {
    lua_getfield(L, -2, name);
    lua_setfield(L, -2, name);
  }
  forget_loaded(L, LUA_OSLIBNAME);
  return 1;
}

int open_math(lua_State* L) {
  open_library(L, luaopen_math, LUA_MATHLIBNAME);
  lua_getglobal(L, LUA_MATHLIBNAME);
  return 1;
}
int open_bit(lua_State* L) {
  open_library(L, luaopen_bit, LUA_BITLIBNAME);
  lua_getglobal(L, LUA_BITLIBNAME);
  return 1;
}

// __index of the globals. Upvalue 1: name -> opener.
int open_lazily(lua_State* L) {
  lua_pushvalue(L, 2);
  lua_rawget(L, lua_upvalueindex(1));
  if (lua_isnil(L, -1)) return 1;
  lua_call(L, 0, 1);
  if (lua_type(L, 2) == LUA_TSTRING) make_read_only(L, lua_tostring(L, 2));
  lua_pushvalue(L, 2);
  lua_pushvalue(L, -2);
  lua_rawset(L, 1);  // globals[name] = value
  return 1;
}

void open_lazy_globals(lua_State* L) {
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_setfield(L, LUA_REGISTRYINDEX, kLazy);  // lazy
  lua_createtable(L, 0, 2);                   // lazy meta
  lua_insert(L, -2);
  lua_pushcclosure(L, open_lazily, 1);
  lua_setfield(L, -2, "__index");  // meta
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pushvalue(L, LUA_GLOBALSINDEX);
  lua_insert(L, -2);
  lua_setmetatable(L, -2);
  lua_pop(L, 1);
}

}  // namespace

void add_lazy_global(lua_State* L, const char* name, int (*open)(lua_State*)) {
  lua_getfield(L, LUA_REGISTRYINDEX, kLazy);
  lua_pushcfunction(L, open);
  lua_setfield(L, -2, name);
  lua_pop(L, 1);
}

int open_sandbox(lua_State* L) {
  open_library(L, luaopen_base, "");
  open_library(L, luaopen_string, LUA_STRLIBNAME);
  // Opening it is what turns the compiler on; scripts do not get the table.
  open_library(L, luaopen_jit, LUA_JITLIBNAME);
  static const char* const removed[] = {"dofile", "loadfile",  "newproxy", "gcinfo",
                                        "print",  "coroutine", "jit",      nullptr};
  remove_globals(L, removed);
  for (const char* name : {"jit", "jit.util", "jit.opt"}) forget_loaded(L, name);
  lua_getglobal(L, LUA_STRLIBNAME);
  lua_pushnil(L);
  lua_setfield(L, -2, "dump");
  add_pattern_functions(L);
  lua_pop(L, 1);

  lua_pushcfunction(L, load_text);
  lua_pushvalue(L, -1);
  lua_setglobal(L, "load");
  lua_setglobal(L, "loadstring");
  lua_pushcfunction(L, collect_garbage);
  lua_setglobal(L, "collectgarbage");

  protect_globals(L);
  open_lazy_globals(L);
  add_lazy_global(L, "_G", open_globals_view);
  add_lazy_global(L, LUA_OSLIBNAME, open_os);
  add_lazy_global(L, LUA_TABLIBNAME, open_table_library);
  add_lazy_global(L, LUA_MATHLIBNAME, open_math);
  add_lazy_global(L, LUA_BITLIBNAME, open_bit);
  add_lazy_global(L, LUA_COLIBNAME, open_wrapped_coroutines);
  return 0;
}

int open_everything(lua_State* L) {
  luaL_openlibs(L);
  return 0;
}

}  // namespace virgo::lua
