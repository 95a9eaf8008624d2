// The engine under the module json (host/runtime/json.lua), which has dkjson's
// interface: text to tape to values, and values to text in a scratch. What only
// Lua can do (int64 values, metamethods, exceptions) is asked of the hooks.
#include <lua.hpp>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "lua/json.hpp"
#include "lua/scratch.hpp"
#include "runtime/natives.hpp"

namespace virgo::runtime {
namespace {

constexpr int kMaxDepth = 1000;
constexpr std::size_t kKeptBytes = std::size_t{1} << 20;  // of a buffer, between calls
constexpr int kCdata = 10;                                // LuaJIT's type for ffi values

// Buffers that are used again from call to call. `busy`: a hook or a finalizer
// called back while they are in use, or raised an error then.
struct Buffers {
  json::Tape tape;
  std::string text;
  bool busy = false;
};
constexpr const char* kBuffers = "virgo.json.buffers";

// The upvalues of decode and encode.
enum Upvalue : int { kShared = 1, kMakeI64, kMakeU64, kIntegerText, kCustom, kRefuse };

// The shared buffers, or new ones on top of the stack.
Buffers& buffers(lua_State* L) {
  auto& shared = *static_cast<Buffers*>(lua_touserdata(L, lua_upvalueindex(kShared)));
  Buffers& b = shared.busy ? lua::push_boxed<Buffers>(L, kBuffers) : shared;
  b.busy = true;
  return b;
}

void give_back(Buffers& b) {
  b.tape.shrink(kKeptBytes);
  if (b.text.capacity() > kKeptBytes) std::string().swap(b.text);
  b.busy = false;
}

struct Place {
  int line = 1;
  int column = 1;
};
Place place(std::string_view text, std::size_t at) {
  const std::string_view before = text.substr(0, at);
  const std::size_t last = before.rfind('\n');
  Place p;
  p.line += static_cast<int>(std::count(before.begin(), before.end(), '\n'));
  p.column += static_cast<int>(last == std::string_view::npos ? at : at - last - 1);
  return p;
}

// decode(text, pos, null, object_meta, array_meta, values) -> value, next | nil, pos, message
int decode(lua_State* L) {
  constexpr int kArguments = 5;
  std::size_t size = 0;
  const char* text = luaL_checklstring(L, 1, &size);
  const double asked = luaL_optnumber(L, 2, 1);
  std::size_t from = 0;
  if (asked > 1)
    from = asked > static_cast<double>(size) ? size : static_cast<std::size_t>(asked) - 1;
  const double most = luaL_optnumber(L, 6, 4e9);
  lua_settop(L, kArguments);
  lua_pushvalue(L, lua_upvalueindex(kMakeI64));
  lua_pushvalue(L, lua_upvalueindex(kMakeU64));
  const std::string_view all(text, size);
  if (from == 0 && all.substr(0, 3) == "\xef\xbb\xbf") from = 3;
  Buffers& b = buffers(L);
  if (!b.tape.parse(all.substr(from),
                    {.depth = kMaxDepth,
                     .values = static_cast<std::size_t>(std::clamp(most, 0.0, 4e9)),
                     .lenient = true})) {
    const std::size_t at = from + b.tape.end();
    const Place p = place(all, at);
    lua_pushnil(L);
    lua_pushinteger(L, static_cast<lua_Integer>(at) + 1);
    lua_pushfstring(L, "%s at line %d, column %d", b.tape.what().c_str(), p.line, p.column);
    give_back(b);
    return 3;
  }
  std::size_t next = from + b.tape.end();
  while (next > from && std::string_view(" \t\r\n").find(text[next - 1]) != std::string_view::npos)
    --next;
  lua::push_json(L, b.tape,
                 {.null = lua_isnil(L, 3) ? 0 : 3,
                  .array_meta = lua_isnil(L, 5) ? 0 : 5,
                  .object_meta = lua_isnil(L, 4) ? 0 : 4,
                  .make_i64 = kArguments + 1,
                  .make_u64 = kArguments + 2});
  give_back(b);
  lua_pushinteger(L, static_cast<lua_Integer>(next) + 1);
  return 2;
}

// dkjson's rules for tables.
class Writing final : public lua::JsonWriting {
 public:
  Writing(lua_State* state, json::Writer& writer, Buffers& buffers)
      : JsonWriting(state, writer, kMaxDepth), buffers_(buffers) {}
  static constexpr int kOrder = 4;  // stack index of the order of keys, or nil
  static constexpr int kState = 5;  // of what the hooks are given

