// What Lua checks can call. Each check_*.cpp beside this file
// holds one global; lua-plugins/README.md is their reference. Internal to script/.
#pragma once

#include <cstdint>

#include "base/result.hpp"

struct lua_State;

namespace virgo::script {

// Sets up the globals of a check file's state: virgo at once, net, fs, json and
// print when first used. May raise; for State::protect().
void bind_check_globals(lua_State* L);

// Each leaves its table on the stack. May raise.
int open_check_virgo(lua_State* L);
int open_check_net(lua_State* L);
int open_check_fs(lua_State* L);

// Pushes the userdata that stands for run `id` of this file.
void push_run(lua_State* L, std::uint64_t id);

// Pushes nil and an error table {message=, status=, code=}, which may be given to
// error(), assert() or tostring(). Returns 2, for `return push_failure(...)`.
// Raises nothing.
int push_failure(lua_State* L, const char* status, const Error& error);

// Registers a metatable `name` (once per state) with these methods as __index,
// hidden from scripts, and leaves it on the stack. May raise.
struct Method {
  const char* name;
  int (*function)(lua_State*);
};
void push_metatable(lua_State* L, const char* name, const Method* methods);

// The userdata at `index` if it has metatable `name`, else raises "`method` must
// be called with a colon".
void* check_self(lua_State* L, const char* name, const char* method);

}  // namespace virgo::script
