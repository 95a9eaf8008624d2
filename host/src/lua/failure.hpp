// Why a call into Lua did not end well. Plain value.
#pragma once

#include <cstdint>
#include <string>

struct lua_State;

namespace virgo::lua {

enum class Exit : std::uint8_t {
  done,         // returned normally
  yielded,      // a coroutine that waits
  error,        // raised an error
  over_budget,  // stopped by the watchdog
  over_memory,  // refused memory, and did not or could not go on without it
};

// Scripts raise a text, or a table {message=, status=, param=}; anything else is
// described by its type.
struct Failure {
  Exit exit = Exit::error;
  std::string message;    // as raised; a text of Lua's own begins with "file:line: "
  std::string where;      // "redis.lua:14", the innermost line of Lua; may be ""
  std::string traceback;  // one frame a line, innermost first; may be ""
  std::string status;     // the table's field, else ""
  std::string param;      // the table's field, else ""
  // over_budget, over_memory: the option that set the bound, and its value.
  std::string limit;
  std::string value;
  bool structured = false;  // it was such a table

  // For a person, one sentence that says where; a table's message stands alone.
  std::string sentence() const;

  // Sets message, status, param and structured from the error value at `index`.
  // Calls no metamethods and raises nothing.
  void describe(lua_State* L, int index);
};

}  // namespace virgo::lua
