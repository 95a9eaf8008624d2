#include "script/conversation_script.hpp"

#include <lua.hpp>

#include "base/format.hpp"
#include "base/log.hpp"
#include "binding/bindings.hpp"
#include "binding/json_binding.hpp"
#include "binding/virgo_binding.hpp"
#include "endpoint/link.hpp"
#include "json/writer.hpp"
#include "lua/scratch.hpp"

namespace virgo::script {
namespace {

using binding::add_function;
using binding::append_json;
using binding::Context;
using binding::push_failure;
using binding::push_json;
using binding::Strand;

ConversationScript& script_of(lua_State* L) {
  return *static_cast<ConversationScript*>(lua_touserdata(L, lua_upvalueindex(1)));
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

void send_request(ConversationScript& script, Strand& strand, const char* method,
                  const std::string& params, double seconds, const std::shared_ptr<bool>& open) {
  script.link->request(method, params, Duration(static_cast<std::int64_t>(seconds * 1e9)),
                       [&script, &strand, open](const endpoint::Reply& reply) {
                         if (!*open) return;
                         const auto alive = script.alive;
                         strand.complete([&](lua_State* to) { return push_reply(to, reply); });
                         if (*alive && reply.ok) script.exchanged();
                       });
}

// link:request(method, params, timeout) -> result | nil, {code=, type=, message=}
int link_request(lua_State* L) {
  ConversationScript& script = script_of(L);
  const char* method = luaL_checkstring(L, 2);
  const double seconds = luaL_checknumber(L, 4);
  luaL_argcheck(L, seconds > 0 && seconds < 1e6, 4, "a timeout in seconds");
  Strand& strand = Strand::current(L, "link:request");
  std::string* params = lua::to_scratch(L, 3);
  if (params == nullptr) {
    params = &lua::push_scratch(L);
    append_json(L, 3, *params);
  }
  if (script.link == nullptr) {
    push_remote_error(L, 0, "", "the connection is closed");
    return 2;
  }
  lua::check_can_wait(L, "link:request");
  const Strand* task = &strand.root();
  auto open = std::make_shared<bool>(true);
  if (script.retired && script.of_link->has(*task)) {
    // Nothing is sent for it any more: it is dropped as soon as it waits.
    strand.wait_for(L, "link:request", nullptr);
    return lua::wait(L);
  }
  script.asking.insert(task);
  send_request(script, strand, method, *params, seconds, open);
  std::string().swap(*params);
  strand.wait_for(L, format("link:request of {}", method),
                  std::shared_ptr<void>(nullptr, [&script, task, open](void*) {
                    *open = false;
                    script.asking.erase(script.asking.find(task));
                  }));
  return lua::wait(L);
}

// link:ready(): the endpoint has accepted us.
int link_ready(lua_State* L) {
  ConversationScript& script = script_of(L);
  if (script.link != nullptr) script.link->set_ready();
  return 0;
}

// link:close(why)
int link_close(lua_State* L) {
  ConversationScript& script = script_of(L);
  const char* why = luaL_optstring(L, 2, "the conversation ended it");
  script.close_link(why);
  return 0;
}

// link:spawn(function, ...): a task that ends with the link.
int link_spawn(lua_State* L) {
  luaL_checktype(L, 2, LUA_TFUNCTION);
  script_of(L).of_link->start_later(L, lua_gettop(L) - 2);
  return 0;
}

// queue:wait(): returns when there is something to take.
int queue_wait(lua_State* L) {
  ConversationScript& script = script_of(L);
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

void write_batch(ConversationScript& script, const deliver::Batch& batch, std::string& out) {
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
  ConversationScript& script = script_of(L);
  const double bytes = luaL_checknumber(L, 2);
  luaL_argcheck(L, bytes >= 1024 && bytes <= 1048576, 2, "bytes, 1 KiB to 1 MiB");
  std::string& params = lua::push_scratch(L);
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

void add_text(lua_State* L, const char* name, const std::string& value) {
  lua_pushlstring(L, value.data(), value.size());
  lua_setfield(L, -2, name);
}

// Into the table on top.
void add_checks(lua_State* L, const ConversationScript& script) {
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
}

void open_agent(lua_State* L, ConversationScript& script) {
  lua_createtable(L, 0, 7);
  add_text(L, "id", script.agent.id);
  add_text(L, "version", script.agent.version);
  add_text(L, "token", script.agent.token);
  lua_pushnumber(L, static_cast<double>(script.agent.request_timeout.count()) / 1e9);
  lua_setfield(L, -2, "request_timeout");
  lua_pushnumber(L, static_cast<double>(script.agent.flush_interval.count()) / 1e9);
  lua_setfield(L, -2, "flush_interval");
  lua_pushnumber(L, static_cast<double>(script.queue.epoch()));
  lua_setfield(L, -2, "epoch");
  add_function(L, "stopping", agent_stopping, &script);
  add_checks(L, script);
  lua_setglobal(L, "agent");
}

}  // namespace

int update_checks(lua_State* L) {
  const ConversationScript& script = *static_cast<ConversationScript*>(lua_touserdata(L, 1));
  lua_getglobal(L, "agent");
  if (lua_istable(L, -1)) add_checks(L, script);
  return 0;
}

int open_conversation_globals(lua_State* L) {
  ConversationScript& script = *static_cast<ConversationScript*>(lua_touserdata(L, 1));
  binding::open_failures(L);
  lua_newtable(L);
  binding::open_virgo(L);
  lua_setglobal(L, "virgo");
  binding::open_json(L);
  lua_setglobal(L, "json");
  open_agent(L, script);
  lua_createtable(L, 0, 4);
  add_function(L, "wait", queue_wait, &script);
  add_function(L, "take", queue_take, &script);
  add_function(L, "acknowledge", queue_acknowledge, &script);
  add_function(L, "rewind", queue_rewind, &script);
  lua_setglobal(L, "queue");
  lua_createtable(L, 0, 4);
  add_function(L, "request", link_request, &script);
  add_function(L, "ready", link_ready, &script);
  add_function(L, "close", link_close, &script);
  add_function(L, "spawn", link_spawn, &script);
  script.link_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  return 0;
}

}  // namespace virgo::script
