// What Lua calls to have a server: native.http_server.
#include <lua.hpp>

#include "lua/state.hpp"
#include "runtime/http_server_binding.hpp"
#include "runtime/natives.hpp"
#include "runtime/net_handle.hpp"
#include "runtime/program.hpp"
#include "runtime/tls_library.hpp"

namespace virgo::runtime {
namespace {

// native.http_server.set_callbacks(table)
int set_callbacks(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_createtable(L, static_cast<int>(std::size(kHttpCallbackNames)), 0);
  for (std::size_t i = 0; i < std::size(kHttpCallbackNames); ++i) {
    lua_getfield(L, 1, kHttpCallbackNames[i]);
    luaL_checktype(L, -1, LUA_TFUNCTION);
    lua_rawseti(L, -2, static_cast<int>(i) + 1);
  }
  lua_setfield(L, LUA_REGISTRYINDEX, kHttpCallbacks);
  return 0;
}

constexpr const char* kServer = "virgo.http.server";

HttpServerBinding& server_at(lua_State* L) {
  auto* held = *static_cast<HttpServerBinding**>(luaL_checkudata(L, 1, kServer));
  if (held == nullptr) luaL_error(L, "the server has been destroyed");
  return *held;
}

int server_gc(lua_State* L) {
  auto** held = static_cast<HttpServerBinding**>(luaL_checkudata(L, 1, kServer));
  delete *held;
  *held = nullptr;
  return 0;
}

double number_field(lua_State* L, const char* name, double otherwise) {
  lua_getfield(L, 1, name);
  const double value = luaL_optnumber(L, -1, otherwise);
  lua_pop(L, 1);
  if (!(value >= 0)) luaL_error(L, "option %s must not be negative", name);
  return value;
}

Duration milliseconds_field(lua_State* L, const char* name, Duration otherwise) {
  const double ms =
      number_field(L, name, std::chrono::duration<double, std::milli>(otherwise).count());
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::min(ms, 1e12)));
}

// An option that may be a huge number.
template <class T>
void bound_field(lua_State* L, const char* name, T& bound) {
  const double value = number_field(L, name, static_cast<double>(bound));
  bound = value >= static_cast<double>(std::numeric_limits<T>::max())
              ? std::numeric_limits<T>::max()
              : static_cast<T>(value);
}

net::HttpServerOptions read_options(lua_State* L) {
  net::HttpServerOptions o;
  o.timeouts.head = milliseconds_field(L, "headersTimeout", o.timeouts.head);
  o.timeouts.idle = milliseconds_field(L, "keepAliveTimeout", o.timeouts.idle);
  o.timeouts.body = milliseconds_field(L, "bodyTimeout", o.timeouts.body);
  o.timeouts.write = milliseconds_field(L, "writeTimeout", o.timeouts.write);
  o.timeouts.response = milliseconds_field(L, "responseTimeout", o.timeouts.response);
  bound_field(L, "maxHeaderSize", o.limits.max_head);
  bound_field(L, "maxHeadersCount", o.limits.max_headers);
  bound_field(L, "maxTargetSize", o.limits.max_target);
  bound_field(L, "maxBodySize", o.limits.max_body);
  bound_field(L, "maxConnections", o.max_connections);
  bound_field(L, "maxRequestsPerSocket", o.max_requests);
  bound_field(L, "highWaterMark", o.high_water);
  return o;
}

// options owner -> server
int new_server(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  const net::HttpServerOptions options = read_options(L);
  auto** held = static_cast<HttpServerBinding**>(lua_newuserdata(L, sizeof(HttpServerBinding*)));
  *held = nullptr;
  luaL_getmetatable(L, kServer);
  lua_setmetatable(L, -2);
  lua_pushvalue(L, 2);
  const int owner = luaL_ref(L, LUA_REGISTRYINDEX);
  *held = new HttpServerBinding(Program::of(L), options, owner);
  return 1;
}

const char* code_of_listening(const std::string& message) {
  const auto has = [&](const char* text) { return message.find(text) != std::string::npos; };
  if (has("address already in use")) return "EADDRINUSE";
  if (has("permission denied")) return "EACCES";
  if (has("not available")) return "EADDRNOTAVAIL";
  return "EINVAL";
}

