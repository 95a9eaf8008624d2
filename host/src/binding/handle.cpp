#include "binding/handle.hpp"

#include <lua.hpp>

#include "base/format.hpp"
#include "base/text.hpp"
#include "binding/bindings.hpp"

namespace virgo::binding {
namespace {

struct Handle {
  std::uint64_t scope;
  std::uint64_t number;
};

}  // namespace

void push_handle(lua_State* L, Strand& strand, std::unique_ptr<Resource> resource,
                 const char* type) {
  const lua::HostWork unrefused(L);
  strand.context().opened(resource->kind(), resource->description());
  const std::uint64_t number = strand.scope().add(std::move(resource));
  auto* handle = static_cast<Handle*>(lua_newuserdata(L, sizeof(Handle)));
  *handle = {strand.scope().id(), number};
  luaL_getmetatable(L, type);
  lua_setmetatable(L, -2);
}

OpenHandle check_handle(lua_State* L, const char* type, const char* method) {
  const auto* handle = static_cast<Handle*>(check_self(L, type, method));
  Strand& strand = Strand::current(L, method);
  if (strand.scope().id() != handle->scope)
    luaL_error(L, "%s: the run that opened it is over, and closed it", method);
  return {strand, handle->number, strand.scope().find(handle->number)};
}

namespace {

// False when there is room; else the sentence is on top.
bool is_full(lua_State* L, const Strand& strand, const char* function) {
  const lua::HostWork unrefused(L);
  const Scope& scope = strand.scope();
  if (!scope.is_full()) return false;
  const std::string text = format(
      "{}: {} sockets or processes are open in this run (limits.lua_sockets); close those "
      "that are done",
      function, scope.max());
  strand.context().exceeded("limits.lua_sockets", format("{}", scope.max()), text);
  lua_pushlstring(L, text.data(), text.size());
  return true;
}

// The same.
bool holds_too_much(lua_State* L, const Strand& strand, const char* function, double bytes,
                    const char* what) {
  const lua::HostWork unrefused(L);
  const Scope& scope = strand.scope();
  if (scope.has_room(static_cast<std::size_t>(bytes))) return false;
  const std::string most = format_size(scope.max_bytes());
  const std::string text = format(
      "{}: what this run waits for would hold more than {} together (4 times "
      "limits.lua_memory); {}",
      function, most, what);
  strand.context().exceeded("limits.lua_memory", most, text);
  lua_pushlstring(L, text.data(), text.size());
  return true;
}

}  // namespace

void check_bytes(lua_State* L, const Strand& strand, const char* function, double bytes,
                 const char* what) {
  if (holds_too_much(L, strand, function, bytes, what)) lua_error(L);
}

void check_room(lua_State* L, const Strand& strand, const char* function) {
  if (is_full(L, strand, function)) lua_error(L);
}

}  // namespace virgo::binding
