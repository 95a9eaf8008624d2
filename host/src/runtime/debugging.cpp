// native.debugging: what --profile and --inspect-handles ask for, and the list of
// handles, which Lua cannot see whole: some belong to C++.
#include <lua.hpp>

#include "lua/state.hpp"
#include "runtime/natives.hpp"
#include "runtime/program.hpp"
#include "uv/inspect.hpp"

namespace virgo::runtime {
namespace {

constexpr const char* kListType = "virgo.handle_list";

// A userdata owns the list, as an error may leave the frames here.
using List = std::vector<uv::HandleInfo>;

int collect_list(lua_State* L) {
  static_cast<List*>(lua_touserdata(L, 1))->~List();
  return 0;
}

List& push_list(lua_State* L) {
  List* list = new (lua_newuserdata(L, sizeof(List))) List;
  if (luaL_newmetatable(L, kListType) != 0) {
    lua_pushcfunction(L, collect_list);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  return *list;
}

void set(lua_State* L, const char* name, const std::string& text) {
  if (text.empty()) return;
  lua_pushlstring(L, text.data(), text.size());
  lua_setfield(L, -2, name);
}

void set(lua_State* L, const char* name, bool value) {
  lua_pushboolean(L, value ? 1 : 0);
  lua_setfield(L, -2, name);
}

void set(lua_State* L, const char* name, std::int64_t value, std::int64_t none) {
  if (value == none) return;
  lua_pushinteger(L, static_cast<lua_Integer>(value));
  lua_setfield(L, -2, name);
}

void push_handle(lua_State* L, const uv::HandleInfo& info) {
  lua_createtable(L, 0, 8);
  // The way luv's handles print: "uv_tcp_t: 0x55...".
  lua_pushfstring(L, "%p", info.handle);
  lua_setfield(L, -2, "address");
  set(L, "type", info.type);
  set(L, "active", info.active);
  set(L, "referenced", info.referenced);
  set(L, "closing", info.closing);
  set(L, "fd", info.fd, -1);
  set(L, "own", info.local);
  set(L, "peer", info.peer);
  set(L, "pid", info.pid, 0);
  set(L, "signal", info.signal, 0);
  set(L, "due", info.due_ms, -1);
  set(L, "every", info.repeat_ms, 0);
}

int handles(lua_State* L) {
  List& list = push_list(L);
  list = uv::list_handles(Program::of(L).loop());
  lua_createtable(L, static_cast<int>(list.size()), 0);
  for (std::size_t i = 0; i < list.size(); ++i) {
    push_handle(L, list[i]);
    lua_rawseti(L, -2, static_cast<int>(i) + 1);
  }
  lua_pushinteger(L, static_cast<lua_Integer>(uv::pending_requests(Program::of(L).loop())));
  return 2;
}

}  // namespace

int open_debugging(lua_State* L) {
  const ProgramOptions& options = Program::of(L).options();
  lua_createtable(L, 0, 3);
  if (options.profile.enabled) {
    lua_createtable(L, 0, 2);
    set(L, "file", options.profile.file);
    set(L, "states", options.profile.with_vm_state);
    lua_setfield(L, -2, "profile");
  }
  set(L, "inspect_handles", options.inspect_handles);
  lua_pushcfunction(L, handles);
  lua_setfield(L, -2, "handles");
  return 1;
}

}  // namespace virgo::runtime
