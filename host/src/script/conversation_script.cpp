#include "script/conversation_script.hpp"

#include <lua.hpp>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "binding/json_binding.hpp"
#include "endpoint/link.hpp"
#include "lua/state.hpp"

namespace virgo::script {

using binding::Context;
using binding::Strand;
using binding::TaskSet;

namespace {

constexpr const char* kComponent = "conversation";
constexpr std::uint64_t kMemory = 16u << 20;
constexpr Duration kBudget = std::chrono::milliseconds(500);
// For requests that a retired script still answers.
constexpr Duration kRequestPatience = std::chrono::seconds(60);

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

ConversationScript::ConversationScript(uv::Loop& l, deliver::Queue& q, const AgentInfo& a,
                                       std::string text)
    : Context(l, system_clock()), queue(q), agent(a), source(std::move(text)), patience_(l, [this] {
        drop_requests();
      }) {}

ConversationScript::~ConversationScript() {
  *alive = false;
  if (of_link) of_link->clear();
  if (of_requests) of_requests->clear();
}

Result<std::unique_ptr<ConversationScript>> ConversationScript::make(
    uv::Loop& loop, lua::Watchdog& watchdog, deliver::Queue& queue, const AgentInfo& agent,
    const std::string& file, std::string source) {
  std::unique_ptr<ConversationScript> made(
      new ConversationScript(loop, queue, agent, std::move(source)));
  ConversationScript& s = *made;
  const std::string name = file.substr(file.rfind('/') + 1);
  auto state = lua::State::create({.kind = lua::StateKind::plugin,
                                   .name = name,
                                   .memory = kMemory,
                                   .budget = kBudget,
                                   .watchdog = &watchdog});
  if (!state) return state.error();
  s.state = std::move(state).value();
  s.state->set_owner(static_cast<Context*>(&s));
  const auto failed = [&s](const lua::Failure& f) { s.failed(f); };
  s.of_link = std::make_unique<TaskSet>(s, *s.state, failed);
  s.of_requests = std::make_unique<TaskSet>(s, *s.state, failed);
  auto opened = s.state->protect(open_conversation_globals, &s);
  if (!opened) return opened.error().context(file);
  lua_State* L = s.state->raw();
  auto loaded = s.state->load(L, s.source, "@" + name);
  if (!loaded) return loaded.error().context(file);
  if (s.state->call(L, 0, 1) != lua::Exit::done)
    return Error{Errc::invalid, format("{}: {}", file, s.state->failure().sentence())};
  // Outside of calls the cap is not in force, so this does not raise.
  s.module_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  auto good = s.state->protect(check_module, &s);
  if (!good) return good.error().context(file);
  return made;
}

// Whether the module has such a function; it is left on the stack then.
bool ConversationScript::push_function(const char* name) {
  lua_State* L = state->raw();
  lua_rawgeti(L, LUA_REGISTRYINDEX, module_ref);
  lua_pushstring(L, name);
  lua_rawget(L, -2);
  lua_remove(L, -2);
  if (lua_isfunction(L, -1)) return true;
  lua_pop(L, 1);
  return false;
}

void ConversationScript::open(endpoint::Link& to) {
  link = &to;
  if (!push_function("opened")) {
    close_link("the conversation has no function opened(link) any more");
    return;
  }
  lua_rawgeti(state->raw(), LUA_REGISTRYINDEX, link_ref);
  of_link->start(state->raw(), 1);
}

void ConversationScript::resume(endpoint::Link& to, const Handed& handed) {
  link = &to;
  if (!push_function("resumed")) {
    // Not a failure: it can only begin anew.
    link->close({Errc::failed,
                 "the conversation was replaced, and the new one has no function "
                 "resumed(link, handed)"});
    return;
  }
  lua_rawgeti(state->raw(), LUA_REGISTRYINDEX, link_ref);
  handed.push(state->raw());
  of_link->start(state->raw(), 2);
}

void ConversationScript::request(const endpoint::Message& request) {
  lua_State* L = state->raw();
  lua_rawgeti(L, LUA_REGISTRYINDEX, module_ref);
  lua_getfield(L, -1, "requests");
  lua_getfield(L, -1, request.method.c_str());
  if (!lua_isfunction(L, -1)) {
    lua_pop(L, 3);
    link->refuse(request.id,
                 {404, "unknownMethod",
                  format("this agent knows no request '{}'", printable(request.method))});
    return;
  }
  lua_replace(L, -3);  // function, requests
  lua_pop(L, 1);
  lua_rawgeti(L, LUA_REGISTRYINDEX, link_ref);
  if (request.body.kind == json::Kind::object)
    binding::push_json(L, request.body);
  else
    lua_newtable(L);
  const std::uint64_t number = ++requests_;
  open_requests_.emplace(number, request.id);
  of_requests->start(
      L, 2, [this, number](lua_State* results) { answered(number, results); },
      [this, number](const lua::Failure& failure) { request_failed(number, failure); });
}

void ConversationScript::answered(std::uint64_t number, lua_State* results) {
  const auto node = open_requests_.extract(number);
  if (!node.empty()) answer(*this, node.mapped(), results);
}

void ConversationScript::request_failed(std::uint64_t number, const lua::Failure& failure) {
  const auto node = open_requests_.extract(number);
  if (!node.empty() && link != nullptr)
    link->refuse(node.mapped(),
                 {500, "internal", "the conversation failed: " + failure.sentence()});
  // That answer went wrong, and no more, unless the script is on trial, or can do
  // nothing any more.
  if (on_failure || state->spent())
    failed(failure);
  else
    log_error(kComponent, "{}\n{}", failure.sentence(), failure.traceback);
}

void ConversationScript::drop_requests() {
  auto dropped = std::move(open_requests_);
  open_requests_.clear();
  of_requests->clear();
  for (const auto& [number, id] : dropped)
    if (link != nullptr)
      link->refuse(id, {503, "replaced", "the conversation was replaced before it could answer"});
}

void ConversationScript::closed() {
  link = nullptr;
  open_requests_.clear();
  of_link->clear();
  of_requests->clear();
}

void ConversationScript::retire(std::function<void()> link_done, std::function<void()> all_done) {
  retired = true;
  on_failure = nullptr;
  on_exchange = nullptr;
  of_link->retire([this](const Strand& task) { return asking.contains(&task); });
  of_link->when_empty(std::move(link_done));
  of_requests->when_empty(std::move(all_done));
  patience_.start(kRequestPatience);
}

Handed ConversationScript::hand_over() {
  if (state->spent() || !push_function("handover")) return {};
  lua_State* L = state->raw();
  if (state->call(L, 0, 1) != lua::Exit::done) {
    log_error(kComponent, "handover() failed: {}", state->failure().sentence());
    return {};
  }
  auto handed = Handed::take(L, -1);
  lua_pop(L, 1);
  if (handed) return std::move(handed).value();
  log_error(kComponent, "nothing is handed over: {}", handed.error().message);
  return {};
}

void ConversationScript::log(LogLevel level, std::string_view text) {
  log_message(level, kComponent, text);
}

void ConversationScript::failed(const lua::Failure& failure) {
  log_error(kComponent, "{}\n{}", failure.sentence(), failure.traceback);
  // A retired one has a successor, which takes the link over as it is.
  if (!retired) close_link("the conversation failed: " + failure.sentence());
}

void ConversationScript::close_link(const std::string& why) {
  if (on_failure) {
    failing_ = true;
    on_failure(why);
  } else if (link != nullptr) {
    link->close({Errc::failed, why});
  }
}

void ConversationScript::exchanged() {
  if (failing_) return;
  on_failure = nullptr;
  const auto tell = std::exchange(on_exchange, nullptr);
  if (tell) tell();
}

void ConversationScript::wake_queue_waiter() {
  if (queue_waiter == nullptr) return;
  // From the loop: the scheduler that just reported must not run Lua beneath it.
  loop().post([this, alive = alive] {
    if (!*alive) return;
    Strand* strand = std::exchange(queue_waiter, nullptr);
    if (strand != nullptr) strand->complete([](lua_State*) { return 0; });
  });
}

}  // namespace virgo::script
