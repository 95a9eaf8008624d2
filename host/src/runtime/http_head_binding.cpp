// A whole head out of a text, for Lua's http-codec.
#include <lua.hpp>

#include "http/message_reader.hpp"
#include "lua/state.hpp"
#include "runtime/http_binding.hpp"

namespace virgo::runtime {
namespace {

const http::Limits& limits() {
  static const http::Limits l;
  return l;
}

void set_text(lua_State* L, const char* name, std::string_view text) {
  lua_pushlstring(L, text.data(), text.size());
  lua_setfield(L, -2, name);
}

void push_head(lua_State* L, const http::MessageHead& head) {
  push_header_pairs(L, head.headers);
  lua_pushnumber(L, head.minor == 1 ? 1.1 : 1.0);
  lua_setfield(L, -2, "version");
  lua_pushboolean(L, head.keep_alive);
  lua_setfield(L, -2, "keepAlive");
}

const char* framing_name(http::Framing framing) {
  switch (framing) {
    case http::Framing::none:
      return "none";
    case http::Framing::length:
      return "length";
    case http::Framing::chunked:
      return "chunked";
    case http::Framing::until_close:
      return "close";
  }
  return "none";
}

// text index method -> head, index behind it, framing, length; or nil: more is needed; or
// false, why. A text that begins with "HTTP/" is a response, to a request with `method`.
int read_head(lua_State* L) {
  std::size_t size = 0;
  const char* text = luaL_checklstring(L, 1, &size);
  const auto from = static_cast<std::size_t>(luaL_optinteger(L, 2, 1)) - 1;
  const char* method = luaL_optstring(L, 3, "GET");
  if (from >= size) return 0;
  const lua::HostWork work(L);
  const std::string_view all = std::string_view(text, size).substr(from);
  const bool response = all.starts_with("HTTP/");
  if (!response && std::string_view("HTTP/").starts_with(all)) return 0;
  http::MessageReader reader(
      response ? http::MessageReader::Kind::response : http::MessageReader::Kind::request,
      limits());
  if (response) reader.set_request_method(method);
  std::string_view rest = all;
  switch (reader.next(rest)) {
    case http::MessageReader::Event::head:
      break;
    case http::MessageReader::Event::failed:
      lua_pushboolean(L, 0);
      lua_pushstring(L, reader.refusal().why);
      return 2;
    default:
      return 0;
  }
  push_head(L, reader.head());
  if (response) {
    lua_pushinteger(L, reader.response().status);
    lua_setfield(L, -2, "code");
    set_text(L, "reason", reader.response().reason);
  } else {
    set_text(L, "method", reader.request().method);
    set_text(L, "path", reader.request().target);
  }
  lua_pushinteger(L, static_cast<lua_Integer>(from + (all.size() - rest.size()) + 1));
  lua_pushstring(L, framing_name(reader.head().framing));
  lua_pushnumber(L, static_cast<double>(reader.head().content_length));
  return 4;
}

}  // namespace

void add_http_head_functions(lua_State* L) {
  lua_pushcfunction(L, read_head);
  lua_setfield(L, -2, "read_head");
}

}  // namespace virgo::runtime
