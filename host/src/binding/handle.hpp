// Handle: how a script holds a Resource. A userdata with two numbers, so that it may
// outlive what it stands for. Loop thread only.
#pragma once

#include <cstdint>
#include <memory>

#include "binding/scope.hpp"
#include "binding/strand.hpp"

struct lua_State;

namespace virgo::binding {

// Pushes a handle with metatable `type` (bindings.hpp, push_metatable) for `resource`,
// which the strand's scope owns from now on. Raises nothing.
void push_handle(lua_State* L, Strand& strand, std::unique_ptr<Resource> resource,
                 const char* type);

struct OpenHandle {
  Strand& strand;        // the one that executes
  std::uint64_t number;  // within its scope
  Resource* resource;    // null when it was closed
};
// Argument 1 as a handle of the executing run; raises an error if it is something
// else or the run that opened it is over. `method` for messages: "sock:read".
OpenHandle check_handle(lua_State* L, const char* type, const char* method);

// Raises an error if the executing run has as much open as it may.
void check_room(lua_State* L, const Strand& strand, const char* function);
// The same if what is under way would hold too much with `bytes` more. `what`: how to
// hold less, "lower max_body".
void check_bytes(lua_State* L, const Strand& strand, const char* function, double bytes,
                 const char* what);

}  // namespace virgo::binding
