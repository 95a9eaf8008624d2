// State's calls into Lua: the one place where foreign code is entered. No frame
// here that Lua can unwind has an object with a destructor.
#include <algorithm>
#include <lua.hpp>

#include "base/format.hpp"
#include "base/text.hpp"
#include "lua/read_only.hpp"
#include "lua/state.hpp"
#include "lua/traceback.hpp"
#include "lua/watchdog.hpp"

namespace virgo::lua {
namespace {

constexpr std::ptrdiff_t kMaxCStack = 256 * 1024;
// Less cannot be measured fairly on a busy machine.
constexpr Duration kLeastBudget = std::chrono::milliseconds(1);

std::string in_brackets(const char* option) {
  return *option == '\0' ? "" : format(" ({})", option);
}

}  // namespace

void State::enter() {
  if (depth_++ > 0) return;
  c_stack_ = static_cast<const char*>(__builtin_frame_address(0));
  denials_ = 0;
  stopped_ = false;
  stopped_at_[0] = '\0';
  if (is_overfull()) deny_all();
  if (options_.budget.count() <= 0) return;
  on_allowance_ = allowance_.limit.count() > 0 && allowance_.left < options_.budget;
  const Duration budget = on_allowance_ ? std::max(allowance_.left, kLeastBudget) : options_.budget;
  options_.watchdog->begin(L_, budget, stop_hook);
}

void State::leave() {
  if (--depth_ > 0) return;
  if (options_.budget.count() > 0) {
    if (options_.watchdog->end()) stopped_ = true;
    cpu_used_ += options_.watchdog->last_used();
  }
  if (denials_ > 0) lua_sethook(L_, nullptr, 0, 0);
  refuse_all_ = false;
  if (stopped_) spent_ = true;
}

void State::check_c_stack(lua_State* L) const {
  const auto* here = static_cast<const char*>(__builtin_frame_address(0));
  if (depth_ == 0 || c_stack_ - here <= kMaxCStack) return;
  char where[80] = "?";
  position(L, 0, where, sizeof where);
  lua_pushfstring(L, "%s: C stack overflow: string.gsub or coroutine calls nested too deep", where);
  lua_error(L);
}

// Raises "not enough memory" at each instruction until the gate is reached:
// that error is the one which needs no memory and calls no xpcall handler, so
// a handler that loops cannot hold it up.
void State::stop_hook(lua_State* L, lua_Debug*) {
  State& state = of(L);
  if (state.stopped_at_[0] == '\0') position(L, 0, state.stopped_at_, sizeof state.stopped_at_);
  state.refuse_all_ = true;
  lua_newuserdata(L, 64);
}

bool State::stopping(lua_State* L) {
  return lua_gethookmask(L) != 0;
}

void State::check_stopped(lua_State* L) {
  if (stopping(L)) stop_hook(L, nullptr);
}

int State::on_error(lua_State* L) {
  State& state = of(L);
  state.failure_.where = position(L, 1);
  state.failure_.traceback = lua::traceback(L, 1);
  return 1;
}

Exit State::call(lua_State* L, int nargs, int nresults) {
  const int base = lua_gettop(L) - nargs;
  if (spent_ && depth_ == 0) {
    lua_settop(L, base - 1);
    return refuse_spent();
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, error_ref_);
  lua_insert(L, base);  // ... on_error f args
  failure_.where.clear();
  failure_.traceback.clear();
  enter();
  const int code = lua_pcall(L, nargs, nresults, base);
  leave();
  if (code == 0 && !stopped_) {
    lua_remove(L, base);  // ... results
    return Exit::done;
  }
  const Exit exit = failed(L, code);
  lua_settop(L, base - 1);
  return exit;
}

Exit State::resume(lua_State* coroutine, int nargs) {
  if (spent_ && depth_ == 0) return refuse_spent();
  enter();
  const int code = lua_resume(coroutine, nargs);
  leave();
  if (!stopped_ && code == 0) return Exit::done;
  if (!stopped_ && code == LUA_YIELD) return Exit::yielded;
  // A failed coroutine's stack is left as it was, for exactly this.
  failure_.where = position(coroutine);
  failure_.traceback = code == LUA_YIELD ? "" : lua::traceback(coroutine);
  const Exit exit = failed(coroutine, code);
  if (code != LUA_YIELD) lua_settop(coroutine, 0);
  return exit;
}

Exit State::refuse_spent() {
  failure_ = {};
  failure_.message = "not run: the script was stopped before";
  return failure_.exit;
}

void State::push_error(lua_State* L) const {
  if (error_value_ref_ < 0)
    lua_pushnil(L);
  else
    lua_rawgeti(L, LUA_REGISTRYINDEX, error_value_ref_);
}

// Fills failure_ but for where and traceback.
Exit State::failed(lua_State* L, int code) {
  failure_.structured = false;
  failure_.status.clear();
  failure_.param.clear();
  if (error_value_ref_ >= 0 && code != LUA_YIELD) {
    lua_pushvalue(L, -1);
    lua_rawseti(L, LUA_REGISTRYINDEX, error_value_ref_);
  }
  const bool stopped = stopped_ || refuse_all_;
  // A denial that was caught and led to another error is that error's matter.
  if (denials_ >= kMaxDenials || (denials_ > 0 && code == LUA_ERRMEM && !stopped)) {
    failure_.exit = Exit::over_memory;
    failure_.limit = options_.memory_option;
    failure_.value = format_size(options_.memory);
    failure_.message = format("reached its memory cap of {}{}", failure_.value,
                              in_brackets(options_.memory_option));
    spent_ = true;
  } else if (stopped) {
    failure_.exit = Exit::over_budget;
    failure_.limit = on_allowance_ ? allowance_.option : options_.budget_option;
    failure_.value = format_duration(on_allowance_ ? allowance_.limit : options_.budget);
    failure_.message = format("stopped after {} {}{}", failure_.value,
                              on_allowance_ ? format("of processor time {}", allowance_.per)
                                            : std::string("without coming back to the loop"),
                              in_brackets(failure_.limit.c_str()));
  } else {
    failure_.exit = Exit::error;
    failure_.describe(L, -1);
  }
  if (stopped_at_[0] != '\0') failure_.where = stopped_at_;
  return failure_.exit;
}

Result<void> State::load(lua_State* L, const std::string& source, const std::string& chunk) {
  const bool plugin = options_.kind == StateKind::plugin;
  if (plugin && source.size() > kMaxSource)
    return Error{Errc::limit, format("{}: {} of Lua in one file, at most {}", chunk.substr(1),
                                     format_size(source.size()), format_size(kMaxSource))};
  int code = luaL_loadbufferx(L, source.data(), source.size(), chunk.c_str(), "t");
  if (code == 0 && plugin) {
    const HostWork unrefused(L);
    lua_pushcfunction(L, prepare_chunk);
    lua_insert(L, -2);
    code = lua_pcall(L, 1, 1, 0);
  }
  if (code == 0) return {};
  const char* text = lua_tostring(L, -1);
  Error error{Errc::invalid, text == nullptr ? "out of memory" : text};
  lua_pop(L, 1);
  return error;
}

}  // namespace virgo::lua
