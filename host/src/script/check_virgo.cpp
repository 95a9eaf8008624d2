// The global `virgo` of Lua checks, and print.
#include <lua.hpp>

#include "binding/bindings.hpp"
#include "binding/dns_binding.hpp"
#include "binding/exec_binding.hpp"
#include "binding/fs_binding.hpp"
#include "binding/hash_binding.hpp"
#include "binding/http_binding.hpp"
#include "binding/icmp_binding.hpp"
#include "binding/json_binding.hpp"
#include "binding/parallel.hpp"
#include "binding/tcp_binding.hpp"
#include "binding/udp_binding.hpp"
#include "binding/virgo_binding.hpp"
#include "lua/sandbox.hpp"
#include "script/check_bindings.hpp"
#include "script/lua_declaration.hpp"
#include "script/lua_file.hpp"

namespace virgo::script {
namespace {

// virgo.check{name=, ...} -> the same table
int declare_check(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  LuaFile::of(L).declare(L, 1);
  lua_settop(L, 1);
  return 1;
}

// print(...): like Lua's, into the log.
int print(lua_State* L) {
  const int count = lua_gettop(L);
  luaL_checkstack(L, count + 4, "print");
  lua_getglobal(L, "tostring");  // arguments tostring
  for (int i = 1; i <= count; ++i) {
    lua_pushvalue(L, count + 1);
    lua_pushvalue(L, i);
    lua_call(L, 1, 1);
    lua_replace(L, i);
  }
  lua_settop(L, count);
  for (int i = count; i > 1; --i) {
    lua_pushliteral(L, "\t");
    lua_insert(L, i);
  }
  if (count > 1) lua_concat(L, lua_gettop(L));
  std::size_t size = 0;
  const char* text = count == 0 ? "" : lua_tolstring(L, -1, &size);
  binding::Context::of(L).log(LogLevel::info, {text == nullptr ? "" : text, size});
  return 0;
}

int open_print(lua_State* L) {
  lua_pushcfunction(L, print);
  return 1;
}

}  // namespace

int open_check_virgo(lua_State* L) {
  // clang-format off
  static constexpr binding::LazyMember kMembers[] = {
      {"base64", binding::open_base64},
      {"dns", binding::open_dns},
      {"exec", binding::open_exec},
      {"fs", binding::open_fs},
      {"hash", binding::open_hash},
      {"http", binding::open_http},
      {"icmp", binding::open_icmp},
      {"json", binding::open_json},
      {"random", binding::open_random},
      {"tcp", binding::open_tcp},
      {"tls", binding::open_tls},
      {"udp", binding::open_udp},
      {"unix", binding::open_unix},
      {nullptr, nullptr}};
  // clang-format on
  lua_createtable(L, 0, 9);
  binding::open_virgo(L);
  binding::open_parallel(L);
  lua_pushcfunction(L, declare_check);
  lua_setfield(L, -2, "check");
  lua_pushinteger(L, kApiLevel);
  lua_setfield(L, -2, "api");
  binding::add_lazy_members(L, kMembers);
  lua::add_lazy_global(L, "print", open_print);
  return 1;
}

}  // namespace virgo::script
