#include "lua/coroutine.hpp"

#include <cstring>
#include <lua.hpp>

namespace virgo::lua {
namespace {

char wait_mark;  // its address is what wait() yields; scripts never get to see it

// What the script's own coroutines yield goes to the script, but a wait goes on
// outwards, and the host's answer inwards. In Lua because a C function of this
// version cannot be re-entered after a yield. Each running coroutine takes a piece
// of the C stack, and LuaJIT does not count them: hence the check.
constexpr const char* kWrapped = R"lua(
local mark, raw, check_stack = ...
local create, resume, yield = raw.create, raw.resume, raw.yield
local function enter(co, ...)
  check_stack()
  return resume(co, ...)
end
local function step(co, ok, first, ...)
  if ok and first == mark then return step(co, enter(co, yield(mark))) end
  return ok, first, ...
end
local function unwrap(ok, ...)
  if ok then return ... end
  error((...), 0)
end
return {
  create = create, yield = yield, status = raw.status, running = raw.running,
  isyieldable = raw.isyieldable,
  resume = function(co, ...) return step(co, enter(co, ...)) end,
  wrap = function(f)
    local co = create(f)
    return function(...) return unwrap(step(co, enter(co, ...))) end
  end,
}
)lua";

}  // namespace

Coroutine::Coroutine(State& state) : state_(&state) {
  lua_State* L = state.raw();
  thread_ = lua_newthread(L);
  ref_ = luaL_ref(L, LUA_REGISTRYINDEX);
}

Coroutine& Coroutine::operator=(Coroutine&& other) noexcept {
  if (this == &other) return *this;
  drop();
  state_ = other.state_;
  thread_ = std::exchange(other.thread_, nullptr);
  ref_ = other.ref_;
  return *this;
}

void Coroutine::drop() {
  if (thread_ == nullptr) return;
  luaL_unref(state_->raw(), LUA_REGISTRYINDEX, ref_);
  thread_ = nullptr;
}

void check_can_wait(lua_State* L, const char* function) {
  if (lua_isyieldable(L) == 0)
    luaL_error(L,
               "%s cannot wait here: it may be called from collect(), but not in the file's "
               "main part, in configure(), or below string.gsub",
               function);
}

int wait(lua_State* L) {
  lua_pushlightuserdata(L, &wait_mark);
  return lua_yield(L, 1);
}

bool take_wait(lua_State* coroutine) {
  if (lua_gettop(coroutine) == 0 || lua_touserdata(coroutine, -1) != &wait_mark) return false;
  lua_pop(coroutine, 1);
  return true;
}

int open_wrapped_coroutines(lua_State* L) {
  if (luaL_loadbuffer(L, kWrapped, std::strlen(kWrapped), "=virgo") != 0) return lua_error(L);
  lua_pushlightuserdata(L, &wait_mark);
  lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
  lua_getfield(L, -1, LUA_COLIBNAME);  // chunk mark loaded raw
  lua_remove(L, -2);
  lua_pushcfunction(L, [](lua_State* l) {
    State::of(l).check_c_stack(l);
    return 0;
  });
  lua_call(L, 3, 1);
  return 1;
}

}  // namespace virgo::lua
