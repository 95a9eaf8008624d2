#include "lua/failure.hpp"

#include <algorithm>
#include <lua.hpp>

#include "base/format.hpp"

namespace virgo::lua {
namespace {

constexpr std::size_t kMaxMessage = 1024;

// The text or number at `index`.
std::string text_at(lua_State* L, int index) {
  lua_pushvalue(L, index);  // lua_tolstring changes a number in place
  std::size_t size = 0;
  const char* text = lua_tolstring(L, -1, &size);
  std::string out(text, std::min(size, kMaxMessage));
  lua_pop(L, 1);
  return out;
}

// Field `name` of the table at `index` if it is a text.
std::string text_field(lua_State* L, int index, const char* name) {
  lua_pushvalue(L, index);
  lua_pushstring(L, name);
  lua_rawget(L, -2);
  std::string out = lua_type(L, -1) == LUA_TSTRING ? text_at(L, -1) : "";
  lua_pop(L, 2);
  return out;
}

}  // namespace

std::string Failure::sentence() const {
  if (where.empty() || structured) return message;
  if (exit != Exit::error) return format("{}, at {}", message, where);
  // Errors that Lua raises have the position in front already.
  const std::string file = where.substr(0, where.rfind(':') + 1);
  if (message.compare(0, file.size(), file) == 0) return message;
  return format("{}: {}", where, message);
}

void Failure::describe(lua_State* L, int index) {
  structured = false;
  message.clear();
  status.clear();
  param.clear();
  const int type = lua_type(L, index);
  if (type == LUA_TSTRING || type == LUA_TNUMBER) {
    message = text_at(L, index);
    return;
  }
  if (type == LUA_TTABLE) message = text_field(L, index, "message");
  if (message.empty()) {
    message = format("raised an error that is a {}, not a text or {{message=...}}",
                     lua_typename(L, type));
    return;
  }
  structured = true;
  status = text_field(L, index, "status");
  param = text_field(L, index, "param");
}

}  // namespace virgo::lua
