// native.virgo: what a program gets from the host it runs on.
#include <cstdio>
#include <lua.hpp>

#include "base/log.hpp"
#include "base/text.hpp"
#include "base/version.hpp"
#include "crypto/random.hpp"
#include "runtime/natives.hpp"
#include "runtime/program.hpp"

namespace virgo::runtime {
namespace {

template <LogLevel level>
int write_log(lua_State* L) {
  std::size_t n = 0;
  const char* text = luaL_checklstring(L, 1, &n);
  log_message(level, Program::of(L).options().component, {text, n});
  return 0;
}

int equal(lua_State* L) {
  std::size_t n = 0;
  std::size_t m = 0;
  const char* a = luaL_checklstring(L, 1, &n);
  const char* b = luaL_checklstring(L, 2, &m);
  lua_pushboolean(L, crypto::equal_constant_time({a, n}, {b, m}) ? 1 : 0);
  return 1;
}

int printable_text(lua_State* L) {
  std::size_t n = 0;
  const char* text = luaL_checklstring(L, 1, &n);
  const auto max = static_cast<std::size_t>(luaL_optinteger(L, 2, 64));
  // Into the stack, so that no string object lives where an error may be raised.
  char buffer[1024];
  std::snprintf(buffer, sizeof buffer, "%s",
                printable({text, n}, std::min<std::size_t>(max, 200)).c_str());
  lua_pushstring(L, buffer);
  return 1;
}

}  // namespace

int open_virgo(lua_State* L) {
  const luaL_Reg functions[] = {
      {"equal", equal}, {"printable", printable_text}, {nullptr, nullptr}};
  const luaL_Reg levels[] = {{"error", write_log<LogLevel::error>},
                             {"warn", write_log<LogLevel::warn>},
                             {"info", write_log<LogLevel::info>},
                             {"debug", write_log<LogLevel::debug>},
                             {nullptr, nullptr}};
  lua_createtable(L, 0, 6);
  luaL_setfuncs(L, functions, 0);
  lua_createtable(L, 0, 4);
  luaL_setfuncs(L, levels, 0);
  lua_setfield(L, -2, "log");
  lua_pushstring(L, kVersion);
  lua_setfield(L, -2, "version");
  const std::string& settings = Program::of(L).options().settings;
  if (!settings.empty()) {
    lua_pushlstring(L, settings.data(), settings.size());
    lua_setfield(L, -2, "settings");
  }
  return 1;
}

}  // namespace virgo::runtime
