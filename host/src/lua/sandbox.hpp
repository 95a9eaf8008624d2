// What a fresh state can reach. Internal to lua/, but for add_lazy_global().
// Functions for State::protect(): they may raise.
//
// What bounds one call into C of a plugin state, which only ends by itself; times are
// the worst found with 8 MiB of memory, on a machine of 2023:
//
//   find, match, gmatch, gsub    steps that are counted: the budget (pattern.hpp)
//   find of plain text           linear
//   table.sort                   is in Lua: the budget
//   table.insert                 shifts the elements there are, 2 ms
//   table.remove, move, foreach  are in Lua, in LuaJIT too: the budget
//   table.concat, maxn, unpack,  linear in memory that counts, or in the stack;
//   string.rep, format, upper,   up to 30 ms
//   byte, tonumber, os.date ...
//   load                         the text's size: 64 KiB, 100 ms. Many locals in nested
//                                functions are slow to look up, many gotos to resolve.
//                                A file has at most State::kMaxSource, a second.
//   collectgarbage               the memory, 20 ms; scripts have no finalizers: there is
//                                no newproxy, and tables have no __gc
//   os.time, math, bit           constant
//   recursion through C          gsub, coroutines: check_c_stack(); pcall and metamethods
//                                do not use the C stack
//
// Not bounded: tens of thousands of numbers as keys of a table that were computed to
// have the same hash. To enlarge it took LuaJIT 0.7 s with 16,000 of them, 27 s with
// 65,000, which is what the memory allows.
#pragma once

struct lua_State;

namespace virgo::lua {

// Plugin states: the base functions, string, and on first use table, math, bit,
// coroutine and os (clock, date, difftime, time), none of which a script can write
// (read_only.hpp). `load` takes text only, `collectgarbage` cannot stop the collector.
// Left out: io, debug, ffi, jit, package, require, newproxy, getfenv, setfenv, print,
// everything that reads files or bytecode.
int open_sandbox(lua_State* L);

// Trusted states: all of LuaJIT's libraries.
int open_everything(lua_State* L);

// In a plugin state: the global `name` is what `open` leaves on the stack, which
// is called when the name is first used; of a table scripts get a view. May raise.
void add_lazy_global(lua_State* L, const char* name, int (*open)(lua_State*));

}  // namespace virgo::lua