 private:
  bool is_array(int index, int& n) override;
  bool custom(int index) override;
  void refuse(int index, const char* reason) override;
  void members(int index) override;
  void number(double value) override {
    if (std::isfinite(value))
      out.shortest(value);
    else
      out.null();
  }
  void ordered(int index, int order);
  void failing() override { give_back(buffers_); }
  void call_hook(int nargs);
  void put_text_on_top();

  Buffers& buffers_;
};

// A whole number that may be an array's length or index; 0 if it is not.
int whole(double d) {
  return d >= 1 && d <= 0x7fffffff && d == std::floor(d) ? static_cast<int>(d) : 0;
}

bool Writing::is_array(int index, int& n) {
  constexpr int kFewHoles = 10;
  constexpr int kTrustedLength = 1000;
  int count = 0;
  int largest = 0;
  int length = 0;  // the field n
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {  // key, value
    const bool numbered = lua_type(L, -1) == LUA_TNUMBER;
    const double value = numbered ? lua_tonumber(L, -1) : 0;
    lua_pop(L, 1);
    if (lua_type(L, -1) == LUA_TNUMBER) {
      const int i = whole(lua_tonumber(L, -1));
      if (i == 0) return lua_pop(L, 1), false;
      largest = std::max(largest, i);
      ++count;
    } else if (numbered && lua_type(L, -1) == LUA_TSTRING &&
               std::string_view(lua_tostring(L, -1)) == "n") {
      length = whole(value);
      if (length == 0 && value != 0) return lua_pop(L, 1), false;
    } else {
      return lua_pop(L, 1), false;
    }
  }
  const double room = 2.0 * count;
  if (length > kTrustedLength && length > room) return false;
  n = std::max(largest, length);
  if (n > kFewHoles && n > length && n > room) return false;
  if (n > 0 || lua_getmetatable(L, index) == 0) return true;
  lua_getfield(L, -1, "__jsontype");
  const bool object =
      lua_type(L, -1) == LUA_TSTRING && std::string_view(lua_tostring(L, -1)) == "object";
  lua_pop(L, 2);
  return !object;
}

void Writing::call_hook(int nargs) {
  if (lua_pcall(L, nargs, 1, 0) == 0) return;
  failing();
  lua_error(L);
}

// A hook's text, on top of the stack.
void Writing::put_text_on_top() {
  std::size_t n = 0;
  const char* s = lua_tolstring(L, -1, &n);
  if (s == nullptr) fail("json: a hook gave no text");
  out.raw({s, n});
}

bool Writing::custom(int index) {
  if (lua_type(L, index) == kCdata) {
    lua_pushvalue(L, lua_upvalueindex(kIntegerText));
    lua_pushvalue(L, index);
    call_hook(1);
    const bool is_integer = lua_isstring(L, -1) != 0;
    if (is_integer) put_text_on_top();
    lua_pop(L, 1);
    return is_integer;
  }
  if (lua_getmetatable(L, index) == 0) return false;
  if (lua_type(L, -1) != LUA_TTABLE) return lua_pop(L, 1), false;
  lua_getfield(L, -1, "__tojson");
  lua_remove(L, -2);
  if (lua_isnil(L, -1)) return lua_pop(L, 1), false;
  lua_pushvalue(L, lua_upvalueindex(kCustom));
  lua_insert(L, -2);  // hook, __tojson
  lua_pushvalue(L, index);
  lua_pushvalue(L, kState);
  call_hook(3);
  put_text_on_top();
  lua_pop(L, 1);
  return true;
}

void Writing::refuse(int index, const char* reason) {
  lua_pushvalue(L, lua_upvalueindex(kRefuse));
  lua_pushstring(L, reason);
  lua_pushvalue(L, index);
  lua_pushvalue(L, kState);
  call_hook(3);
  put_text_on_top();
  lua_pop(L, 1);
}

void Writing::members(int index) {
  int order = kOrder;
  const int top = lua_gettop(L);
  if (lua_getmetatable(L, index) != 0) {
    lua_getfield(L, -1, "__jsonorder");
    if (lua_type(L, -1) == LUA_TTABLE) order = lua_gettop(L);
  }
  if (lua_type(L, order) == LUA_TTABLE)
    ordered(index, order);
  else
    JsonWriting::members(index);
  lua_settop(L, top);
}

// The keys of the table at `order` first, then the others.
void Writing::ordered(int index, int order) {
  lua_newtable(L);  // the keys that were written
  const int done = lua_gettop(L);
  const int n = static_cast<int>(lua_objlen(L, order));
  for (int i = 1; i <= n; ++i, lua_settop(L, done)) {
    lua_rawgeti(L, order, i);
    if (lua_isnil(L, -1)) continue;
    lua_pushvalue(L, -1);
    lua_rawget(L, index);  // key, value
    if (lua_isnil(L, -1)) continue;
    lua_pushvalue(L, -2);
    lua_rawget(L, done);
    if (!lua_isnil(L, -1)) continue;  // named twice
    lua_pop(L, 1);
    member(done + 1, done + 2);
    lua_pop(L, 1);
    lua_pushboolean(L, 1);
    lua_rawset(L, done);
  }
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {  // key, value
    lua_pushvalue(L, -2);
    lua_rawget(L, done);
    const bool written = !lua_isnil(L, -1);
    lua_pop(L, 1);
    if (!written) member(lua_gettop(L) - 1, lua_gettop(L));
    lua_pop(L, 1);
  }
}

// encode(value, indented, level, order, state) -> text
int encode(lua_State* L) {
  lua_settop(L, Writing::kState);
  const int level = std::clamp(static_cast<int>(luaL_optinteger(L, 3, 0)), 0, kMaxDepth);
  Buffers& b = buffers(L);
  b.text.clear();
  json::Writer writer(
      b.text,
      lua_toboolean(L, 2) != 0 ? json::Writer::Layout::indented : json::Writer::Layout::compact,
      level);
  Writing(L, writer, b).value(1);
  lua_pushlstring(L, b.text.data(), b.text.size());
  give_back(b);
  return 1;
}

// quote(text) -> JSON string
int quote(lua_State* L) {
  std::size_t n = 0;
  const char* s = luaL_checklstring(L, 1, &n);
  std::string& text = lua::push_scratch(L);
  json::Writer(text).text({s, n});
  lua_pushlstring(L, text.data(), text.size());
  std::string().swap(text);
  return 1;
}

// codec({make_i64, make_u64, integer_text, custom, refuse}) -> decode, encode
int codec(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua::push_boxed<Buffers>(L, kBuffers);
  for (const lua_CFunction function : {decode, encode}) {
    lua_pushvalue(L, 2);
    for (const char* hook : {"make_i64", "make_u64", "integer_text", "custom", "refuse"}) {
      lua_getfield(L, 1, hook);
      luaL_checktype(L, -1, LUA_TFUNCTION);
    }
    lua_pushcclosure(L, function, kRefuse);
  }
  return 2;
}

}  // namespace

int open_json(lua_State* L) {
  static const luaL_Reg functions[] = {{"codec", codec}, {"quote", quote}, {nullptr, nullptr}};
  lua_createtable(L, 0, 2);
  luaL_register(L, nullptr, functions);
  return 1;
}

}  // namespace virgo::runtime
