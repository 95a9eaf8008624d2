// What all bindings share: errors as values, metatables, and the
// functions of `self`. Loop thread only.
#pragma once

#include <string_view>

#include "base/result.hpp"

struct lua_State;

namespace virgo::binding {

// Pushes nil and an error table {message=, status=, code=}, which may be given to
// error(), assert(), tostring() and `..`. Returns 2, for `return push_failure(...)`.
// Raises nothing. open_failures() comes first, once per state; that may raise.
int push_failure(lua_State* L, const char* status, const Error& error);
void open_failures(lua_State* L);

// Registers a metatable `name` (once per state) with these methods as __index,
// hidden from scripts, and leaves it on the stack. The list ends with a null name.
struct Method {
  const char* name;
  int (*function)(lua_State*);
};
void push_metatable(lua_State* L, const char* name, const Method* methods);
// The same for a kind of handle (handle.hpp), and leaves nothing.
void define_handle(lua_State* L, const char* name, const Method* methods);

// Leaves a table with these functions on the stack, as the only result. May raise.
int open_functions(lua_State* L, const Method* functions);

// Members of the table on top of the stack. May raise.
void set_text(lua_State* L, const char* name, std::string_view text);
void set_number(lua_State* L, const char* name, double value);
void set_flag(lua_State* L, const char* name, bool value);

// The userdata at `index` if it has metatable `name`, else raises "`method` must
// be called with a colon".
void* check_self(lua_State* L, const char* name, const char* method);

// Adds a function to the table on top of the stack, with `pointer` as its upvalue.
// May raise.
void add_function(lua_State* L, const char* name, int (*function)(lua_State*), void* pointer);

// Members of the table on top of the stack that cost nothing until they are used:
// each is what `open` leaves on the stack, called when its name is first looked up.
// The list ends with a null name and outlives the state. May raise.
struct LazyMember {
  const char* name;
  int (*open)(lua_State*);
};
void add_lazy_members(lua_State* L, const LazyMember* members);

}  // namespace virgo::binding
