#include "binding/options.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cmath>
#include <lua.hpp>

#include "base/text.hpp"

namespace virgo::binding {
namespace {

constexpr double kMaxSeconds = 86400;
constexpr std::size_t kMaxHost = 1024;  // as getaddrinfo()

}  // namespace

Options::Options(lua_State* L, int index, const char* function,
                 std::span<const std::string_view> known)
    : L_(L), index_(index), function_(function) {
  if (lua_isnoneornil(L, index)) {
    index_ = 0;
    return;
  }
  if (!lua_istable(L, index)) luaL_error(L, "%s: the options are a table", function);
  for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
    if (lua_type(L, -2) == LUA_TNUMBER) continue;
    if (lua_type(L, -2) != LUA_TSTRING)
      luaL_error(L, "%s: the names of options are texts", function);
    std::size_t size = 0;
    const char* text = lua_tolstring(L, -2, &size);
    const std::string_view key(text, size);
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    const std::string_view meant = did_you_mean(key, known);
    if (meant.empty()) luaL_error(L, "%s: there is no option '%s'", function, text);
    // What is known ends in a zero: it is made of literals.
    luaL_error(L, "%s: there is no option '%s' (did you mean '%s'?)", function, text, meant.data());
  }
}

int Options::push(const char* name) const {
  if (index_ == 0) {
    lua_pushnil(L_);
  } else {
    lua_pushstring(L_, name);
    lua_rawget(L_, index_);
  }
  return lua_type(L_, -1);
}

bool Options::has(const char* name) const {
  const int type = push(name);
  lua_pop(L_, 1);
  return type != LUA_TNIL;
}

std::string_view Options::text(const char* name, std::string_view fallback) const {
  const int type = push(name);
  if (type != LUA_TNIL && type != LUA_TSTRING) refuse(name, "is a text");
  std::size_t size = 0;
  const char* bytes = lua_tolstring(L_, -1, &size);
  lua_pop(L_, 1);  // the table keeps it
  return type == LUA_TNIL ? fallback : std::string_view(bytes, size);
}

bool Options::flag(const char* name, bool fallback) const {
  const int type = push(name);
  if (type != LUA_TNIL && type != LUA_TBOOLEAN) refuse(name, "is true or false");
  const bool value = type == LUA_TNIL ? fallback : lua_toboolean(L_, -1) != 0;
  lua_pop(L_, 1);
  return value;
}

double Options::whole(const char* name, double min, double max, double fallback) const {
  const int type = push(name);
  const double value = type == LUA_TNIL ? fallback : lua_tonumber(L_, -1);
  if (type != LUA_TNIL &&
      (type != LUA_TNUMBER || !(value >= min && value <= max) || value != std::floor(value)))
    luaL_error(L_, "%s: %s is a whole number from %f to %f", function_, name, min, max);
  lua_pop(L_, 1);
  return value;
}

double Options::seconds(const char* name, double fallback) const {
  const int type = push(name);
  const double value = type == LUA_TNIL ? fallback : lua_tonumber(L_, -1);
  if (type != LUA_TNIL && (type != LUA_TNUMBER || !(value > 0)))
    refuse(name, "is a number of seconds above 0");
  lua_pop(L_, 1);
  return std::min(value, kMaxSeconds);
}

int Options::family() const {
  const double family = whole("family", 4, 6, 0);
  if (family == 5) refuse("family", "is 4 or 6");
  return family == 0 ? AF_UNSPEC : family == 4 ? AF_INET : AF_INET6;
}

void Options::refuse(const char* name, const char* what) const {
  luaL_error(L_, "%s: %s %s", function_, name, what);
  __builtin_unreachable();
}

Duration as_duration(double seconds) {
  return Duration{static_cast<std::int64_t>(seconds * 1e9)};
}

std::string_view check_host(lua_State* L, int index) {
  std::size_t size = 0;
  const char* host = luaL_checklstring(L, index, &size);
  if (size > kMaxHost) luaL_argerror(L, index, "a name of a host has at most 1024 bytes");
  return {host, size};
}

double check_port(lua_State* L, int index) {
  const double port = luaL_checknumber(L, index);
  if (!(port >= 1 && port <= 65535 && port == std::floor(port)))
    luaL_argerror(L, index, "a port is a whole number from 1 to 65535");
  return port;
}

}  // namespace virgo::binding
