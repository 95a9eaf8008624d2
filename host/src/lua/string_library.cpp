// string.find, match and gmatch of plugin states. No frame here has an object with a
// destructor.
#include "lua/string_library.hpp"

#include <cstring>
#include <new>

#include "lua/state.hpp"
#include "lua/string_match.hpp"

namespace virgo::lua {
namespace {

// The offset of the optional position argument `index`, which may count from the end.
std::size_t offset_argument(lua_State* L, int index, std::size_t size) {
  const lua_Number position = luaL_optnumber(L, index, 1);
  const auto end = static_cast<lua_Number>(size);
  if (position > end) return size;
  if (position >= 1) return static_cast<std::size_t>(position) - 1;
  if (position <= -1 && position >= -end) return size - static_cast<std::size_t>(-position);
  return 0;
}

constexpr ByteSet set_of(std::string_view bytes) {
  ByteSet out{};
  for (const char byte : bytes) {
    const auto c = static_cast<unsigned char>(byte);
    out.bits[c >> 5] |= std::uint32_t{1} << (c & 31);
  }
  return out;
}

constexpr ByteSet kSpecial = set_of("^$*+?.([%-");

bool is_plain(std::string_view pattern) {
  for (const char c : pattern)
    if (kSpecial.has(static_cast<unsigned char>(c))) return false;
  return true;
}

void push_position(lua_State* L, std::ptrdiff_t offset) {
  lua_pushnumber(L, static_cast<lua_Number>(offset));
}

int find_plain(lua_State* L, std::string_view subject, std::string_view text, std::size_t from) {
  const void* at = memmem(subject.data() + from, subject.size() - from, text.data(), text.size());
  if (at == nullptr) {
    lua_pushnil(L);
    return 1;
  }
  const std::ptrdiff_t offset = static_cast<const char*>(at) - subject.data();
  push_position(L, offset + 1);
  push_position(L, offset + static_cast<std::ptrdiff_t>(text.size()));
  return 2;
}

// string.find(subject, pattern [, position [, plain]])
int string_find(lua_State* L) {
  const std::string_view subject = check_text(L, 1);
  const std::string_view pattern = check_text(L, 2);
  const std::size_t from = offset_argument(L, 3, subject.size());
  if (lua_toboolean(L, 4) != 0 || is_plain(pattern)) return find_plain(L, subject, pattern, from);
  ProgramSpace space;
  const Program program = space.compile(pattern, true);
  Matcher matcher = make_matcher(L, subject, program);
  if (!check_match(L, matcher, matcher.search(subject.data() + from))) {
    lua_pushnil(L);
    return 1;
  }
  push_position(L, matcher.match_begin() - subject.data() + 1);
  push_position(L, matcher.match_end() - subject.data());
  return 2 + (program.captures == 0 ? 0 : push_captures(L, program, matcher));
}

// string.match(subject, pattern [, position])
int string_match(lua_State* L) {
  const std::string_view subject = check_text(L, 1);
  const std::string_view pattern = check_text(L, 2);
  const std::size_t from = offset_argument(L, 3, subject.size());
  ProgramSpace space;
  const Program program = space.compile(pattern, true);
  Matcher matcher = make_matcher(L, subject, program);
  if (check_match(L, matcher, matcher.search(subject.data() + from)))
    return push_captures(L, program, matcher);
  lua_pushnil(L);
  return 1;
}

// What an iteration keeps; the copy of the program lies behind it. The iterator keeps
// the texts of subject and pattern.
struct Iteration {
  Program program;
  const char* subject;
  std::size_t size;
  std::size_t from;  // beyond the subject: over
};

// Goes on with the iteration at 1.
int gmatch_next(lua_State* L) {
  auto& iteration = *static_cast<Iteration*>(lua_touserdata(L, 1));
  const std::string_view subject(iteration.subject, iteration.size);
  if (iteration.from <= subject.size()) {
    Matcher matcher = make_matcher(L, subject, iteration.program);
    if (check_match(L, matcher, matcher.search(subject.data() + iteration.from))) {
      const bool empty = matcher.match_begin() == matcher.match_end();
      iteration.from =
          static_cast<std::size_t>(matcher.match_end() - subject.data()) + (empty ? 1 : 0);
      return push_captures(L, iteration.program, matcher);
    }
    iteration.from = subject.size() + 1;
  }
  lua_pushnil(L);
  return 1;
}

// The iterator is a function of Lua: LuaJIT compiles its call for any of its kind,
// but that of a C function, each with upvalues of its own, for this very one only.
constexpr const char* kIterator =
    "local next_match = ... "
    "return function(iteration, subject, pattern) "
    "return function() return next_match(iteration, subject, pattern) end end";

// string.gmatch(subject, pattern). Upvalue 1: what makes iterators, after the first call.
int string_gmatch(lua_State* L) {
  const std::string_view subject = check_text(L, 1);
  const std::string_view pattern = check_text(L, 2);
  lua_settop(L, 2);
  lua_pushvalue(L, lua_upvalueindex(1));
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    if (luaL_loadbuffer(L, kIterator, std::strlen(kIterator), "=virgo") != 0) return lua_error(L);
    lua_pushcfunction(L, gmatch_next);
    lua_call(L, 1, 1);
    lua_pushvalue(L, -1);
    lua_replace(L, lua_upvalueindex(1));
  }
  ProgramSpace space;
  const Program program = space.compile(pattern, false);
  void* memory = lua_newuserdata(L, sizeof(Iteration) + program.copy_size());
  auto* iteration = new (memory) Iteration();
  iteration->program = program.copy_to(iteration + 1);
  iteration->subject = subject.data();
  iteration->size = subject.size();
  iteration->from = 0;
  lua_pushvalue(L, 1);
  lua_pushvalue(L, 2);
  lua_call(L, 3, 1);
  return 1;
}

}  // namespace

