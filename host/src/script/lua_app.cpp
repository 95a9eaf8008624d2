#include "script/lua_app.hpp"

#include <lua.hpp>

#include "base/format.hpp"
#include "base/log.hpp"
#include "lua/luv.hpp"
#include "lua/state.hpp"
#include "script/file_text.hpp"
#include "script/json_binding.hpp"
#include "script/net_binding.hpp"
#include "script/task_set.hpp"
#include "script/virgo_binding.hpp"

namespace virgo::script {

struct LuaApp::Parts {
  uv::Loop& loop;
  std::string folder;
  const json::Value& options;  // during start() only
  std::function<void(int)> exited;
  Surroundings surroundings;
  std::unique_ptr<lua::State> state;
  std::unique_ptr<Tasks> tasks;
  std::unique_ptr<TaskSet> running;
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);

  Parts(uv::Loop& l, std::string f, const json::Value& o, const char* component,
        std::function<void(int)> e)
      : loop(l),
        folder(std::move(f)),
        options(o),
        exited(std::move(e)),
        surroundings{l, component, {}, {}} {}
  ~Parts();

  static int open_globals(lua_State* L);
  Result<void> open();
  void exit(int code);
  void failed(const lua::Failure& failure);
};

LuaApp::Parts::~Parts() {
  *alive = false;
  if (running) running->clear();
  if (state && !lua::close_luv(*state, loop)) (void)state.release();
}

void LuaApp::Parts::exit(int code) {
  // From the loop: the script that calls this is still running.
  loop.post([this, alive = alive, code] {
    if (!*alive || !exited) return;
    const auto call = std::move(exited);
    call(code);
  });
}

void LuaApp::Parts::failed(const lua::Failure& failure) {
  log_error(surroundings.log_component, "{}\n{}", failure.sentence(), failure.traceback);
  exit(1);
}

// Runs protected.
int LuaApp::Parts::open_globals(lua_State* L) {
  Parts& p = *static_cast<Parts*>(lua_touserdata(L, 1));
  lua_newtable(L);
  open_virgo(L, p.surroundings);
  open_virgo_trusted(L, p.surroundings);
  lua_setglobal(L, "virgo");
  lua_newtable(L);
  open_net(L, p.surroundings);
  open_net_listen(L, p.surroundings, *p.running);
  lua_setglobal(L, "net");
  open_json(L);
  lua_setglobal(L, "json");
  push_json(L, p.options);
  lua_setglobal(L, "options");
  lua_getglobal(L, "package");
  lua_pushfstring(L, "%s/?.lua", p.folder.c_str());
  lua_setfield(L, -2, "path");
  lua_pushliteral(L, "");
  lua_setfield(L, -2, "cpath");
  return 0;
}

Result<void> LuaApp::Parts::open() {
  const std::string file = folder + "/main.lua";
  auto text = read_script(file);
  if (!text) return text.error();
  auto made = lua::State::create({.kind = lua::StateKind::trusted,
                                  .name = surroundings.log_component,
                                  .memory = 0,
                                  .budget = {},
                                  .watchdog = nullptr});
  if (!made) return made.error();
  state = std::move(made).value();
  tasks = std::make_unique<Tasks>(*state);
  running = std::make_unique<TaskSet>(*tasks, loop, [this](const lua::Failure& f) { failed(f); });
  surroundings.spawn = [this](lua_State* L, int nargs) { running->start_later(L, nargs); };
  surroundings.exit = [this](int code) { exit(code); };
  auto luv = lua::open_luv(*state, loop, [this](const lua::Failure& f) { failed(f); });
  if (!luv) return luv.error();
  auto opened = state->protect(open_globals, this);
  if (!opened) return opened.error();
  auto loaded = state->load(state->raw(), *text, "@" + file);
  if (!loaded) return loaded.error();
  running->start(state->raw(), 0);
  return {};
}

LuaApp::LuaApp(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
LuaApp::~LuaApp() = default;

Result<std::unique_ptr<LuaApp>> LuaApp::start(uv::Loop& loop, const std::string& folder,
                                              const json::Value& options, const char* component,
                                              std::function<void(int)> exited) {
  auto parts = std::make_unique<Parts>(loop, folder, options, component, std::move(exited));
  auto opened = parts->open();
  if (!opened) return opened.error();
  return std::unique_ptr<LuaApp>(new LuaApp(std::move(parts)));
}

}  // namespace virgo::script
