#include "script/lua_conversation.hpp"

#include <lua.hpp>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "binding/json_binding.hpp"
#include "endpoint/link.hpp"
#include "lua/state.hpp"
#include "script/conversation_script.hpp"
#include "script/file_text.hpp"

namespace virgo::script {
namespace {

constexpr const char* kComponent = "conversation";
constexpr std::uint64_t kMemory = 16u << 20;
constexpr Duration kBudget = std::chrono::milliseconds(500);

}  // namespace

struct LuaConversation::Parts {
  uv::Loop& loop;
  lua::Watchdog& watchdog;
  deliver::Queue& queue;
  AgentInfo agent;
  std::string file;
  std::unique_ptr<ConversationScript> script;

  Result<std::unique_ptr<ConversationScript>> make_script();
};

namespace {

// Whether the file returned a conversation; runs protected.
int check_module(lua_State* L) {
  const ConversationScript& script = *static_cast<ConversationScript*>(lua_touserdata(L, 1));
  lua_rawgeti(L, LUA_REGISTRYINDEX, script.module_ref);
  bool good = lua_istable(L, -1);
  if (good) {
    lua_getfield(L, -1, "opened");
    lua_getfield(L, -2, "requests");
    good = lua_isfunction(L, -2) && lua_istable(L, -1);
  }
  return good ? 0 : luaL_error(L, "must return a table with `opened` and `requests`");
}

// How a request is to be answered: (result) or (nil, code, message).
void answer(ConversationScript& script, const json::Value& id, lua_State* results) {
  if (script.link == nullptr) return;
  if (lua_gettop(results) >= 1 && lua_istable(results, 1)) {
    struct Encoding {
      lua_State* from;
      std::string text;
    } encoding{results, {}};
    const auto done = script.state->protect(
        [](lua_State* L) {
          auto& e = *static_cast<Encoding*>(lua_touserdata(L, 1));
          lua_pushvalue(e.from, 1);
          lua_xmove(e.from, L, 1);
          binding::append_json(L, lua_gettop(L), e.text);
          return 0;
        },
        &encoding);
    if (done)
      script.link->respond(id, encoding.text);
    else
      script.link->refuse(id, {500, "internal", done.error().message});
    return;
  }
  endpoint::RemoteError error{400, "refused", "the request was refused"};
  if (lua_isnumber(results, 2) != 0) error.code = static_cast<int>(lua_tointeger(results, 2));
  if (lua_type(results, 3) == LUA_TSTRING) error.message = lua_tostring(results, 3);
  script.link->refuse(id, error);
}

}  // namespace

void ConversationScript::log(LogLevel level, std::string_view text) {
  log_message(level, kComponent, text);
}

void ConversationScript::failed(const lua::Failure& failure) {
  log_error(kComponent, "{}\n{}", failure.sentence(), failure.traceback);
  if (link != nullptr)
    link->close({Errc::failed, "the conversation failed: " + failure.sentence()});
}

void ConversationScript::wake_queue_waiter() {
  if (queue_waiter == nullptr) return;
  // From the loop: the scheduler that just reported must not run Lua beneath it.
  loop().post([this, alive = alive] {
    if (!*alive) return;
    binding::Strand* strand = std::exchange(queue_waiter, nullptr);
    if (strand != nullptr) strand->complete([](lua_State*) { return 0; });
  });
}

Result<std::unique_ptr<ConversationScript>> LuaConversation::Parts::make_script() {
  auto text = read_script(file);
  if (!text) return text.error();
  auto made = std::make_unique<ConversationScript>(loop, queue, agent);
  ConversationScript& s = *made;
  const std::string name = file.substr(file.rfind('/') + 1);
  auto state = lua::State::create({.kind = lua::StateKind::plugin,
                                   .name = name,
                                   .memory = kMemory,
                                   .budget = kBudget,
                                   .watchdog = &watchdog});
  if (!state) return state.error();
  s.state = std::move(state).value();
  s.state->set_owner(static_cast<binding::Context*>(&s));
  s.running =
      std::make_unique<binding::TaskSet>(s, *s.state, [&s](const lua::Failure& f) { s.failed(f); });
  auto opened = s.state->protect(open_conversation_globals, &s);
  if (!opened) return opened.error().context(file);
  lua_State* L = s.state->raw();
  auto loaded = s.state->load(L, *text, "@" + name);
  if (!loaded) return loaded.error().context(file);
  if (s.state->call(L, 0, 1) != lua::Exit::done)
    return Error{Errc::invalid, format("{}: {}", file, s.state->failure().sentence())};
  // Outside of calls the cap is not in force, so this does not raise.
  s.module_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  auto good = s.state->protect(check_module, &s);
  if (!good) return good.error().context(file);
  return made;
}

LuaConversation::LuaConversation(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {
  parts_->queue.on_ready([p = parts_.get()] {
    if (p->script) p->script->wake_queue_waiter();
  });
}

LuaConversation::~LuaConversation() {
  parts_->queue.on_ready(nullptr);
}

Result<std::unique_ptr<LuaConversation>> LuaConversation::load(uv::Loop& loop,
                                                               lua::Watchdog& watchdog,
                                                               deliver::Queue& queue,
                                                               AgentInfo info,
                                                               const std::string& file) {
  auto parts = std::make_unique<Parts>(Parts{loop, watchdog, queue, std::move(info), file, {}});
  auto script = parts->make_script();
  if (!script) return script.error();
  parts->script = std::move(script).value();
  return std::unique_ptr<LuaConversation>(new LuaConversation(std::move(parts)));
}

const std::string& LuaConversation::agent_id() const {
  return parts_->agent.id;
}

void LuaConversation::opened(endpoint::Link& link) {
  ConversationScript& s = *parts_->script;
  s.link = &link;
  lua_State* L = s.state->raw();
  lua_rawgeti(L, LUA_REGISTRYINDEX, s.module_ref);
  lua_getfield(L, -1, "opened");
  lua_remove(L, -2);
  lua_rawgeti(L, LUA_REGISTRYINDEX, s.link_ref);
  s.running->start(L, 1);
}

void LuaConversation::requested(endpoint::Link& link, const endpoint::Message& request) {
  ConversationScript& s = *parts_->script;
  lua_State* L = s.state->raw();
  lua_rawgeti(L, LUA_REGISTRYINDEX, s.module_ref);
  lua_getfield(L, -1, "requests");
  lua_getfield(L, -1, request.method.c_str());
  if (!lua_isfunction(L, -1)) {
    lua_pop(L, 3);
    link.refuse(request.id,
                {404, "unknownMethod",
                 format("this agent knows no request '{}'", printable(request.method))});
    return;
  }
  lua_replace(L, -3);  // function, requests
  lua_pop(L, 1);
  lua_rawgeti(L, LUA_REGISTRYINDEX, s.link_ref);
  if (request.body.kind == json::Kind::object)
    binding::push_json(L, request.body);
  else
    lua_newtable(L);
  s.running->start(L, 2, [&s, id = request.id](lua_State* results) { answer(s, id, results); });
}

void LuaConversation::closed(const Error&) {
  ConversationScript& s = *parts_->script;
  s.link = nullptr;
  s.running->clear();
  if (!s.state->spent()) return;
  auto fresh = parts_->make_script();
  if (fresh) {
    parts_->script = std::move(fresh).value();
    return;
  }
  // Keep the spent one: opened() will fail, and be tried again with back-off.
  log_error(kComponent, "cannot be loaded again: {}", fresh.error().message);
}

}  // namespace virgo::script
