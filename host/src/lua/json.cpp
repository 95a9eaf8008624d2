#include "lua/json.hpp"

#include <lua.hpp>

#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "lua/state.hpp"

namespace virgo::lua {
namespace {

using Type = json::Token::Type;

constexpr std::int64_t kExact = std::int64_t{1} << 53;  // integers a number holds, either sign
constexpr int kSlots = 8;                               // of the stack, at each level

void push_halves(lua_State* L, int maker, std::uint64_t bits) {
  lua_pushvalue(L, maker);
  lua_pushnumber(L, static_cast<double>(bits >> 32));
  lua_pushnumber(L, static_cast<double>(bits & 0xffffffffu));
  lua_call(L, 2, 1);
}

// Pushes values from the tokens; no frame here has an object with a destructor.
class Pusher {
 public:
  Pusher(lua_State* L, const json::Tape& tape, const JsonReading& reading)
      : L_(L), tape_(tape), reading_(reading), next_(tape.begin()) {}

  void push() {
    const json::Token& t = *next_++;
    switch (t.type) {
      case Type::null:
        if (reading_.null == 0)
          lua_pushnil(L_);
        else
          lua_pushvalue(L_, reading_.null);
        break;
      case Type::yes:
      case Type::no:
        lua_pushboolean(L_, t.type == Type::yes ? 1 : 0);
        break;
      case Type::i64:
        if (reading_.make_i64 != 0 && (t.i64 > kExact || t.i64 < -kExact))
          push_halves(L_, reading_.make_i64, t.u64);
        else
          lua_pushnumber(L_, static_cast<double>(t.i64));
        break;
      case Type::u64:
        if (reading_.make_u64 != 0)
          push_halves(L_, reading_.make_u64, t.u64);
        else
          lua_pushnumber(L_, static_cast<double>(t.u64));
        break;
      case Type::f64:
        lua_pushnumber(L_, t.f64);
        break;
      case Type::text:
      case Type::escaped:
        lua_pushlstring(L_, tape_.text(t).data(), t.size);
        break;
      case Type::array:
        push_array(t.size);
        break;
      case Type::object:
        push_object(t.size);
        break;
    }
  }

 private:
  void push_array(std::uint32_t n) {
    luaL_checkstack(L_, kSlots, "json: nested too deep");
    lua_createtable(L_, static_cast<int>(n), 0);
    set_meta(reading_.array_meta);
    for (std::uint32_t i = 1; i <= n; ++i) {
      push();
      lua_rawseti(L_, -2, static_cast<int>(i));
    }
  }
  void push_object(std::uint32_t n) {
    luaL_checkstack(L_, kSlots, "json: nested too deep");
    lua_createtable(L_, 0, static_cast<int>(n));
    set_meta(reading_.object_meta);
    for (std::uint32_t i = 0; i < n; ++i) {
      push();  // key
      push();
      lua_rawset(L_, -3);
    }
  }
  void set_meta(int index) {
    if (index == 0) return;
    lua_pushvalue(L_, index);
    lua_setmetatable(L_, -2);
  }

  lua_State* const L_;
  const json::Tape& tape_;
  const JsonReading& reading_;
  const json::Token* next_;
};

}  // namespace

void push_json(lua_State* L, const json::Tape& tape, const JsonReading& reading) {
  luaL_checkstack(L, kSlots, "json: no room");
  Pusher(L, tape, reading).push();
}

void JsonWriting::check_bound() {
  if (text_->size() > most_) {
    lua_pushfstring(L, "json: the text would have more than %f bytes", static_cast<double>(most_));
    fail(lua_tostring(L, -1));
  }
  if (!State::stopping(L)) return;
  failing();
  State::check_stopped(L);
}

void JsonWriting::value(int index) {
  luaL_checkstack(L, kSlots, "json: nested too deep");
  if (text_ != nullptr) check_bound();
  std::size_t n = 0;
  const char* s = nullptr;
  switch (lua_type(L, index)) {
    case LUA_TNIL:
      out.null();
      break;
    case LUA_TBOOLEAN:
      out.boolean(lua_toboolean(L, index) != 0);
      break;
    case LUA_TNUMBER:
      number(lua_tonumber(L, index));
      break;
    case LUA_TSTRING:
      s = lua_tolstring(L, index, &n);
      out.text({s, n});
      break;
    case LUA_TTABLE:
      if (!custom(index)) table(index);
      break;
    case LUA_TLIGHTUSERDATA:
      if (lua_touserdata(L, index) == nullptr) {
        out.null();
        break;
      }
      [[fallthrough]];
    default:
      if (!custom(index)) refuse(index, "unsupported type");
  }
}

void JsonWriting::fail(const char* message) {
  failing();
  luaL_error(L, "%s", message);
  std::abort();  // not reached
}

bool JsonWriting::on_path(const void* table) const {
  for (const Frame* f = path_; f != nullptr; f = f->outer)
    if (f->table == table) return true;
  return false;
}

void JsonWriting::table(int index) {
  const Frame frame{lua_topointer(L, index), path_};
  if (on_path(frame.table)) return refuse(index, "reference cycle");
  if (depth_ >= max_depth_) {
    lua_pushfstring(L, "json: nested deeper than %d levels", max_depth_);
    fail(lua_tostring(L, -1));
  }
  path_ = &frame;
  ++depth_;
  int n = 0;
  if (is_array(index, n)) {
    array(index, n);
  } else {
    out.begin_object();
    members(index);
    out.end_object();
  }
  --depth_;
  path_ = frame.outer;
}

void JsonWriting::array(int index, int n) {
  out.begin_array();
  for (int i = 1; i <= n; ++i) {
    lua_rawgeti(L, index, i);
    value(lua_gettop(L));
    lua_pop(L, 1);
  }
  out.end_array();
}

void JsonWriting::members(int index) {
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {  // key, value
    const int v = lua_gettop(L);
    member(v - 1, v);
    lua_pop(L, 1);
  }
}

void JsonWriting::member(int key, int v) {
  if (lua_type(L, key) == LUA_TSTRING) {
    std::size_t n = 0;
    const char* s = lua_tolstring(L, key, &n);
    out.key_text({s, n});
  } else if (lua_type(L, key) == LUA_TNUMBER) {
    char text[32];
    const double d = lua_tonumber(L, key);
    const bool whole = d == std::floor(d) && std::fabs(d) <= static_cast<double>(kExact);
    std::snprintf(text, sizeof text, whole ? "%.0f" : "%.14g", d);
    out.key(text);
  } else {
    lua_pushfstring(L, "json: a key of type %s cannot be encoded", luaL_typename(L, key));
    fail(lua_tostring(L, -1));
  }
  value(v);
}

}  // namespace virgo::lua
