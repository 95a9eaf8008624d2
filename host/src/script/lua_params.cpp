#include "script/lua_params.hpp"

#include <cmath>
#include <lua.hpp>

#include "base/format.hpp"
#include "base/text.hpp"

namespace virgo::script {
namespace {

using check::ParamType;
using config::Node;
using config::NodeKind;

// Of a default that is a table. A table may be in several places of another, so that few
// tables can be very many values.
constexpr int kMaxDepth = 32;
constexpr std::size_t kMaxValues = 10'000;

double seconds(Duration d) {
  return std::chrono::duration<double>(d).count();
}

// A value whose type nobody declared: what YAML takes it for.
void push_plain(lua_State* L, const Node& node) {
  luaL_checkstack(L, 4, "parameters");
  switch (node.kind) {
    case NodeKind::null:
      lua_pushnil(L);
      return;
    case NodeKind::sequence:
      lua_createtable(L, static_cast<int>(node.items.size()), 0);
      for (std::size_t i = 0; i < node.items.size(); ++i) {
        push_plain(L, node.items[i]);
        lua_rawseti(L, -2, static_cast<int>(i + 1));
      }
      return;
    case NodeKind::map:
      lua_createtable(L, 0, static_cast<int>(node.items.size()));
      for (std::size_t i = 0; i < node.items.size(); ++i) {
        lua_pushlstring(L, node.keys[i].data(), node.keys[i].size());
        push_plain(L, node.items[i]);
        lua_rawset(L, -3);
      }
      return;
    case NodeKind::scalar:
      break;
  }
  if (!node.quoted) {
    if (const auto b = config::as_bool(node)) {
      lua_pushboolean(L, *b ? 1 : 0);
      return;
    }
    if (const auto n = config::as_number(node)) {
      lua_pushnumber(L, *n);
      return;
    }
  }
  lua_pushlstring(L, node.text.data(), node.text.size());
}

// The declaration may have been changed by its script since it was verified: what is beyond
// the bounds is not copied then.
void copy_value(lua_State* L, int index, int depth, std::size_t& values) {
  if (index < 0) index = lua_gettop(L) + index + 1;
  const bool bounded = ++values <= kMaxValues && depth <= kMaxDepth;
  if (!lua_istable(L, index) || !bounded || lua_checkstack(L, 6) == 0) {
    lua_pushvalue(L, index);
    return;
  }
  lua_newtable(L);
  for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
    // copy key value
    lua_pushvalue(L, -2);
    copy_value(L, -2, depth + 1, values);
    lua_rawset(L, -5);
  }
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string number_text(double n) {
  if (n == std::floor(n) && std::abs(n) < 1e15) return format("{}", static_cast<long long>(n));
  return format("{}", n);
}

Result<std::string> table_as_yaml(lua_State* L, int index, bool list, int depth,
                                  std::size_t& values);

Result<std::string> value_as_yaml(lua_State* L, int index, int depth, std::size_t& values) {
  if (++values > kMaxValues)
    return Error{Errc::limit, format("has more than {} values", kMaxValues)};
  switch (lua_type(L, index)) {
    case LUA_TBOOLEAN:
      return std::string(lua_toboolean(L, index) != 0 ? "true" : "false");
    case LUA_TNUMBER:
      return number_text(lua_tonumber(L, index));
    case LUA_TSTRING:
      return quoted(lua_tostring(L, index));
    case LUA_TTABLE:
      return table_as_yaml(L, index, lua_objlen(L, index) > 0, depth, values);
    default:
      return Error{Errc::invalid, format("a {} cannot be a default", luaL_typename(L, index))};
  }
}

Result<std::string> table_as_yaml(lua_State* L, int index, bool list, int depth,
                                  std::size_t& values) {
  if (depth > kMaxDepth || lua_checkstack(L, 4) == 0)
    return Error{Errc::invalid, "nested deeper than 32"};
  if (index < 0) index = lua_gettop(L) + index + 1;
  std::string out;
  for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
    if (lua_type(L, -2) != (list ? LUA_TNUMBER : LUA_TSTRING))
      return Error{Errc::invalid, list ? "a list has no names" : "the keys of a map are names"};
    auto value = value_as_yaml(L, -1, depth + 1, values);
    if (!value) return value.error();
    if (!out.empty()) out += ", ";
    if (!list) out += quoted(lua_tostring(L, -2)) + ": ";
    out += *value;
  }
  return list ? "[" + out + "]" : "{" + out + "}";
}

// What a duration or a size is when written as a text, in seconds or bytes.
Result<double> measure(lua_State* L, int index, ParamType type) {
  if (lua_type(L, index) == LUA_TNUMBER) return lua_tonumber(L, index);
  if (lua_type(L, index) != LUA_TSTRING)
    return Error{Errc::invalid, type == ParamType::duration
                                    ? "must be a text like \"10s\" or a number of seconds"
                                    : "must be a text like \"64KiB\" or a number of bytes"};
  const char* text = lua_tostring(L, index);
  if (type == ParamType::duration) {
    const auto d = parse_duration(text);
    if (!d) return d.error();
    return seconds(*d);
  }
  const auto bytes = parse_size(text);
  if (!bytes) return bytes.error();
  return static_cast<double>(*bytes);
}

}  // namespace

