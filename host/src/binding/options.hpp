// Options: a table that a script passes to a function, strictly read. Every function
// raises an error that names the called function and the option; the object itself owns
// nothing, so it may be in a frame that is left that way. Loop thread only.
#pragma once

#include <span>
#include <string_view>

#include "base/clock.hpp"

struct lua_State;

namespace virgo::binding {

class Options {
 public:
  // The table at `index` of the stack, or nothing for nil. A key that is not among `known`
  // is an error, with the one that was probably meant. Numbers as keys pass.
  Options(lua_State* L, int index, const char* function, std::span<const std::string_view> known);

  // Leaves the value on the stack; returns its type, LUA_TNIL if there is none.
  int push(const char* name) const;
  bool has(const char* name) const;
  // The view lives as long as the table has it.
  std::string_view text(const char* name, std::string_view fallback = {}) const;
  bool flag(const char* name, bool fallback) const;
  // A whole number.
  double whole(const char* name, double min, double max, double fallback) const;
  // A time above 0, at most a day.
  double seconds(const char* name, double fallback) const;
  // The option `family`, 4 or 6: AF_INET, AF_INET6; AF_UNSPEC without it.
  int family() const;
  // Raises "FUNCTION: NAME WHAT".
  [[noreturn]] void refuse(const char* name, const char* what) const;

 private:
  lua_State* L_;
  int index_;  // 0: there is no table
  const char* function_;
};

Duration as_duration(double seconds);

// Arguments, with errors in the same words.
double check_port(lua_State* L, int index);
// A name or address: a text that could be one by its length.
std::string_view check_host(lua_State* L, int index);

}  // namespace virgo::binding
