// What a script can reach but not write: its globals and the library tables.
//
// A library table is handed out as a view, a userdata that reads from the table, so
// that the raw functions (rawset, table.insert, next) do not get at it either.
//
// The globals are not behind a view, which would make each use of one slower: a
// chunk gets them themselves as its environment if its bytecode has no instruction
// that writes a global, and else an empty table that reads from them and refuses to
// be written. `_G` is a view. Internal to lua/, but for make_read_only(). All may raise.
#pragma once

struct lua_State;

namespace virgo::lua {

// Replaces the table on top of the stack by a view of it, and the tables in it that
// hold functions only likewise. `name`, such as "virgo.tcp", is for the error that a
// write raises. Leaves what is not a table alone.
void make_read_only(lua_State* L, const char* name);

// Takes getfenv, setfenv and _G away, hides the metatable of strings. To be called
// with the globals of LuaJIT's base library and `jit` there.
void protect_globals(lua_State* L);

// The function at 1, compiled from text, is made ready to run; returned. For host code:
// makes the globals that are tables read-only at that.
int prepare_chunk(lua_State* L);
// The same without that. `environment`: index of a table, or 0 for the globals.
void confine_chunk(lua_State* L, int environment);

// Opens `_G`.
int open_globals_view(lua_State* L);

}  // namespace virgo::lua
