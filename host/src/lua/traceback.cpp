#include "lua/traceback.hpp"

#include <cstdio>
#include <cstring>
#include <lua.hpp>

#include "base/format.hpp"

namespace virgo::lua {
namespace {

constexpr int kFrames = 20;

bool is_ours(const lua_Debug& ar) {
  return std::strcmp(ar.short_src, "virgo") == 0;
}

std::string frame_text(const lua_Debug& ar) {
  const bool is_lua = ar.currentline > 0;
  std::string out = is_lua ? format("  {}:{}: in ", ar.short_src, ar.currentline) : "  in ";
  if (*ar.what == 'm') return out + "the file's main part";
  if (ar.name != nullptr && *ar.name != '\0') return out + ar.name;
  if (!is_lua) return out + "a function of the host";
  return out + format("the function at line {}", ar.linedefined);
}

}  // namespace

bool position(lua_State* L, int level, char* out, std::size_t size) {
  lua_Debug ar;
  for (; lua_getstack(L, level, &ar) != 0; ++level) {
    lua_getinfo(L, "Sl", &ar);
    if (ar.currentline <= 0 || is_ours(ar)) continue;
    std::snprintf(out, size, "%s:%d", ar.short_src, ar.currentline);
    return true;
  }
  return false;
}

std::string position(lua_State* L, int level) {
  char text[LUA_IDSIZE + 16];
  return position(L, level, text, sizeof text) ? text : "";
}

std::string traceback(lua_State* L, int level) {
  std::string out;
  lua_Debug ar;
  for (int n = 0; lua_getstack(L, level, &ar) != 0; ++level) {
    lua_getinfo(L, "nSl", &ar);
    if (is_ours(ar)) continue;
    if (++n > kFrames) return out + "\n  ...";
    if (n > 1) out += '\n';
    out += frame_text(ar);
  }
  return out;
}

}  // namespace virgo::lua
