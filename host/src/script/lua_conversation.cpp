#include "script/lua_conversation.hpp"

#include <lua.hpp>

#include <map>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "endpoint/link.hpp"
#include "json/writer.hpp"
#include "lua/state.hpp"
#include "script/bindings.hpp"
#include "script/file_text.hpp"
#include "script/json_binding.hpp"
#include "script/task.hpp"
#include "script/virgo_binding.hpp"

namespace virgo::script {
namespace {

constexpr const char* kComponent = "conversation";
constexpr std::uint64_t kMemory = 16u << 20;
constexpr Duration kBudget = std::chrono::milliseconds(500);

}  // namespace

// One state and all that goes with it; made anew when the state is spent.
struct Script final : Context {
  deliver::Queue& queue;
  const AgentInfo& agent;
  endpoint::Link* link = nullptr;
  Strand* queue_waiter = nullptr;
  std::unique_ptr<lua::State> state;
  std::unique_ptr<TaskSet> running;
  int module_ref = LUA_NOREF;  // what conversation.lua returned
  int link_ref = LUA_NOREF;    // the `link` object
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);

  Script(uv::Loop& l, deliver::Queue& q, const AgentInfo& a)
      : Context(l, system_clock()), queue(q), agent(a) {}
  ~Script() override {
    *alive = false;
    if (running) running->clear();
  }

  void log(LogLevel level, std::string_view text) override { log_message(level, kComponent, text); }
  void failed(const lua::Failure& failure);
  void wake_queue_waiter();
};

struct LuaConversation::Parts {
  uv::Loop& loop;
  lua::Watchdog& watchdog;
  deliver::Queue& queue;
  AgentInfo agent;
  std::string file;
  std::unique_ptr<Script> script;

  Result<std::unique_ptr<Script>> make_script();
};

