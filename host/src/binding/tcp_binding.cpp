// virgo.tcp.connect and the sockets it gives.
#include "binding/tcp_binding.hpp"

#include <algorithm>
#include <cmath>
#include <lua.hpp>

#include "base/format.hpp"
#include "binding/bindings.hpp"
#include "binding/handle.hpp"
#include "binding/permits.hpp"
#include "binding/socket.hpp"
#include "binding/strand.hpp"
#include "net/connect.hpp"

namespace virgo::binding {
namespace {

constexpr const char* kSocket = "virgo.socket";
constexpr double kDefaultLine = 8192;
constexpr double kMaxTimeout = 86400;

struct Self {
  Strand& strand;
  std::uint64_t number;
  Socket* socket;  // null when it was closed
};

Self self(lua_State* L, const char* method) {
  const OpenHandle handle = check_handle(L, kSocket, method);
  auto* socket = static_cast<Socket*>(handle.resource);
  if (socket != nullptr && socket->busy())
    luaL_error(L, "%s: another function of virgo.parallel waits for this socket", method);
  return {handle.strand, handle.number, socket};
}

int closed_failure(lua_State* L) {
  return push_failure(L, "failed", Error{Errc::closed, "the socket was closed by the check"});
}

void connected(Strand& strand, Result<std::unique_ptr<net::Connection>> result) {
  if (!result) {
    const Error error = result.error();
    const char* status = error.code == Errc::timeout   ? "timeout"
                         : error.code == Errc::invalid ? "invalid"
                                                       : "unreachable";
    strand.complete_error(error, status);
    return;
  }
  strand.complete([&](lua_State* L) {
    push_socket(L, strand, std::move(result).value());
    return 1;
  });
}

void start_connect(lua_State* L, Strand& strand, const char* host, double port, double timeout) {
  net::ConnectOptions options;
  options.host = host;
  options.port = static_cast<std::uint16_t>(port);
  options.timeout = Duration{static_cast<std::int64_t>(timeout * 1e9)};
  std::string what = format("virgo.tcp.connect to {}:{}", options.host, options.port);
  auto connector =
      std::make_shared<net::Connector>(strand.context().loop(), std::move(options),
                                       [&strand](Result<std::unique_ptr<net::Connection>> result) {
                                         connected(strand, std::move(result));
                                       });
  strand.wait_for(L, std::move(what), std::move(connector));
}

// Field `timeout` of the options at 3, in seconds; without it the run's deadline
// is what ends the wait.
double read_timeout(lua_State* L) {
  if (lua_isnoneornil(L, 3)) return kMaxTimeout;
  luaL_checktype(L, 3, LUA_TTABLE);
  lua_getfield(L, 3, "timeout");
  const double timeout = luaL_optnumber(L, -1, kMaxTimeout);
  if (!(timeout > 0)) luaL_argerror(L, 3, "timeout must be a number of seconds above 0");
  return std::min(timeout, kMaxTimeout);
}

// virgo.tcp.connect(host, port [, {timeout = seconds}]) -> socket | nil, error
int connect(lua_State* L) {
  Strand& strand = Strand::current(L, "virgo.tcp.connect");
  const char* host = luaL_checkstring(L, 1);
  const double port = luaL_checknumber(L, 2);
  if (!(port >= 1 && port <= 65535 && port == std::floor(port)))
    return luaL_argerror(L, 2, "a port is a whole number from 1 to 65535");
  const double timeout = read_timeout(L);
  check_net(L, Net::tcp, "virgo.tcp.connect");
  check_room(L, strand, "virgo.tcp.connect");
  lua::check_can_wait(L, "virgo.tcp.connect");
  start_connect(L, strand, host, port, timeout);
  return lua::wait(L);
}

// The operation of a wait: its end takes the strand off the socket.
std::shared_ptr<void> waiting_for(Socket& socket) {
  return {&socket, [](Socket* s) { s->forget_waiter(); }};
}

void start_read(lua_State* L, Strand& strand, Socket& socket, const Want& want, Duration timeout,
                const char* method) {
  socket.wait(strand, want, timeout);
  strand.wait_for(L, format("{} from {}", method, socket.peer()), waiting_for(socket));
}

// Pushes what has come already. 0 if that is not enough.
int take(lua_State* L, Socket& socket, const Want& want) {
  const lua::HostWork unrefused(L);
  const auto taken = socket.take(want);
  if (!taken) return 0;
  if (!taken->ok()) {
    const bool bound = taken->error().code == Errc::limit;
    return push_failure(L, bound ? "failed" : "unreachable", taken->error());
  }
  lua_pushlstring(L, taken->value().data(), taken->value().size());
  return 1;
}

int read(lua_State* L, const Self& me, const Want& want, const char* method) {
  if (me.socket == nullptr) return closed_failure(L);
  const double timeout = luaL_optnumber(L, 3, 0);
  if (!(timeout >= 0 && timeout <= kMaxTimeout)) return luaL_argerror(L, 3, "a timeout in seconds");
  lua::check_can_wait(L, method);
  if (const int results = take(L, *me.socket, want); results > 0) return results;
  start_read(L, me.strand, *me.socket, want, Duration{static_cast<std::int64_t>(timeout * 1e9)},
             method);
  return lua::wait(L);
}

double read_size(lua_State* L, const Strand& strand, double fallback) {
  const auto max = static_cast<double>(strand.context().max_read());
  const double size = luaL_optnumber(L, 2, std::min(fallback, max));
  if (!(size >= 1 && size <= max))
    luaL_error(L, "from 1 byte to %f bytes (a quarter of limits.lua_memory), not %f", max, size);
  return size;
}

// sock:read([n [, timeout]]) -> n bytes, or whatever comes first | nil, error
int socket_read(lua_State* L) {
  const Self me = self(L, "sock:read");
  Want want;
  if (!lua_isnoneornil(L, 2))
    want = {Want::Kind::exactly, static_cast<std::size_t>(read_size(L, me.strand, 1))};
  return read(L, me, want, "sock:read");
}

// sock:read_line([max [, timeout]]) -> the line without its end | nil, error
int socket_read_line(lua_State* L) {
  const Self me = self(L, "sock:read_line");
  const double most = read_size(L, me.strand, kDefaultLine);
  return read(L, me, {Want::Kind::line, static_cast<std::size_t>(most)}, "sock:read_line");
}

// Pushes the result of a write, or returns 0 when there is none yet.
int write(lua_State* L, Strand& strand, Socket& socket, const char* bytes, std::size_t size) {
  const lua::HostWork unrefused(L);
  const auto written = socket.write({bytes, size});
  if (!written) return push_failure(L, "unreachable", written.error());
  if (socket.is_full()) {
    socket.wait_until_written(strand);
    strand.wait_for(L, format("sock:write to {}", socket.peer()), waiting_for(socket));
    return 0;
  }
  lua_pushboolean(L, 1);
  return 1;
}

// sock:write(bytes) -> true | nil, error
int socket_write(lua_State* L) {
  const Self me = self(L, "sock:write");
  std::size_t size = 0;
  const char* bytes = luaL_checklstring(L, 2, &size);
  if (me.socket == nullptr) return closed_failure(L);
  lua::check_can_wait(L, "sock:write");
  if (const int results = write(L, me.strand, *me.socket, bytes, size); results > 0) return results;
  return lua::wait(L);
}

// sock:close(); twice is no error
int socket_close(lua_State* L) {
  const Self me = self(L, "sock:close");
  if (me.socket == nullptr) return 0;
  me.socket->finish();
  me.strand.scope().take(me.number);
  return 0;
}

// sock:peer() -> "127.0.0.1:80", or nil when it is closed
int socket_peer(lua_State* L) {
  const Self me = self(L, "sock:peer");
  if (me.socket == nullptr) return 0;
  lua_pushstring(L, me.socket->peer().c_str());
  return 1;
}

}  // namespace

void push_socket(lua_State* L, Strand& strand, std::unique_ptr<net::Connection> connection) {
  push_handle(L, strand, std::make_unique<Socket>(strand.context().loop(), std::move(connection)),
              kSocket);
}

int open_tcp(lua_State* L) {
  static constexpr Method kMethods[] = {{"read", socket_read},   {"read_line", socket_read_line},
                                        {"write", socket_write}, {"close", socket_close},
                                        {"peer", socket_peer},   {nullptr, nullptr}};
  push_metatable(L, kSocket, kMethods);
  lua_pop(L, 1);
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, connect);
  lua_setfield(L, -2, "connect");
  return 1;
}

}  // namespace virgo::binding
