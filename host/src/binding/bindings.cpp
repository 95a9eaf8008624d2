#include "binding/bindings.hpp"

#include <cstring>
#include <lua.hpp>

#include "lua/read_only.hpp"
#include "lua/state.hpp"

namespace virgo::binding {
namespace {

constexpr const char* kFailure = "virgo.failure";

const char* message_of(lua_State* L, int index) {
  if (lua_type(L, index) != LUA_TTABLE) return lua_tostring(L, index);
  lua_pushliteral(L, "message");
  lua_rawget(L, index);
  const char* text = lua_tostring(L, -1);
  lua_replace(L, index);  // keeps the text alive
  return text;
}

int failure_to_text(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  const char* text = message_of(L, 1);
  lua_pushstring(L, text == nullptr ? "" : text);
  return 1;
}

// "cannot reach it: " .. err
int failure_concat(lua_State* L) {
  const char* left = message_of(L, 1);
  const char* right = message_of(L, 2);
  if (left == nullptr || right == nullptr)
    return luaL_error(L, "only a text can be joined with an error");
  lua_pushfstring(L, "%s%s", left, right);
  return 1;
}

// __index of a table with lazy members. Upvalue 1: the list.
int open_member(lua_State* L) {
  if (lua_type(L, 2) != LUA_TSTRING) return 0;
  const char* name = lua_tostring(L, 2);
  const auto* member = static_cast<const LazyMember*>(lua_touserdata(L, lua_upvalueindex(1)));
  while (member->name != nullptr && std::strcmp(member->name, name) != 0) ++member;
  if (member->name == nullptr) return 0;
  const char* full = lua_pushfstring(L, "virgo.%s", name);
  lua_pushcfunction(L, member->open);
  lua_call(L, 0, 1);
  lua::make_read_only(L, full);
  lua_pushvalue(L, 2);
  lua_pushvalue(L, -2);
  lua_rawset(L, 1);
  return 1;
}

}  // namespace

void push_metatable(lua_State* L, const char* name, const Method* methods) {
  const lua::HostWork unrefused(L);  // one without its __metatable would stay that way
  if (luaL_newmetatable(L, name) == 0) return;
  open_functions(L, methods);  // meta methods
  lua_setfield(L, -2, "__index");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
}

void define_handle(lua_State* L, const char* name, const Method* methods) {
  push_metatable(L, name, methods);
  lua_pop(L, 1);
}

int open_functions(lua_State* L, const Method* functions) {
  lua_newtable(L);
  for (; functions->name != nullptr; ++functions) {
    lua_pushcfunction(L, functions->function);
    lua_setfield(L, -2, functions->name);
  }
  return 1;
}

void set_text(lua_State* L, const char* name, std::string_view text) {
  lua_pushlstring(L, text.data(), text.size());
  lua_setfield(L, -2, name);
}

void set_number(lua_State* L, const char* name, double value) {
  lua_pushnumber(L, value);
  lua_setfield(L, -2, name);
}

void set_flag(lua_State* L, const char* name, bool value) {
  lua_pushboolean(L, value ? 1 : 0);
  lua_setfield(L, -2, name);
}

void* check_self(lua_State* L, const char* name, const char* method) {
  if (lua_touserdata(L, 1) != nullptr && lua_getmetatable(L, 1) != 0) {
    lua_getfield(L, LUA_REGISTRYINDEX, name);
    const bool is_it = lua_rawequal(L, -1, -2) != 0;
    lua_pop(L, 2);
    if (is_it) return lua_touserdata(L, 1);
  }
  luaL_error(L, "write it with a colon: %s(...)", method);
  return nullptr;
}

int push_failure(lua_State* L, const char* status, const Error& error) {
  const lua::HostWork unrefused(L);
  lua_pushnil(L);
  lua_createtable(L, 0, 3);  // nil failure
  lua_pushlstring(L, error.message.data(), error.message.size());
  lua_setfield(L, -2, "message");
  lua_pushstring(L, status);
  lua_setfield(L, -2, "status");
  lua_pushstring(L, errc_name(error.code));
  lua_setfield(L, -2, "code");
  luaL_getmetatable(L, kFailure);
  lua_setmetatable(L, -2);
  return 2;
}

void open_failures(lua_State* L) {
  luaL_newmetatable(L, kFailure);
  lua_pushcfunction(L, failure_to_text);
  lua_setfield(L, -2, "__tostring");
  lua_pushcfunction(L, failure_concat);
  lua_setfield(L, -2, "__concat");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
}

void add_lazy_members(lua_State* L, const LazyMember* members) {
  lua_createtable(L, 0, 2);
  lua_pushlightuserdata(L, const_cast<LazyMember*>(members));
  lua_pushcclosure(L, open_member, 1);
  lua_setfield(L, -2, "__index");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, -2);
}

void add_function(lua_State* L, const char* name, lua_CFunction function, void* pointer) {
  lua_pushlightuserdata(L, pointer);
  lua_pushcclosure(L, function, 1);
  lua_setfield(L, -2, name);
}

}  // namespace virgo::binding