namespace {

Script& script_of(lua_State* L) {
  return *static_cast<Script*>(lua_touserdata(L, lua_upvalueindex(1)));
}

void push_remote_error(lua_State* L, int code, const std::string& type,
                       const std::string& message) {
  lua_pushnil(L);
  lua_createtable(L, 0, 3);
  lua_pushinteger(L, code);
  lua_setfield(L, -2, "code");
  lua_pushlstring(L, type.data(), type.size());
  lua_setfield(L, -2, "type");
  lua_pushlstring(L, message.data(), message.size());
  lua_setfield(L, -2, "message");
}

int push_reply(lua_State* L, const endpoint::Reply& reply) {
  if (!reply.ok) {
    push_remote_error(L, reply.error.code, reply.error.type, reply.error.message);
    return 2;
  }
  // "Nothing" comes as null, [] or not at all; scripts see an empty table.
  if (reply.result.kind == json::Kind::object)
    push_json(L, reply.result);
  else
    lua_newtable(L);
  return 1;
}

// link:request(method, params, timeout) -> result | nil, {code=, type=, message=}
int link_request(lua_State* L) {
  Script& script = script_of(L);
  const char* method = luaL_checkstring(L, 2);
  const double seconds = luaL_checknumber(L, 4);
  luaL_argcheck(L, seconds > 0 && seconds < 1e6, 4, "a timeout in seconds");
  Strand& strand = Strand::current(L, "link:request");
  std::string* params = to_scratch(L, 3);
  if (params == nullptr) {
    params = &push_scratch(L);
    append_json(L, 3, *params);
  }
  if (script.link == nullptr) {
    push_remote_error(L, 0, "", "the connection is closed");
    return 2;
  }
  lua::check_can_wait(L, "link:request");
  auto open = std::make_shared<bool>(true);
  script.link->request(method, *params, Duration(static_cast<std::int64_t>(seconds * 1e9)),
                       [&strand, open](const endpoint::Reply& reply) {
                         if (!*open) return;
                         strand.complete([&](lua_State* to) { return push_reply(to, reply); });
                       });
  std::string().swap(*params);
  strand.wait_for(L, format("link:request of {}", method),
                  std::shared_ptr<void>(nullptr, [open](void*) { *open = false; }));
  return lua::wait(L);
}

// link:ready(): the endpoint has accepted us.
int link_ready(lua_State* L) {
  Script& script = script_of(L);
  if (script.link != nullptr) script.link->set_ready();
  return 0;
}

// link:close(why)
int link_close(lua_State* L) {
  Script& script = script_of(L);
  const char* why = luaL_optstring(L, 2, "the conversation ended it");
  if (script.link != nullptr) script.link->close({Errc::failed, why});
  return 0;
}

// link:spawn(function, ...): a task that ends with the link.
int link_spawn(lua_State* L) {
  luaL_checktype(L, 2, LUA_TFUNCTION);
  script_of(L).running->start_later(L, lua_gettop(L) - 2);
  return 0;
}

// queue:wait(): returns when there is something to take.
int queue_wait(lua_State* L) {
  Script& script = script_of(L);
  if (script.queue.load().records > 0) return 0;
  Strand& strand = Strand::current(L, "queue:wait");
  if (script.queue_waiter != nullptr) return luaL_error(L, "another task waits for the queue");
  lua::check_can_wait(L, "queue:wait");
  script.queue_waiter = &strand;
  strand.wait_for(L, "queue:wait", std::shared_ptr<void>(nullptr, [&script](void*) {
                    script.queue_waiter = nullptr;
                  }));
  return lua::wait(L);
}

void write_batch(Script& script, const deliver::Batch& batch, std::string& out) {
  json::Writer writer(out);
  writer.begin_object();
  writer.key("agent");
  writer.string(script.agent.id);
  writer.key("epoch");
  writer.integer(script.queue.epoch());
  writer.key("first");
  writer.integer(batch.first);
  writer.key("reports");
  writer.raw(batch.records);
  writer.end_object();
}

// queue:take(bytes) -> batch, first, last | nil
int queue_take(lua_State* L) {
  Script& script = script_of(L);
  const double bytes = luaL_checknumber(L, 2);
  luaL_argcheck(L, bytes >= 1024 && bytes <= 1048576, 2, "bytes, 1 KiB to 1 MiB");
  std::string& params = push_scratch(L);
  deliver::Batch batch = script.queue.take(static_cast<std::size_t>(bytes));
  if (batch.count == 0) return 0;
  write_batch(script, batch, params);
  lua_pushnumber(L, static_cast<double>(batch.first));
  lua_pushnumber(L, static_cast<double>(batch.last));
  return 3;
}

// queue:acknowledge(seq)
int queue_acknowledge(lua_State* L) {
  const double seq = luaL_checknumber(L, 2);
  luaL_argcheck(L, seq >= 0 && seq < 9e15, 2, "a sequence number");
  script_of(L).queue.acknowledge(static_cast<std::uint64_t>(seq));
  return 0;
}

// queue:rewind(): what was taken and not acknowledged is taken again.
int queue_rewind(lua_State* L) {
  script_of(L).queue.rewind();
  return 0;
}

int agent_stopping(lua_State* L) {
  lua_pushboolean(L, script_of(L).agent.stopping() ? 1 : 0);
  return 1;
}

void add(lua_State* L, Script& script, const char* name, lua_CFunction function) {
  lua_pushlightuserdata(L, &script);
  lua_pushcclosure(L, function, 1);
  lua_setfield(L, -2, name);
}

void add_text(lua_State* L, const char* name, const std::string& value) {
  lua_pushlstring(L, value.data(), value.size());
  lua_setfield(L, -2, name);
}

void open_agent(lua_State* L, Script& script) {
  lua_createtable(L, 0, 7);
  add_text(L, "id", script.agent.id);
  add_text(L, "version", script.agent.version);
  add_text(L, "token", script.agent.token);
  lua_pushnumber(L, static_cast<double>(script.agent.request_timeout.count()) / 1e9);
  lua_setfield(L, -2, "request_timeout");
  lua_pushnumber(L, static_cast<double>(script.queue.epoch()));
  lua_setfield(L, -2, "epoch");
  add(L, script, "stopping", agent_stopping);
  lua_newtable(L);
  int n = 0;
  for (const metric::CheckIdentity& check : script.agent.checks) {
    lua_createtable(L, 0, 3);
    add_text(L, "check", check.check);
    add_text(L, "type", check.type);
    add_text(L, "runtime", check.runtime);
    lua_rawseti(L, -2, ++n);
  }
  lua_setfield(L, -2, "checks");
  lua_setglobal(L, "agent");
}

// The globals; runs protected.
int open_globals(lua_State* L) {
  Script& script = *static_cast<Script*>(lua_touserdata(L, 1));
  open_failures(L);
  lua_newtable(L);
  open_virgo(L);
  lua_setglobal(L, "virgo");
  open_json(L);
  lua_setglobal(L, "json");
  open_agent(L, script);
  lua_createtable(L, 0, 4);
  add(L, script, "wait", queue_wait);
  add(L, script, "take", queue_take);
  add(L, script, "acknowledge", queue_acknowledge);
  add(L, script, "rewind", queue_rewind);
  lua_setglobal(L, "queue");
  lua_createtable(L, 0, 4);
  add(L, script, "request", link_request);
  add(L, script, "ready", link_ready);
  add(L, script, "close", link_close);
  add(L, script, "spawn", link_spawn);
  script.link_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  return 0;
}

// Whether the file returned a conversation; runs protected.
int check_module(lua_State* L) {
  const Script& script = *static_cast<Script*>(lua_touserdata(L, 1));
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
void answer(Script& script, const json::Value& id, lua_State* results) {
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
          append_json(L, lua_gettop(L), e.text);
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

void Script::failed(const lua::Failure& failure) {
  log_error(kComponent, "{}\n{}", failure.sentence(), failure.traceback);
  if (link != nullptr)
    link->close({Errc::failed, "the conversation failed: " + failure.sentence()});
}

void Script::wake_queue_waiter() {
  if (queue_waiter == nullptr) return;
  // From the loop: the scheduler that just reported must not run Lua beneath it.
  loop().post([this, alive = alive] {
    if (!*alive) return;
    Strand* strand = std::exchange(queue_waiter, nullptr);
    if (strand != nullptr) strand->complete([](lua_State*) { return 0; });
  });
}

Result<std::unique_ptr<Script>> LuaConversation::Parts::make_script() {
  auto text = read_script(file);
  if (!text) return text.error();
  auto made = std::make_unique<Script>(loop, queue, agent);
  Script& s = *made;
  const std::string name = file.substr(file.rfind('/') + 1);
  auto state = lua::State::create({.kind = lua::StateKind::plugin,
                                   .name = name,
                                   .memory = kMemory,
                                   .budget = kBudget,
                                   .watchdog = &watchdog});
  if (!state) return state.error();
  s.state = std::move(state).value();
  s.state->set_owner(static_cast<Context*>(&s));
  s.running = std::make_unique<TaskSet>(s, *s.state, [&s](const lua::Failure& f) { s.failed(f); });
  auto opened = s.state->protect(open_globals, &s);
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
  Script& s = *parts_->script;
  s.link = &link;
  lua_State* L = s.state->raw();
  lua_rawgeti(L, LUA_REGISTRYINDEX, s.module_ref);
  lua_getfield(L, -1, "opened");
  lua_remove(L, -2);
  lua_rawgeti(L, LUA_REGISTRYINDEX, s.link_ref);
  s.running->start(L, 1);
}

void LuaConversation::requested(endpoint::Link& link, const endpoint::Message& request) {
  Script& s = *parts_->script;
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
    push_json(L, request.body);
  else
    lua_newtable(L);
  s.running->start(L, 2, [&s, id = request.id](lua_State* results) { answer(s, id, results); });
}

void LuaConversation::closed(const Error&) {
  Script& s = *parts_->script;
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
