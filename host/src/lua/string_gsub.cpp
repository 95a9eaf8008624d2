// string.gsub of plugin states. No frame here has an object with a destructor.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>

#include "lua/state.hpp"
#include "lua/string_library.hpp"
#include "lua/string_match.hpp"

namespace virgo::lua {
namespace {

constexpr int kReplacement = 3;  // arguments, and what lies above them on the stack
constexpr int kLimit = 4;
constexpr int kKeptProgram = 5;
constexpr int kBuffer = 6;

// The result: on the C stack while it is short, then in a userdata, so that the
// state's cap holds for it.
class Output {
 public:
  explicit Output(lua_State* L) : L_(L) {}

  void add(const char* bytes, std::size_t size) {
    if (size > capacity_ - size_) grow(size);
    std::memcpy(data_ + size_, bytes, size);
    size_ += size;
  }
  void add(const char* begin, const char* end) {
    add(begin, static_cast<std::size_t>(end - begin));
  }
  void push() const { lua_pushlstring(L_, data_, size_); }

 private:
  void grow(std::size_t size) {
    const std::size_t capacity = std::max(2 * capacity_, size_ + size);
    void* memory = lua_newuserdata(L_, capacity);
    std::memcpy(memory, data_, size_);
    lua_replace(L_, kBuffer);
    data_ = static_cast<char*>(memory);
    capacity_ = capacity;
  }

  lua_State* L_;
  std::size_t size_ = 0;
  std::size_t capacity_ = sizeof short_;
  char* data_ = short_;
  char short_[400];
};

struct Gsub {
  lua_State* L;
  const Program& program;
  Matcher& matcher;
  Output& out;
};

// Capture `index` of the match, or all of it for -1.
void add_capture(const Gsub& gsub, int index) {
  if (index < 0) return gsub.out.add(gsub.matcher.match_begin(), gsub.matcher.match_end());
  const Matcher::Capture& capture = gsub.matcher.capture(index);
  if (capture.end != nullptr && ((gsub.program.unclosed >> index) & 1) == 0)
    return gsub.out.add(capture.begin, capture.end);
  push_capture(gsub.L, gsub.program, gsub.matcher, index);  // a position, or an error
  std::size_t size = 0;
  const char* digits = lua_tolstring(gsub.L, -1, &size);
  gsub.out.add(digits, size);
  lua_pop(gsub.L, 1);
}

// A text as replacement: %1 to %9 are captures, %0 is the match; %1 too if there are none.
void add_text(const Gsub& gsub, std::string_view text) {
  lua_State* L = gsub.L;
  while (!text.empty()) {
    const std::size_t plain = std::min(text.find('%'), text.size());
    gsub.out.add(text.data(), plain);
    text.remove_prefix(plain);
    if (text.empty()) return;
    if (text.size() == 1) luaL_error(L, "invalid replacement (ends with '%%')");
    const char c = text[1];
    text.remove_prefix(2);
    if (c < '0' || c > '9') {
      gsub.out.add(&c, 1);
      continue;
    }
    int index = c - '1';  // -1: the match
    if (index == 0 && gsub.program.captures == 0) index = -1;
    if (index >= gsub.program.captures) luaL_error(L, "invalid capture index");
    add_capture(gsub, index);
    // A million captures that are empty add nothing, for which the memory would end it.
    State::check_stopped(L);
  }
}

// What the function or the table has for the match; false or nil keeps it.
void add_looked_up(const Gsub& gsub) {
  lua_State* L = gsub.L;
  if (lua_type(L, kReplacement) == LUA_TFUNCTION) {
    lua_pushvalue(L, kReplacement);
    const int count = push_captures(L, gsub.program, gsub.matcher);
    lua_call(L, count, 1);
  } else {
    push_capture(L, gsub.program, gsub.matcher, gsub.program.captures == 0 ? -1 : 0);
    lua_gettable(L, kReplacement);
  }
  if (lua_toboolean(L, -1) == 0) {
    gsub.out.add(gsub.matcher.match_begin(), gsub.matcher.match_end());
  } else {
    if (lua_isstring(L, -1) == 0)
      luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    std::size_t size = 0;
    const char* bytes = lua_tolstring(L, -1, &size);
    gsub.out.add(bytes, size);
  }
  lua_pop(L, 1);
}

// How often it replaced.
int replace_all(const Gsub& gsub, std::string_view subject, lua_Number limit) {
  lua_State* L = gsub.L;
  const bool is_text = lua_isstring(L, kReplacement) != 0;
  const std::string_view text = is_text ? check_text(L, kReplacement) : std::string_view();
  const char* copied = subject.data();  // up to here it is in the result
  const char* end = subject.data() + subject.size();
  int count = 0;
  for (const char* at = copied; count < limit && at <= end;) {
    if (!check_match(L, gsub.matcher, gsub.matcher.search(at))) break;
    ++count;
    gsub.out.add(copied, gsub.matcher.match_begin());
    if (is_text)
      add_text(gsub, text);
    else
      add_looked_up(gsub);
    copied = gsub.matcher.match_end();
    // Behind an empty match the next byte is passed on as it is.
    at = copied + (gsub.matcher.match_begin() == copied ? 1 : 0);
    if (gsub.program.anchored) break;
  }
  if (count > 0) gsub.out.add(copied, end);
  return count;
}

// Not inlined: the space lies on the C stack only until this returns.
[[gnu::noinline]] Program keep_program(lua_State* L, std::string_view pattern) {
  ProgramSpace space;
  const Program program = space.compile(pattern, true);
  return program.copy_to(lua_newuserdata(L, program.copy_size()));
}

int finish(const Gsub& gsub, std::string_view subject, lua_Number limit) {
  const int count = replace_all(gsub, subject, limit);
  if (count == 0)
    lua_pushvalue(gsub.L, 1);
  else
    gsub.out.push();
  lua_pushinteger(gsub.L, count);
  return 2;
}

// A function can call gsub again: what lies on the C stack meanwhile is kept small.
[[gnu::noinline]] int gsub_looking_up(lua_State* L, std::string_view subject,
                                      std::string_view pattern, lua_Number limit) {
  State::of(L).check_c_stack(L);
  const Program program = keep_program(L, pattern);
  lua_replace(L, kKeptProgram);
  Matcher matcher = make_matcher(L, subject, program);
  Output out(L);
  return finish({L, program, matcher, out}, subject, limit);
}

[[gnu::noinline]] int gsub_text(lua_State* L, std::string_view subject, std::string_view pattern,
                                lua_Number limit) {
  ProgramSpace space;
  const Program program = space.compile(pattern, true);
  Matcher matcher = make_matcher(L, subject, program);
  Output out(L);
  return finish({L, program, matcher, out}, subject, limit);
}

}  // namespace

int string_gsub(lua_State* L) {
  const std::string_view subject = check_text(L, 1);
  const std::string_view pattern = check_text(L, 2);
  const int type = lua_type(L, kReplacement);
  const bool is_text = type == LUA_TSTRING || type == LUA_TNUMBER;
  if (!is_text && type != LUA_TTABLE && type != LUA_TFUNCTION)
    return luaL_argerror(L, kReplacement, "string/function/table expected");
  const lua_Number limit = std::trunc(luaL_optnumber(L, kLimit, HUGE_VAL));
  lua_settop(L, kBuffer);
  return is_text ? gsub_text(L, subject, pattern, limit)
                 : gsub_looking_up(L, subject, pattern, limit);
}

}  // namespace virgo::lua