// server {host, port | path, mode, backlog, ipv6Only, reusePort, tls = context of native.tls}
void read_listen_options(lua_State* L, net::ListenOptions& o) {
  const auto text = [L](const char* name, std::string& out) {
    lua_getfield(L, 2, name);
    if (lua_isstring(L, -1) != 0) out = lua_tostring(L, -1);
    lua_pop(L, 1);
  };
  const auto whole = [L](const char* name, int otherwise) {
    lua_getfield(L, 2, name);
    const int value = lua_isnumber(L, -1) != 0 ? static_cast<int>(lua_tointeger(L, -1)) : otherwise;
    lua_pop(L, 1);
    return value;
  };
  const auto yes = [L](const char* name) {
    lua_getfield(L, 2, name);
    const bool value = lua_toboolean(L, -1) != 0;
    lua_pop(L, 1);
    return value;
  };
  text("host", o.host);
  text("path", o.path);
  o.port = static_cast<std::uint16_t>(whole("port", 0));
  o.backlog = whole("backlog", o.backlog);
  if (const int mode = whole("mode", -1); mode >= 0) o.mode = static_cast<mode_t>(mode);
  o.ipv6_only = yes("ipv6Only");
  o.reuse_port = yes("reusePort");
  lua_getfield(L, 2, "tls");
  if (const ContextBox* tls = to_context(L, lua_gettop(L))) o.tls = tls->context;
  lua_pop(L, 1);
}

int server_listen(lua_State* L) {
  HttpServerBinding& binding = server_at(L);
  luaL_checktype(L, 2, LUA_TTABLE);
  const lua::HostWork work(L);
  net::ListenOptions options;
  read_listen_options(L, options);
  const Result<void> listening = binding.server().listen(std::move(options));
  if (!listening) {
    lua_pushnil(L);
    lua_pushstring(L, listening.error().message.c_str());
    lua_pushstring(L, code_of_listening(listening.error().message));
    return 3;
  }
  lua_pushboolean(L, 1);
  return 1;
}

int server_address(lua_State* L) {
  HttpServerBinding& binding = server_at(L);
  const lua::HostWork work(L);
  const std::string name = binding.server().address();
  if (name.empty()) return 0;
  return push_address(L, name);
}

// server function
int server_close(lua_State* L) {
  HttpServerBinding& binding = server_at(L);
  luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_pushvalue(L, 2);
  const int ref = luaL_ref(L, LUA_REGISTRYINDEX);
  Program& program = binding.program();
  binding.server().close([&program, ref] {
    lua_State* l = program.state().raw();
    lua_rawgeti(l, LUA_REGISTRYINDEX, ref);
    luaL_unref(l, LUA_REGISTRYINDEX, ref);
    program.call(l, 0);
  });
  return 0;
}

int server_abort_all(lua_State* L) {
  HttpServerBinding& binding = server_at(L);
  lua_State* before = binding.enter(L);
  binding.server().abort_all();
  binding.leave(before);
  return 0;
}

int server_connections(lua_State* L) {
  lua_pushinteger(L, static_cast<lua_Integer>(server_at(L).server().connections()));
  return 1;
}

// The owner may be collected from now on; no request may follow.
int server_release(lua_State* L) {
  server_at(L).release();
  return 0;
}

// server object -> connection
int server_adopt(lua_State* L) {
  HttpServerBinding& binding = server_at(L);
  lua_State* before = binding.enter(L);
  HttpConnectionRef& ref = binding.adopt(L, 2);
  binding.leave(before);
  lua_rawgeti(L, LUA_REGISTRYINDEX, ref.self);
  return 1;
}

}  // namespace

int open_http_server(lua_State* L) {
  lua_newtable(L);
  add_http_server_functions(L);
  add_http_connection_functions(L);
  add_http_head_functions(L);
  return 1;
}

void add_http_server_functions(lua_State* L) {
  static const luaL_Reg functions[] = {
      {"set_callbacks", set_callbacks}, {"new_server", new_server}, {nullptr, nullptr}};
  static const luaL_Reg methods[] = {{"listen", server_listen},
                                     {"address", server_address},
                                     {"close", server_close},
                                     {"abort_all", server_abort_all},
                                     {"connections", server_connections},
                                     {"adopt", server_adopt},
                                     {"release", server_release},
                                     {"__gc", server_gc},
                                     {nullptr, nullptr}};
  luaL_register(L, nullptr, functions);
  luaL_newmetatable(L, kServer);
  luaL_register(L, nullptr, methods);
  lua_pushvalue(L, -1);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}

}  // namespace virgo::runtime