std::string_view check_text(lua_State* L, int index) {
  std::size_t size = 0;
  const char* text = luaL_checklstring(L, index, &size);
  return {text, size};
}

Matcher make_matcher(lua_State* L, std::string_view subject, const Program& program) {
  return {subject, program, [](void* l) { return State::stopping(static_cast<lua_State*>(l)); }, L};
}

bool check_match(lua_State* L, const Matcher& matcher, Matcher::Outcome outcome) {
  if (outcome == Matcher::Outcome::fault) luaL_error(L, "%s", matcher.fault());
  if (outcome == Matcher::Outcome::stopped) State::check_stopped(L);
  return outcome == Matcher::Outcome::match;
}

void push_capture(lua_State* L, const Program& program, const Matcher& matcher, int index) {
  const char* begin = matcher.match_begin();
  const char* end = matcher.match_end();
  if (index >= 0) {
    if (((program.unclosed >> index) & 1) != 0) luaL_error(L, "unfinished capture");
    begin = matcher.capture(index).begin;
    end = matcher.capture(index).end;
  }
  if (end == nullptr)
    push_position(L, matcher.offset(begin) + 1);
  else
    lua_pushlstring(L, begin, static_cast<std::size_t>(end - begin));
}

int push_captures(lua_State* L, const Program& program, const Matcher& matcher) {
  const int count = program.captures;
  luaL_checkstack(L, count + 1, "too many captures");
  if (count == 0) push_capture(L, program, matcher, -1);
  for (int i = 0; i < count; ++i) push_capture(L, program, matcher, i);
  return count == 0 ? 1 : count;
}

void add_pattern_functions(lua_State* L) {
  const luaL_Reg functions[] = {
      {"find", string_find}, {"match", string_match}, {"gsub", string_gsub}, {nullptr, nullptr}};
  luaL_setfuncs(L, functions, 0);
  lua_pushnil(L);
  lua_pushcclosure(L, string_gmatch, 1);
  lua_setfield(L, -2, "gmatch");
}

}  // namespace virgo::lua
