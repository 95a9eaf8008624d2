#include "script/json_binding.hpp"

#include <lua.hpp>

#include <cmath>
#include <cstring>
#include <new>

#include "base/text.hpp"
#include "json/writer.hpp"

namespace virgo::script {
namespace {

constexpr int kMaxDepth = 32;
constexpr const char* kArray = "virgo.json.array";
constexpr const char* kString = "virgo.scratch.string";
constexpr const char* kValue = "virgo.scratch.json";

template <class T>
int collect(lua_State* L) {
  static_cast<T*>(lua_touserdata(L, 1))->~T();
  return 0;
}

// An object of T in a userdata with a collector, on top of the stack.
template <class T>
T& push_boxed(lua_State* L, const char* name) {
  if (luaL_newmetatable(L, name) != 0) {
    lua_pushcfunction(L, collect<T>);
    lua_setfield(L, -2, "__gc");
  }
  void* memory = lua_newuserdata(L, sizeof(T));  // metatable, box
  T* object = new (memory) T();
  lua_insert(L, -2);  // box, metatable
  lua_setmetatable(L, -2);
  return *object;
}

void mark_array(lua_State* L) {
  luaL_newmetatable(L, kArray);  // table, mark
  lua_setmetatable(L, -2);
}

bool is_marked_array(lua_State* L, int index) {
  if (lua_getmetatable(L, index) == 0) return false;
  luaL_getmetatable(L, kArray);
  const bool same = lua_rawequal(L, -1, -2) != 0;
  lua_pop(L, 2);
  return same;
}

// Whether all keys are 1..n.
bool is_sequence(lua_State* L, int index) {
  const std::size_t n = lua_objlen(L, index);
  if (n == 0) return false;
  std::size_t count = 0;
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {  // key, value
    ++count;
    lua_pop(L, 1);
    if (lua_type(L, -1) != LUA_TNUMBER || count > n) {
      lua_pop(L, 1);
      return false;
    }
  }
  return count == n;
}

void encode_value(lua_State* L, int index, json::Writer& out, int depth);

void encode_array(lua_State* L, int index, json::Writer& out, int depth) {
  out.begin_array();
  const int n = static_cast<int>(lua_objlen(L, index));
  for (int i = 1; i <= n; ++i) {
    lua_rawgeti(L, index, i);
    encode_value(L, lua_gettop(L), out, depth + 1);
    lua_pop(L, 1);
  }
  out.end_array();
}

void encode_key(lua_State* L, int index, json::Writer& out) {
  if (lua_type(L, index) == LUA_TSTRING) {
    std::size_t n = 0;
    const char* s = lua_tolstring(L, index, &n);
    out.key(to_utf8({s, n}));
  } else if (lua_type(L, index) == LUA_TNUMBER) {
    char text[32];
    std::snprintf(text, sizeof text, "%.14g", lua_tonumber(L, index));
    out.key(text);
  } else {
    luaL_error(L, "json: a key of type %s cannot be encoded", luaL_typename(L, index));
  }
}

void encode_object(lua_State* L, int index, json::Writer& out, int depth) {
  out.begin_object();
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {  // key, value
    const int value = lua_gettop(L);
    encode_key(L, value - 1, out);
    encode_value(L, value, out, depth + 1);
    lua_pop(L, 1);
  }
  out.end_object();
}

void encode_number(lua_State* L, int index, json::Writer& out) {
  const double d = lua_tonumber(L, index);
  if (d == std::floor(d) && std::fabs(d) <= 9007199254740992.0)
    out.integer(static_cast<std::int64_t>(d));
  else
    out.number(d);
}

void encode_value(lua_State* L, int index, json::Writer& out, int depth) {
  if (depth > kMaxDepth)
    luaL_error(L, "json: nested deeper than %d levels, or a table that contains itself", kMaxDepth);
  luaL_checkstack(L, 6, "json: nested too deep");
  switch (lua_type(L, index)) {
    case LUA_TNIL:
      out.null();
      break;
    case LUA_TBOOLEAN:
      out.boolean(lua_toboolean(L, index) != 0);
      break;
    case LUA_TNUMBER:
      encode_number(L, index, out);
      break;
    case LUA_TSTRING: {
      std::size_t n = 0;
      const char* s = lua_tolstring(L, index, &n);
      out.string(to_utf8({s, n}));
      break;
    }
    case LUA_TTABLE:
      if (is_marked_array(L, index) || is_sequence(L, index))
        encode_array(L, index, out, depth);
      else
        encode_object(L, index, out, depth);
      break;
    case LUA_TLIGHTUSERDATA:
      if (lua_touserdata(L, index) == nullptr) {
        out.null();
        break;
      }
      [[fallthrough]];
    default:
      luaL_error(L, "json: a %s cannot be encoded", luaL_typename(L, index));
  }
}

int json_encode(lua_State* L) {
  luaL_checkany(L, 1);
  lua_settop(L, 1);
  std::string& text = push_scratch(L);  // value, scratch
  append_json(L, 1, text);
  lua_pushlstring(L, text.data(), text.size());
  std::string().swap(text);  // now, not when the collector comes by
  return 1;
}

// Parses into `value`; false with the reason in `why`. A frame of its own, so
// that no Result lives where an error may be raised.
bool decode_into(json::Value& value, const char* text, std::size_t size, char* why,
                 std::size_t why_size) {
  auto parsed = json::parse({text, size});
  if (parsed) {
    value = std::move(parsed).value();
    return true;
  }
  std::snprintf(why, why_size, "%s", parsed.error().message.c_str());
  return false;
}

int json_decode(lua_State* L) {
  std::size_t n = 0;
  const char* text = luaL_checklstring(L, 1, &n);
  auto& value = push_boxed<json::Value>(L, kValue);
  char why[256];
  if (!decode_into(value, text, n, why, sizeof why)) {
    lua_pushnil(L);
    lua_pushstring(L, why);
    return 2;
  }
  push_json(L, value);
  value = json::Value();
  return 1;
}

int json_array(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  mark_array(L);
  return 1;
}

}  // namespace

std::string& push_scratch(lua_State* L) {
  return push_boxed<std::string>(L, kString);
}

std::string* to_scratch(lua_State* L, int index) {
  if (lua_type(L, index) != LUA_TUSERDATA || lua_getmetatable(L, index) == 0) return nullptr;
  luaL_getmetatable(L, kString);
  const bool same = lua_rawequal(L, -1, -2) != 0;
  lua_pop(L, 2);
  return same ? static_cast<std::string*>(lua_touserdata(L, index)) : nullptr;
}

void append_json(lua_State* L, int index, std::string& out) {
  json::Writer writer(out);
  encode_value(L, index, writer, 0);
}

void push_json(lua_State* L, const json::Value& value) {
  luaL_checkstack(L, 6, "json: nested too deep");
  switch (value.kind) {
    case json::Kind::null:
      lua_pushlightuserdata(L, nullptr);
      break;
    case json::Kind::boolean:
      lua_pushboolean(L, value.boolean ? 1 : 0);
      break;
    case json::Kind::number:
      lua_pushnumber(L, value.number);
      break;
    case json::Kind::string:
      lua_pushlstring(L, value.text.data(), value.text.size());
      break;
    case json::Kind::array:
      lua_createtable(L, static_cast<int>(value.items.size()), 0);
      mark_array(L);
      for (std::size_t i = 0; i < value.items.size(); ++i) {
        push_json(L, value.items[i]);
        lua_rawseti(L, -2, static_cast<int>(i + 1));
      }
      break;
    case json::Kind::object:
      lua_createtable(L, 0, static_cast<int>(value.items.size()));
      for (std::size_t i = 0; i < value.items.size(); ++i) {
        lua_pushlstring(L, value.keys[i].data(), value.keys[i].size());
        push_json(L, value.items[i]);
        lua_rawset(L, -3);
      }
      break;
  }
}

int open_json(lua_State* L) {
  static const luaL_Reg functions[] = {
      {"encode", json_encode}, {"decode", json_decode}, {"array", json_array}, {nullptr, nullptr}};
  lua_createtable(L, 0, 4);
  luaL_register(L, nullptr, functions);
  lua_pushlightuserdata(L, nullptr);
  lua_setfield(L, -2, "null");
  return 1;
}

}  // namespace virgo::script
