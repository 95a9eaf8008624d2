// net.connect and the socket it gives. What waits, waits until the run's
// deadline; what is opened is closed with the run.
#include <algorithm>
#include <cmath>
#include <lua.hpp>

#include "base/format.hpp"
#include "net/connect.hpp"
#include "script/check_bindings.hpp"
#include "script/lua_check.hpp"
#include "script/lua_file.hpp"
#include "script/lua_run.hpp"
#include "script/lua_socket.hpp"

namespace virgo::script {
namespace {

constexpr const char* kSocket = "virgo.socket";
constexpr std::size_t kMaxSockets = 64;  // open in one run
constexpr double kDefaultLine = 8192;
constexpr double kMaxTimeout = 86400;

struct SocketRef {
  std::uint64_t run;
  std::uint64_t socket;
};

// A read may take a quarter of the state's memory, so that the script can work
// with what it got.
double max_read(LuaRun& run) {
  const auto cap = static_cast<double>(run.check().services().memory);
  return cap > 0 ? cap / 4 : 16.0 * 1024 * 1024;
}

struct Self {
  LuaRun& run;
  LuaSocket* socket;  // null when it was closed
};

Self self(lua_State* L, const char* method) {
  const auto* ref = static_cast<SocketRef*>(check_self(L, kSocket, method));
  LuaRun& run = LuaRun::current(L, method);
  if (run.id() != ref->run)
    luaL_error(L, "%s: the run that opened this socket is over, and closed it", method);
  return {run, run.socket(ref->socket)};
}

int closed_failure(lua_State* L) {
  return push_failure(L, "failed", Error{Errc::closed, "the socket was closed by the check"});
}

void push_socket(lua_State* L, LuaRun& run, std::unique_ptr<net::Connection> connection) {
  const std::uint64_t id = run.next_socket_id();
  run.sockets().push_back(std::make_unique<LuaSocket>(run, id, std::move(connection)));
  auto* ref = static_cast<SocketRef*>(lua_newuserdata(L, sizeof(SocketRef)));
  *ref = {run.id(), id};
  luaL_getmetatable(L, kSocket);
  lua_setmetatable(L, -2);
}

void connected(LuaRun& run, Result<std::unique_ptr<net::Connection>> result) {
  if (!result) {
    const Error error = result.error();
    const char* status = error.code == Errc::timeout   ? "timeout"
                         : error.code == Errc::invalid ? "invalid"
                                                       : "unreachable";
    run.complete_error(error, status);
    return;
  }
  run.complete([&](lua_State* L) {
    push_socket(L, run, std::move(result).value());
    return 1;
  });
}

void start_connect(lua_State* L, LuaRun& run, const char* host, double port, double timeout) {
  net::ConnectOptions options;
  options.host = host;
  options.port = static_cast<std::uint16_t>(port);
  options.timeout = Duration{static_cast<std::int64_t>(timeout * 1e9)};
  std::string what = format("net.connect to {}:{}", options.host, options.port);
  auto connector =
      std::make_shared<net::Connector>(run.check().services().loop, std::move(options),
                                       [&run](Result<std::unique_ptr<net::Connection>> result) {
                                         connected(run, std::move(result));
                                       });
  run.wait_for(L, std::move(what), std::move(connector));
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

// net.connect(host, port [, {timeout = seconds}]) -> socket | nil, error
int connect(lua_State* L) {
  LuaRun& run = LuaRun::current(L, "net.connect");
  const char* host = luaL_checkstring(L, 1);
  const double port = luaL_checknumber(L, 2);
  if (!(port >= 1 && port <= 65535 && port == std::floor(port)))
    return luaL_argerror(L, 2, "a port is a whole number from 1 to 65535");
  const double timeout = read_timeout(L);
  if (run.sockets().size() >= kMaxSockets)
    return luaL_error(L, "net.connect: %d sockets are open in this run; close those that are done",
                      static_cast<int>(kMaxSockets));
  lua::check_can_wait(L, "net.connect");
  start_connect(L, run, host, port, timeout);
  return lua::wait(L);
}

void start_read(lua_State* L, LuaRun& run, LuaSocket& socket, const Want& want,
                const char* method) {
  socket.wait(want);
  run.wait_for(L, format("{} from {}", method, socket.peer()), nullptr);
}

// Pushes what has come already. 0 if that is not enough.
int take(lua_State* L, LuaSocket& socket, const Want& want) {
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
  lua::check_can_wait(L, method);
  if (const int results = take(L, *me.socket, want); results > 0) return results;
  start_read(L, me.run, *me.socket, want, method);
  return lua::wait(L);
}

double read_size(lua_State* L, LuaRun& run, double fallback) {
  const double size = luaL_optnumber(L, 2, fallback);
  if (!(size >= 1 && size <= max_read(run)))
    luaL_error(L, "from 1 byte to %f bytes (a quarter of limits.lua_memory), not %f", max_read(run),
               size);
  return size;
}

// sock:read([n]) -> n bytes, or whatever comes first | nil, error
int socket_read(lua_State* L) {
  const Self me = self(L, "sock:read");
  Want want;
  if (!lua_isnoneornil(L, 2))
    want = {Want::Kind::exactly, static_cast<std::size_t>(read_size(L, me.run, 1))};
  return read(L, me, want, "sock:read");
}

// sock:read_line([max]) -> the line without its end | nil, error
int socket_read_line(lua_State* L) {
  const Self me = self(L, "sock:read_line");
  const double most = read_size(L, me.run, std::min(kDefaultLine, max_read(me.run)));
  return read(L, me, {Want::Kind::line, static_cast<std::size_t>(most)}, "sock:read_line");
}

// Pushes the result of a write, or returns 0 when there is none yet.
int write(lua_State* L, LuaRun& run, LuaSocket& socket, const char* bytes, std::size_t size) {
  const lua::HostWork unrefused(L);
  const auto written = socket.write({bytes, size});
  if (!written) return push_failure(L, "unreachable", written.error());
  if (socket.is_full()) {
    socket.wait_until_written();
    run.wait_for(L, format("sock:write to {}", socket.peer()), nullptr);
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
  if (const int results = write(L, me.run, *me.socket, bytes, size); results > 0) return results;
  return lua::wait(L);
}

// sock:close(); twice is no error
int socket_close(lua_State* L) {
  const Self me = self(L, "sock:close");
  std::erase_if(me.run.sockets(), [&](const auto& s) { return s.get() == me.socket; });
  return 0;
}

}  // namespace

int open_check_net(lua_State* L) {
  static constexpr Method kMethods[] = {{"read", socket_read},
                                        {"read_line", socket_read_line},
                                        {"write", socket_write},
                                        {"close", socket_close},
                                        {nullptr, nullptr}};
  push_metatable(L, kSocket, kMethods);
  lua_pop(L, 1);
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, connect);
  lua_setfield(L, -2, "connect");
  return 1;
}

}  // namespace virgo::script
