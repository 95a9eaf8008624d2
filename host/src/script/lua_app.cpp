#include "script/lua_app.hpp"

#include <lua.hpp>

#include "base/format.hpp"
#include "base/log.hpp"
#include "lua/luv.hpp"
#include "lua/state.hpp"
#include "script/bindings.hpp"
#include "script/file_text.hpp"
#include "script/json_binding.hpp"
#include "script/net_binding.hpp"
#include "script/task.hpp"
#include "script/virgo_binding.hpp"

namespace virgo::script {

struct LuaApp::Parts final : Context {
  std::string folder;
  const json::Value& options;  // during start() only
  const char* component;
  std::function<void(int)> exited;
  Application application;
  std::unique_ptr<lua::State> state;
  std::unique_ptr<TaskSet> running;
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);

  Parts(uv::Loop& l, std::string f, const json::Value& o, const char* c, std::function<void(int)> e)
      : Context(l, system_clock()),
        folder(std::move(f)),
        options(o),
        component(c),
        exited(std::move(e)) {}
  ~Parts() override;
  void log(LogLevel level, std::string_view text) override { log_message(level, component, text); }

  static int open_globals(lua_State* L);
  Result<void> open();
  void exit(int code);
  void failed(const lua::Failure& failure);
};

LuaApp::Parts::~Parts() {
  *alive = false;
  if (running) running->clear();
  if (state && !lua::close_luv(*state, loop())) (void)state.release();
}

void LuaApp::Parts::exit(int code) {
  // From the loop: the script that calls this is still running.
  loop().post([this, alive = alive, code] {
    if (!*alive || !exited) return;
    const auto call = std::move(exited);
    call(code);
  });
}

void LuaApp::Parts::failed(const lua::Failure& failure) {
  log_error(component, "{}\n{}", failure.sentence(), failure.traceback);
  exit(1);
}

// Runs protected.
int LuaApp::Parts::open_globals(lua_State* L) {
  Parts& p = *static_cast<Parts*>(lua_touserdata(L, 1));
  open_failures(L);
  lua_newtable(L);
  open_virgo(L);
  open_virgo_application(L, p.application);
  lua_setglobal(L, "virgo");
  open_net(L);
  open_net_listen(L, *p.running);
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
                                  .name = component,
                                  .memory = 0,
                                  .budget = {},
                                  .watchdog = nullptr});
  if (!made) return made.error();
  state = std::move(made).value();
  state->set_owner(static_cast<Context*>(this));
  running = std::make_unique<TaskSet>(*this, *state, [this](const lua::Failure& f) { failed(f); });
  application.spawn = [this](lua_State* L, int nargs) { running->start_later(L, nargs); };
  application.exit = [this](int code) { exit(code); };
  auto luv = lua::open_luv(*state, loop(), [this](const lua::Failure& f) { failed(f); });
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
