#include "binding/json_binding.hpp"

#include <lua.hpp>

#include "json/writer.hpp"
#include "lua/json.hpp"
#include "lua/scratch.hpp"
#include "lua/state.hpp"

namespace virgo::binding {
namespace {

constexpr int kMaxDepth = 32;
constexpr std::size_t kMaxValues = 200'000;
constexpr const char* kArray = "virgo.json.array";
constexpr const char* kTape = "virgo.scratch.tape";
constexpr const char* kText = "virgo.scratch.string";

void mark_array(lua_State* L) {
  luaL_newmetatable(L, kArray);  // table mark
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

class Writing final : public lua::JsonWriting {
 public:
  Writing(lua_State* state, json::Writer& writer, std::string& text)
      : JsonWriting(state, writer, kMaxDepth), text_(text) {
    const std::uint64_t memory = lua::State::of(state).options().memory;
    if (memory > 0) bound(text, memory);
  }

 private:
  bool is_array(int index, int& n) override {
    n = static_cast<int>(lua_objlen(L, index));
    return is_marked_array(L, index) || is_sequence(L, index);
  }
  bool custom(int /*index*/) override { return false; }
  void refuse(int index, const char* /*reason*/) override {
    failing();
    if (lua_type(L, index) == LUA_TTABLE)
      luaL_error(L, "json: a table that contains itself cannot be encoded");
    luaL_error(L, "json: a %s cannot be encoded", luaL_typename(L, index));
  }
  void number(double d) override { out.shortest(d); }
  void failing() override { std::string().swap(text_); }

  std::string& text_;
};

int json_encode(lua_State* L) {
  luaL_checkany(L, 1);
  lua_settop(L, 1);
  auto& text = lua::push_reused<std::string>(L, kText);  // value, scratch
  append_json(L, 1, text);
  lua_pushlstring(L, text.data(), text.size());
  std::string().swap(text);  // now, not when the collector comes by
  return 1;
}

int json_decode(lua_State* L) {
  std::size_t n = 0;
  const char* text = luaL_checklstring(L, 1, &n);
  lua_settop(L, 1);
  auto& tape = lua::push_reused<json::Tape>(L, kTape);
  bool good = tape.parse({text, n}, {.depth = kMaxDepth, .values = kMaxValues});
  if (good && tape.end() < n) {
    lua_pushnil(L);
    lua_pushfstring(L, "not JSON: text after the document (at byte %d)",
                    static_cast<int>(tape.end()));
    return 2;
  }
  if (!good) {
    lua_pushnil(L);
    lua_pushfstring(L, "not JSON: %s (at byte %d)", tape.what().c_str(),
                    static_cast<int>(tape.end()));
    return 2;
  }
  lua_pushlightuserdata(L, nullptr);
  luaL_newmetatable(L, kArray);
  const int meta = lua_gettop(L);
  lua::push_json(L, tape, {.null = meta - 1, .array_meta = meta});
  tape.shrink(0);
  return 1;
}

int json_array(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  mark_array(L);
  return 1;
}

}  // namespace

void append_json(lua_State* L, int index, std::string& out) {
  json::Writer writer(out);
  Writing(L, writer, out).value(index);
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

}  // namespace virgo::binding
