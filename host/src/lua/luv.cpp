#include "lua/luv.hpp"

#include <cstring>
#include <lua.hpp>

extern "C" {
#include <luv/luv.h>
}

#include "base/log.hpp"
#include "uv/timer.hpp"

namespace virgo::lua {
namespace {

constexpr const char* kCloseAll = "virgo.luv.close_all";  // registry

// luv keeps every open handle and pending request in the registry, by number.
// The loop is shared with handles that luv knows nothing about, and its own walk
// aborts at those.
constexpr const char* kOwn = R"lua(
local uv, registry = ..., debug.getregistry()
local is_handle, is_request = registry.uv_handle, registry.uv_req

local function own()
  local handles, requests = {}, {}
  for key, value in next, registry do
    if type(key) == "number" and type(value) == "userdata" then
      local meta = debug.getmetatable(value)
      if meta and is_handle[meta] then handles[#handles + 1] = value end
      if meta and is_request == meta then requests[#requests + 1] = value end
    end
  end
  return handles, requests
end

function uv.walk(visit)
  for _, handle in ipairs((own())) do visit(handle) end
end
uv.loop_close = nil

-- What a thread runs lies in its object, which must not be collected before that.
local threads, new_thread, join = {}, uv.new_thread, uv.thread_join
function uv.new_thread(...)
  local thread, err, name = new_thread(...)
  if thread then threads[thread] = true end
  return thread, err, name
end
function uv.thread_join(thread)
  threads[thread] = nil
  return join(thread)
end
registry.uv_thread.__index.join = uv.thread_join

local close, is_closing, cancel = uv.close, uv.is_closing, uv.cancel
return function()
  for thread in next, threads do join(thread) end -- what it runs goes with the state
  threads = {}
  local handles, requests = own()
  for _, handle in ipairs(handles) do
    if not is_closing(handle) then close(handle) end
  end
  for _, request in ipairs(requests) do pcall(cancel, request) end
  return #handles + #requests
end
)lua";

// luv's way of calling back: pops the function and its arguments; returns how
// many results it left, or a negative number.
int call_back(lua_State* L, int nargs, int nresults, int /*flags*/) {
  const int base = lua_gettop(L) - nargs - 1;
  State& state = State::of(L);
  if (state.silent()) {
    lua_settop(L, base);
    return -LUA_ERRRUN;
  }
  if (state.call(L, nargs, nresults) == Exit::done) return lua_gettop(L) - base;
  if (state.callback_failed)
    state.callback_failed(state.failure());
  else
    log_error("lua", "{}: error in a callback: {}\n{}", state.options().name,
              state.failure().sentence(), state.failure().traceback);
  return -LUA_ERRRUN;
}

int open(lua_State* L) {
  auto* loop = static_cast<uv_loop_t*>(lua_touserdata(L, 1));
  luv_set_loop(L, loop);
  luv_set_callback(L, call_back);
  lua_pushcfunction(L, luaopen_luv);
  lua_call(L, 0, 1);  // loop uv
  lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
  for (const char* name : {"uv", "luv"}) {
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, name);
  }
  lua_pop(L, 1);  // loop uv
  lua_pushvalue(L, -1);
  lua_setglobal(L, "uv");
  if (luaL_loadbuffer(L, kOwn, std::strlen(kOwn), "=virgo") != 0) return lua_error(L);
  lua_insert(L, -2);
  lua_call(L, 1, 1);  // loop close_all
  lua_setfield(L, LUA_REGISTRYINDEX, kCloseAll);
  return 0;
}

// What is still pending; closes and cancels what is not being closed yet.
int close_all(State& state) {
  lua_State* L = state.raw();
  lua_getfield(L, LUA_REGISTRYINDEX, kCloseAll);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    return 0;
  }
  if (state.call(L, 0, 1) != Exit::done) return 1;
  const int pending = static_cast<int>(lua_tointeger(L, -1));
  lua_pop(L, 1);
  return pending;
}

}  // namespace

Result<void> open_luv(State& state, uv::Loop& loop, std::function<void(const Failure&)> failed) {
  state.callback_failed = std::move(failed);
  return state.protect(open, loop.raw());
}

bool close_luv(State& state, uv::Loop& loop, Duration patience) {
  state.silence();
  bool out_of_patience = false;
  uv::Timer timer(loop, [&] { out_of_patience = true; });
  timer.start(patience);
  while (close_all(state) > 0) {
    if (out_of_patience) return false;
    loop.run_once(true);
  }
  return true;
}

}  // namespace virgo::lua
