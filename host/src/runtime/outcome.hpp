// How the native halves of codecs take texts and give failures. Internal to runtime/.
#pragma once

#include <cstddef>
#include <lua.hpp>
#include <string_view>

#include "base/result.hpp"

namespace virgo::runtime {

// Of the string argument at `index`; raises if it is none. Lasts as the argument does.
inline std::string_view check_text(lua_State* L, int index) {
  std::size_t size = 0;
  const char* text = luaL_checklstring(L, index, &size);
  return {text, size};
}

// The same, "" for nil.
inline std::string_view opt_text(lua_State* L, int index) {
  return lua_isnoneornil(L, index) ? std::string_view() : check_text(L, index);
}

// What became of a call: a Result without memory of its own, so that none is alive
// when values are pushed.
struct Outcome {
  const char* code = nullptr;  // null = success
  char message[256] = {};      // cut if longer

  explicit Outcome(const Result<void>& result) {
    if (result) return;
    code = errc_name(result.error().code);
    result.error().message.copy(message, sizeof message - 1);
  }
};

// nil, the message and the code's name. Returns 3.
inline int push_failure(lua_State* L, const Outcome& outcome) {
  lua_pushnil(L);
  lua_pushstring(L, outcome.message);
  lua_pushstring(L, outcome.code);
  return 3;
}

}  // namespace virgo::runtime
