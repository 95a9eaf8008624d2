#include "runtime/natives.hpp"

#include <cstdio>
#include <lua.hpp>

#include "lua/state.hpp"
#include "runtime/builtin_modules.hpp"
#include "runtime/program.hpp"

namespace virgo::runtime {
namespace {

struct Native {
  const char* name;
  lua_CFunction open;
};
// One a line.
// clang-format off
constexpr Native kNatives[] = {
    {"builtins", open_builtins},
    {"crypto", open_crypto},
    {"debugging", open_debugging},
    {"http_client", open_http_client},
    {"http_server", open_http_server},
    {"json", open_json},
    {"process", open_process},
    {"terminal", open_terminal},
    {"thread", open_thread},
    {"tls", open_tls},
    {"virgo", open_virgo},
    {"web_socket", open_web_socket},
};
// clang-format on

// __index of the natives' table: opens a library and keeps it.
int open_native(lua_State* L) {  // natives name
  const char* name = luaL_checkstring(L, 2);
  for (const Native& native : kNatives) {
    if (std::string_view(name) != native.name) continue;
    lua_pushcfunction(L, native.open);
    lua_call(L, 0, 1);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, -2);
    lua_rawset(L, 1);
    return 1;
  }
  return 0;
}

// The developers' way: modules from a folder instead of those in the binary.
// Leaves the function; false if there is no such file.
bool load_from_folder(lua_State* L, const char* name) {
  const std::string& folder = Program::of(L).options().runtime_folder;
  lua_pushfstring(L, "%s/%s.lua", folder.c_str(), name);
  const char* path = lua_tostring(L, -1);
  std::FILE* file = std::fopen(path, "re");
  if (file == nullptr) {
    lua_pop(L, 1);
    return false;
  }
  std::fclose(file);
  if (luaL_loadfile(L, path) != 0) lua_error(L);
  lua_remove(L, -2);
  return true;
}

int load_builtin(lua_State* L) {
  const char* name = luaL_checkstring(L, 1);
  if (!Program::of(L).options().runtime_folder.empty() && load_from_folder(L, name)) return 1;
  const std::string_view code = embedded_module(name);
  if (code.empty()) return 0;
  lua_pushfstring(L, "@runtime/%s.lua", name);
  if (luaL_loadbuffer(L, code.data(), code.size(), lua_tostring(L, -1)) != 0) return lua_error(L);
  return 1;
}

int builtin_names(lua_State* L) {
  lua_createtable(L, static_cast<int>(kEmbeddedModuleCount), 0);
  for (std::size_t i = 0; i < kEmbeddedModuleCount; ++i) {
    lua_pushstring(L, kEmbeddedModules[i].name);
    lua_rawseti(L, -2, static_cast<int>(i) + 1);
  }
  return 1;
}

int process_exit(lua_State* L) {
  const int code = static_cast<int>(luaL_optinteger(L, 1, 0));
  Program::of(L).options().exit(code);
  return 0;
}

}  // namespace

void open_natives(lua_State* L) {
  lua_newtable(L);
  lua_newtable(L);
  lua_pushcfunction(L, open_native);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, -2);
}

int open_builtins(lua_State* L) {
  static const luaL_Reg functions[] = {
      {"load", load_builtin}, {"names", builtin_names}, {nullptr, nullptr}};
  lua_createtable(L, 0, 2);
  luaL_register(L, nullptr, functions);
  return 1;
}

int open_process(lua_State* L) {
  lua_createtable(L, 0, 2);
  lua_pushcfunction(L, process_exit);
  lua_setfield(L, -2, "exit");
  lua_pushstring(L, Program::of(L).options().executable.c_str());
  lua_setfield(L, -2, "executable");
  return 1;
}

}  // namespace virgo::runtime