namespace {

void push_scalar(lua_State* L, const Node& node, ParamType type) {
  switch (type) {
    case ParamType::boolean:
      lua_pushboolean(L, *config::as_bool(node) ? 1 : 0);
      return;
    case ParamType::integer:
      lua_pushnumber(L, static_cast<double>(*config::as_int(node)));
      return;
    case ParamType::number:
      lua_pushnumber(L, *config::as_number(node));
      return;
    case ParamType::text: {
      const std::string text = config::as_text(node).value();
      lua_pushlstring(L, text.data(), text.size());
      return;
    }
    case ParamType::duration:
      lua_pushnumber(L, seconds(*parse_duration(node.text)));
      return;
    case ParamType::size:
      lua_pushnumber(L, static_cast<double>(*parse_size(node.text)));
      return;
    case ParamType::list:
    case ParamType::map:
      push_plain(L, node);
      return;
  }
}

}  // namespace

void push_param(lua_State* L, const Node& node, const check::ParamInfo& param) {
  if (!param.items) return push_scalar(L, node, param.type);
  lua_createtable(L, 0, 0);
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    if (param.type == ParamType::map)
      lua_pushlstring(L, node.keys[i].data(), node.keys[i].size());
    else
      lua_pushinteger(L, static_cast<lua_Integer>(i + 1));
    push_scalar(L, node.items[i], *param.items);
    lua_rawset(L, -3);
  }
}

Result<void> verify_items(lua_State* L, int index, ParamType type) {
  if (index < 0) index = lua_gettop(L) + index + 1;
  const int wanted = type == ParamType::text      ? LUA_TSTRING
                     : type == ParamType::boolean ? LUA_TBOOLEAN
                                                  : LUA_TNUMBER;
  Result<void> out;
  for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
    const bool whole = type != ParamType::integer || lua_type(L, -1) != LUA_TNUMBER ||
                       lua_tonumber(L, -1) == std::floor(lua_tonumber(L, -1));
    if (out && (lua_type(L, -1) != wanted || !whole))
      out = Error{Errc::invalid,
                  format("has a {} in it, and 'items' says {}",
                         whole ? luaL_typename(L, -1) : "fraction", check::param_type_name(type))};
  }
  return out;
}

void push_default(lua_State* L, int index, ParamType type) {
  if (type == ParamType::duration || type == ParamType::size) {
    const auto value = measure(L, index, type);
    lua_pushnumber(L, value ? *value : 0);
    return;
  }
  std::size_t values = 0;
  copy_value(L, index, 0, values);
}

Result<std::string> default_as_yaml(lua_State* L, int index, ParamType type) {
  const int given = lua_type(L, index);
  const auto wrong = [&](const char* must) {
    return Error{Errc::invalid, format("must be {}, it is a {}", must, lua_typename(L, given))};
  };
  if (index < 0) index = lua_gettop(L) + index + 1;
  std::size_t values = 0;
  switch (type) {
    case ParamType::boolean:
      if (given != LUA_TBOOLEAN) return wrong("true or false");
      return value_as_yaml(L, index, 0, values);
    case ParamType::integer:
      if (given != LUA_TNUMBER || lua_tonumber(L, index) != std::floor(lua_tonumber(L, index)))
        return wrong("a whole number");
      return value_as_yaml(L, index, 0, values);
    case ParamType::number:
      if (given != LUA_TNUMBER) return wrong("a number");
      return value_as_yaml(L, index, 0, values);
    case ParamType::text:
      if (given != LUA_TSTRING) return wrong("a text");
      return std::string(lua_tostring(L, index));
    case ParamType::duration:
    case ParamType::size: {
      const auto value = measure(L, index, type);
      if (!value) return value.error();
      if (!(*value >= 0) || *value > 1e15) return Error{Errc::invalid, "is out of range"};
      if (type == ParamType::size) return format_size(static_cast<std::uint64_t>(*value));
      const double ns = std::min(*value * 1e9, 9e18);
      return format_duration(Duration{static_cast<std::int64_t>(ns)});
    }
    case ParamType::list:
    case ParamType::map:
      break;
  }
  if (given != LUA_TTABLE) return wrong("a table");
  const int top = lua_gettop(L);
  auto out = table_as_yaml(L, index, type == ParamType::list, 0, values);
  lua_settop(L, top);
  return out;
}

}  // namespace virgo::script
