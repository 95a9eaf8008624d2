#include "script/net_binding.hpp"

#include <lua.hpp>

#include <new>

#include "crypto/tls_context.hpp"
#include "net/connect.hpp"
#include "net/listener.hpp"
#include "script/socket.hpp"
#include "script/task_set.hpp"

namespace virgo::script {
namespace {

constexpr const char* kListenerMeta = "virgo.listener";
// For tasks that have no end of their own.
constexpr Duration kLongConnect = std::chrono::minutes(2);

const Surroundings& surroundings_of(lua_State* L) {
  return *static_cast<const Surroundings*>(lua_touserdata(L, lua_upvalueindex(1)));
}

std::uint16_t check_port(lua_State* L, int index) {
  const lua_Number port = luaL_checknumber(L, index);
  luaL_argcheck(L, port >= 1 && port <= 65535 && port == static_cast<int>(port), index,
                "a port from 1 to 65535");
  return static_cast<std::uint16_t>(port);
}

// A connection attempt of a task.
struct Connecting {
  std::unique_ptr<net::Connector> connector;
};

void begin_connect(uv::Loop& loop, Task& task, const char* host, std::uint16_t port,
                   Duration timeout, const std::shared_ptr<Connecting>& connecting) {
  net::ConnectOptions options;
  options.host = host;
  options.port = port;
  options.timeout = timeout;
  connecting->connector = std::make_unique<net::Connector>(
      loop, std::move(options),
      [&loop, &task, connecting](Result<std::unique_ptr<net::Connection>> result) {
        const auto finished = std::move(connecting->connector);  // ends with this call
        task.wake([&](lua_State* L) {
          if (!result) return push_error(L, result.error());
          auto socket = std::make_shared<Socket>(loop, std::move(result).value());
          task.own(socket);
          Socket::push(L, socket);
          return 1;
        });
      });
}

int net_connect(lua_State* L) {
  const char* host = luaL_checkstring(L, 1);
  const std::uint16_t port = check_port(L, 2);
  Duration timeout = kLongConnect;
  if (lua_istable(L, 3)) {
    lua_getfield(L, 3, "timeout");
    const double seconds = luaL_optnumber(L, -1, 120);
    luaL_argcheck(L, seconds > 0 && seconds < 1e6, 3, "timeout must be in seconds");
    timeout = Duration(static_cast<std::int64_t>(seconds * 1e9));
  }
  Task& task = Tasks::of(L).waitable(L, "net.connect");
  auto connecting = std::make_shared<Connecting>();
  begin_connect(surroundings_of(L).loop, task, host, port, timeout, connecting);
  return task.wait(L, "net.connect", [connecting] { connecting->connector.reset(); });
}

// A listener of a script, with its callbacks in the registry.
struct ScriptListener {
  std::unique_ptr<net::Listener> listener;
  lua::State* state = nullptr;
  int accepted_ref = LUA_NOREF;
  int refused_ref = LUA_NOREF;
};

int listener_close(lua_State* L) {
  static_cast<ScriptListener*>(luaL_checkudata(L, 1, kListenerMeta))->listener.reset();
  return 0;
}

int listener_collect(lua_State* L) {
  static_cast<ScriptListener*>(lua_touserdata(L, 1))->~ScriptListener();
  return 0;
}

int listener_index(lua_State* L) {
  const auto* self = static_cast<ScriptListener*>(luaL_checkudata(L, 1, kListenerMeta));
  const std::string_view key = luaL_checkstring(L, 2);
  if (key == "close") {
    lua_pushcfunction(L, listener_close);
  } else if (key == "address" && self->listener != nullptr) {
    lua_pushstring(L, self->listener->address().c_str());
  } else {
    lua_pushnil(L);
  }
  return 1;
}

ScriptListener& push_listener(lua_State* L) {
  void* memory = lua_newuserdata(L, sizeof(ScriptListener));
  if (luaL_newmetatable(L, kListenerMeta) != 0) {
    lua_pushcfunction(L, listener_collect);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, listener_index);
    lua_setfield(L, -2, "__index");
  }
  auto* self = new (memory) ScriptListener();
  lua_setmetatable(L, -2);
  return *self;
}

std::string text_field(lua_State* L, const char* name) {
  lua_getfield(L, 1, name);
  std::size_t n = 0;
  const char* s = lua_tolstring(L, -1, &n);
  std::string out = s == nullptr ? "" : std::string(s, n);
  lua_pop(L, 1);
  return out;
}

void accept(ScriptListener& self, const Surroundings& surroundings, TaskSet& tasks,
            std::unique_ptr<net::Connection> connection) {
  lua_State* L = self.state->raw();
  auto socket = std::make_shared<Socket>(surroundings.loop, std::move(connection));
  lua_rawgeti(L, LUA_REGISTRYINDEX, self.accepted_ref);
  Socket::push(L, socket);
  tasks.start_owning(L, 1, std::move(socket));
}

void refuse(const ScriptListener& self, const std::string& peer, const Error& error) {
  if (self.refused_ref == LUA_NOREF) return;
  lua_State* L = self.state->raw();
  lua_rawgeti(L, LUA_REGISTRYINDEX, self.refused_ref);
  lua_pushstring(L, peer.c_str());
  lua_pushstring(L, error.message.c_str());
  lua_pushstring(L, errc_name(error.code));
  (void)self.state->call(L, 3, 0);
}

Result<std::unique_ptr<net::Listener>> open_listener(lua_State* L, ScriptListener& self,
                                                     const Surroundings& surroundings,
                                                     TaskSet& tasks, std::uint16_t port) {
  net::ListenOptions options;
  options.host = text_field(L, "host");
  options.port = port;
  const std::string certificate = text_field(L, "certificate");
  if (!certificate.empty()) {
    auto tls = crypto::TlsContext::server(
        {.certificate_file = certificate, .key_file = text_field(L, "key")});
    if (!tls) return tls.error();
    options.tls = std::move(tls).value();
  }
  net::Listener::Handlers handlers;
  handlers.accepted = [&](std::unique_ptr<net::Connection> c) {
    accept(self, surroundings, tasks, std::move(c));
  };
  handlers.refused = [&self](const std::string& peer, const Error& e) { refuse(self, peer, e); };
  return net::Listener::open(surroundings.loop, std::move(options), std::move(handlers));
}

int net_listen(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  auto& tasks = *static_cast<TaskSet*>(lua_touserdata(L, lua_upvalueindex(2)));
  lua_getfield(L, 1, "port");
  const lua_Number port = luaL_optnumber(L, -1, 0);
  luaL_argcheck(L, port >= 0 && port <= 65535, 1, "port must be from 0 to 65535");
  ScriptListener& self = push_listener(L);
  self.state = &lua::State::of(L);
  lua_getfield(L, 1, "accepted");
  luaL_argcheck(L, lua_isfunction(L, -1), 1, "accepted must be a function");
  self.accepted_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_getfield(L, 1, "refused");
  if (lua_isfunction(L, -1))
    self.refused_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  else
    lua_pop(L, 1);
  {
    auto opened =
        open_listener(L, self, surroundings_of(L), tasks, static_cast<std::uint16_t>(port));
    if (!opened) return push_error(L, opened.error());
    self.listener = std::move(opened).value();
  }
  return 1;
}

}  // namespace

int open_net(lua_State* L, const Surroundings& s) {
  lua_pushlightuserdata(L, const_cast<Surroundings*>(&s));
  lua_pushcclosure(L, net_connect, 1);
  lua_setfield(L, -2, "connect");
  return 0;
}

int open_net_listen(lua_State* L, const Surroundings& s, TaskSet& tasks) {
  lua_pushlightuserdata(L, const_cast<Surroundings*>(&s));
  lua_pushlightuserdata(L, &tasks);
  lua_pushcclosure(L, net_listen, 2);
  lua_setfield(L, -2, "listen");
  return 0;
}

}  // namespace virgo::script
