#include "runtime/program.hpp"

#include <cstdio>
#include <lua.hpp>

#include "lua/luv.hpp"
#include "runtime/builtin_modules.hpp"
#include "runtime/natives.hpp"

namespace virgo::runtime {
namespace {

constexpr int kGcPause = 200;
constexpr int kGcStepMultiplier = 200;

}  // namespace

// Runs protected. main.lua gets the natives and the words, and returns its two
// hooks, the function that runs the program, and what gives a worker its own.
int Program::open(lua_State* L) {
  Program& program = *static_cast<Program*>(lua_touserdata(L, 1));
  lua_settop(L, 0);
  lua_pushcfunction(L, [](lua_State* l) { return open_builtins(l); });
  lua_call(L, 0, 1);
  lua_getfield(L, -1, "load");
  lua_pushliteral(L, "main");
  lua_call(L, 1, 1);  // builtins main
  if (lua_isnil(L, -1)) return luaL_error(L, "the built-in module main is missing");
  open_natives(L);
  const ProgramOptions& o = program.options_;
  lua_createtable(L, static_cast<int>(o.words.size()), 2);
  lua_pushstring(L, o.executable.c_str());
  lua_rawseti(L, -2, 0);
  for (std::size_t i = 0; i < o.words.size(); ++i) {
    lua_pushlstring(L, o.words[i].data(), o.words[i].size());
    lua_rawseti(L, -2, static_cast<int>(i) + 1);
  }
  if (o.source.empty())
    lua_pushnil(L);
  else
    lua_pushlstring(L, o.source.data(), o.source.size());
  lua_call(L, 3, 4);  // builtins uncaught finish run worker
  if (o.worker != nullptr) {
    lua_call(L, 0, 2);  // builtins uncaught finish run enter uncaught'
    lua_replace(L, -5);
    lua_replace(L, -2);
  } else {
    lua_pop(L, 1);
  }
  lua_setfield(L, LUA_REGISTRYINDEX, "virgo.run");
  program.finish_ref_ = luaL_ref(L, LUA_REGISTRYINDEX);
  program.uncaught_ref_ = luaL_ref(L, LUA_REGISTRYINDEX);
  return 0;
}

Result<void> Program::start() {
  auto made = lua::State::create({.kind = lua::StateKind::trusted,
                                  .name = options_.words.empty() ? "virgo lua" : options_.words[0],
                                  .memory = 0,
                                  .budget = {},
                                  .watchdog = nullptr});
  if (!made) return made.error();
  state_ = std::move(made).value();
  state_->set_owner(this);
  // Nothing caps this state, so it need not collect as often as a capped one.
  lua_gc(state_->raw(), LUA_GCSETPAUSE, kGcPause);
  lua_gc(state_->raw(), LUA_GCSETSTEPMUL, kGcStepMultiplier);
  auto luv = lua::open_luv(*state_, loop_, [this](const lua::Failure&) { uncaught(); });
  if (!luv) return luv.error();
  auto opened = state_->protect(open, this);
  if (!opened) return opened.error();
  if (options_.worker != nullptr) return {};
  push_entry();
  call(state_->raw(), 0);
  return {};
}

void Program::push_entry() const {
  lua_getfield(state_->raw(), LUA_REGISTRYINDEX, "virgo.run");
}

Result<std::unique_ptr<Program>> Program::start(uv::Loop& loop, ProgramOptions options) {
  std::unique_ptr<Program> program(new Program(loop, std::move(options)));
  auto started = program->start();
  if (!started) return started.error();
  return program;
}

Program::~Program() {
  // The terminal is the program's, never a thread's.
  if (state_ && options_.worker == nullptr) close_terminal(state_->raw());
  if (state_ && !lua::close_luv(*state_, loop_)) (void)state_.release();
}

void Program::call(lua_State* L, int nargs) {
  if (state_->silent()) {
    lua_pop(L, nargs + 1);
    return;
  }
  if (state_->call(L, nargs, 0) != lua::Exit::done) uncaught();
}

void Program::uncaught() {
  lua_State* L = state_->raw();
  const std::string traceback = state_->failure().traceback;
  lua_rawgeti(L, LUA_REGISTRYINDEX, uncaught_ref_);
  state_->push_error(L);
  lua_pushlstring(L, traceback.data(), traceback.size());
  if (state_->call(L, 2, 0) == lua::Exit::done) return;
  // The handler itself failed, or Lua cannot go on.
  std::fprintf(stderr, "%s\n%s\n", state_->failure().sentence().c_str(),
               state_->failure().traceback.c_str());
  options_.exit(1);
}

bool Program::finish(int& code) {
  lua_State* L = state_->raw();
  lua_rawgeti(L, LUA_REGISTRYINDEX, finish_ref_);
  if (state_->call(L, 0, 1) != lua::Exit::done) {
    uncaught();
    code = 1;
    return true;
  }
  const bool over = lua_isnumber(L, -1) != 0;
  if (over) code = static_cast<int>(lua_tointeger(L, -1));
  lua_pop(L, 1);
  return over;
}

}  // namespace virgo::runtime
