// The life of a state, its memory, and its set-up. gate.cpp has the calls.
#include "lua/state.hpp"

#include <cstdlib>
#include <lua.hpp>

#include "base/log.hpp"
#include "lua/block_pool.hpp"
#include "lua/sandbox.hpp"
#include "lua/watchdog.hpp"

namespace virgo::lua {
namespace {

// Nothing collects in an emergency, so garbage counts against the cap: collect
// often enough that a state can use most of it.
constexpr int kGcPause = 110;
constexpr int kGcStepMultiplier = 400;

// Every way into Lua is protected, so this is not reached; if it is, the
// process must not go on and the log must say whose fault it was.
int on_panic(lua_State* L) {
  const char* text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "?";
  log_error("lua", "{}: error outside of a protected call: {}", State::of(L).options().name, text);
  std::abort();
}

}  // namespace

State& State::of(lua_State* L) {
  void* self = nullptr;
  lua_getallocf(L, &self);
  return *static_cast<State*>(self);
}

State::State(StateOptions options) : options_(std::move(options)) {
#ifndef __SANITIZE_ADDRESS__
  if (options_.kind == StateKind::trusted) pool_ = std::make_unique<BlockPool>();
#endif
}

void* State::allocate(void* self, void* block, std::size_t old_size, std::size_t new_size) {
  auto* state = static_cast<State*>(self);
  if (new_size == 0) {
    if (state->pool_ != nullptr)
      state->pool_->release(block, old_size);
    else
      std::free(block);
    state->used_ -= old_size;
    return nullptr;
  }
  if (new_size > old_size && state->denied(new_size - old_size)) return nullptr;
  void* out = state->pool_ != nullptr ? state->pool_->reallocate(block, old_size, new_size)
                                      : std::realloc(block, new_size);
  if (out != nullptr) state->used_ += new_size - old_size;
  return out;
}

bool State::denied(std::size_t growth) {
  if (depth_ == 0 || host_work_ > 0) return false;
  if (refuse_all_) return true;
  if (options_.memory == 0 || used_ + growth <= options_.memory) return false;
  // The error that follows leaves compiled code, so the hook is looked at.
  if (++denials_ == kMaxDenials) lua_sethook(L_, stop_hook, LUA_MASKCOUNT, 1);
  return true;
}

bool State::is_overfull() const {
  return options_.memory > 0 && used_ / 2 > options_.memory;
}

void State::deny_all() {
  denials_ = kMaxDenials;
  lua_sethook(L_, stop_hook, LUA_MASKCOUNT, 1);
}

int State::pushed(lua_State* L, int results) {
  State& state = of(L);
  if (!state.is_overfull()) return results;
  state.deny_all();
  stop_hook(L, nullptr);  // compiled code would not look at it
  return results;
}

Result<std::unique_ptr<State>> State::create(StateOptions options) {
  std::unique_ptr<State> state(new State(std::move(options)));
  state->L_ = lua_newstate(allocate, state.get());
  if (state->L_ == nullptr) return Error{Errc::limit, "out of memory"};
  lua_State* L = state->L_;
  lua_atpanic(L, on_panic);
  lua_gc(L, LUA_GCSETPAUSE, kGcPause);
  lua_gc(L, LUA_GCSETSTEPMUL, kGcStepMultiplier);
  const bool plugin = state->options_.kind == StateKind::plugin;
  auto ready = state->protect(plugin ? open_sandbox : open_everything, nullptr);
  if (!ready) return ready.error();
  ready = state->protect(
      [](lua_State* l) {
        lua_pushcfunction(l, on_error);
        of(l).error_ref_ = luaL_ref(l, LUA_REGISTRYINDEX);
        if (of(l).options_.kind == StateKind::plugin) return 0;
        lua_pushboolean(l, 0);  // a place of its own: filling it later allocates nothing
        of(l).error_value_ref_ = luaL_ref(l, LUA_REGISTRYINDEX);
        return 0;
      },
      nullptr);
  if (!ready) return ready.error();
  if (state->options_.budget.count() > 0) state->options_.watchdog->prepare(L);
  return state;
}

State::~State() {
  if (L_ != nullptr) lua_close(L_);
}

Result<void> State::protect(int (*set_up)(lua_State*), void* arg) {
  struct Job {
    int (*run)(lua_State*);
    void* arg;
  } job{set_up, arg};
  const int top = lua_gettop(L_);
  const int code = lua_cpcall(
      L_,
      [](lua_State* L) {
        const Job& j = *static_cast<Job*>(lua_touserdata(L, 1));
        lua_settop(L, 0);
        lua_pushlightuserdata(L, j.arg);
        return j.run(L);
      },
      &job);
  if (code == 0) return {};
  const char* text = lua_type(L_, -1) == LUA_TSTRING ? lua_tostring(L_, -1) : "unknown error";
  Error error{code == LUA_ERRMEM ? Errc::limit : Errc::failed, text};
  lua_settop(L_, top);
  return error;
}

}  // namespace virgo::lua
