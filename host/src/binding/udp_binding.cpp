// virgo.udp.connect, virgo.udp.bind and the sockets they give.
#include "binding/udp_binding.hpp"

#include <array>
#include <cmath>
#include <lua.hpp>

#include "base/format.hpp"
#include "base/text.hpp"
#include "binding/bindings.hpp"
#include "binding/datagrams.hpp"
#include "binding/handle.hpp"
#include "binding/lookup.hpp"
#include "binding/options.hpp"
#include "binding/pending.hpp"
#include "binding/permits.hpp"
#include "binding/strand.hpp"

namespace virgo::binding {
namespace {

constexpr const char* kSocket = "virgo.datagrams";
constexpr const char* kConnect = "virgo.udp.connect";
constexpr const char* kBind = "virgo.udp.bind";
constexpr double kMaxTimeout = 86400;

struct Self {
  Strand& strand;
  std::uint64_t number;
  Datagrams* socket;  // null when it was closed
};

Self self(lua_State* L, const char* method) {
  const OpenHandle handle = check_handle(L, kSocket, method);
  auto* socket = static_cast<Datagrams*>(handle.resource);
  if (socket != nullptr && socket->busy())
    luaL_error(L, "%s: another function of virgo.parallel waits for this socket", method);
  return {handle.strand, handle.number, socket};
}

int closed_failure(lua_State* L) {
  return push_failure(L, "failed", Error{Errc::closed, "the socket was closed by the check"});
}

void resolved(Strand& strand, const Result<uv::Resolver::Addresses>& found) {
  if (!found) return strand.complete_error(Error(found.error()), status_of(found.error()));
  auto socket = std::make_unique<Datagrams>(strand.context().loop());
  if (const auto connected = socket->connect(found->front()); !connected)
    return strand.complete_error(connected.error(), status_of(connected.error()));
  strand.complete([&](lua_State* L) {
    push_handle(L, strand, std::move(socket), kSocket);
    return 1;
  });
}

void start_connect(lua_State* L, Strand& strand, const char* host, double port, double timeout) {
  const lua::HostWork unrefused(L);
  const std::string to = format("{}:{}", host, port);
  auto lookup = std::make_unique<Lookup>(
      strand.context().loop(), host, static_cast<std::uint16_t>(port), as_duration(timeout),
      [&strand](const Result<uv::Resolver::Addresses>& found) { resolved(strand, found); });
  strand.wait_for(L, format("{} to {}", kConnect, to), hold(strand, "udp", to, std::move(lookup)));
}

// virgo.udp.connect(host, port [, {timeout = seconds}]) -> socket | nil, error
int connect(lua_State* L) {
  static constexpr std::array<std::string_view, 1> kOptions = {"timeout"};
  Strand& strand = Strand::current(L, kConnect);
  const char* host = check_host(L, 1).data();
  const double port = check_port(L, 2);
  lua_settop(L, 3);
  const double timeout = Options(L, 3, kConnect, kOptions).seconds("timeout", kMaxTimeout);
  check_net(L, Net::udp, kConnect);
  check_room(L, strand, kConnect);
  lua::check_can_wait(L, kConnect);
  start_connect(L, strand, host, port, timeout);
  return lua::wait(L);
}

int open_bound(lua_State* L, Strand& strand, const char* address, double port) {
  const lua::HostWork unrefused(L);
  auto socket = std::make_unique<Datagrams>(strand.context().loop());
  if (const auto bound = socket->bind(address, static_cast<std::uint16_t>(port)); !bound)
    return push_failure(L, bound.error().code == Errc::invalid ? "invalid" : "failed",
                        bound.error());
  push_handle(L, strand, std::move(socket), kSocket);
  return 1;
}

// virgo.udp.bind(address, port) -> socket | nil, error; port 0: one that is free
int bind(lua_State* L) {
  Strand& strand = Strand::current(L, kBind);
  const char* address = check_host(L, 1).data();
  const double port = luaL_checknumber(L, 2);
  if (!(port >= 0 && port <= 65535 && port == std::floor(port)))
    return luaL_argerror(L, 2, "a port is a whole number from 0 to 65535");
  check_net(L, Net::listen, kBind);
  check_room(L, strand, kBind);
  return open_bound(L, strand, address, port);
}

// Pushes a datagram that has come already, or an error; 0 if there is none.
int take(lua_State* L, Datagrams& socket) {
  const lua::HostWork unrefused(L);
  const auto taken = socket.take();
  if (!taken) return 0;
  if (!taken->ok()) return push_failure(L, status_of(taken->error()), taken->error());
  return push_datagram(L, (*taken)->bytes, (*taken)->from, socket.bound());
}

void start_receive(lua_State* L, Strand& strand, Datagrams& socket, double timeout) {
  const lua::HostWork unrefused(L);
  socket.wait(strand, as_duration(timeout));
  strand.wait_for(
      L, format("sock:receive from {}", socket.description()),
      std::shared_ptr<void>(&socket, [](Datagrams* waited) { waited->forget_waiter(); }));
}

// sock:receive([timeout]) -> bytes [, host, port] | nil, error
int receive(lua_State* L) {
  const Self me = self(L, "sock:receive");
  const double timeout = luaL_optnumber(L, 2, 0);
  if (!(timeout >= 0 && timeout <= kMaxTimeout)) return luaL_argerror(L, 2, "a timeout in seconds");
  if (me.socket == nullptr) return closed_failure(L);
  lua::check_can_wait(L, "sock:receive");
  if (const int results = take(L, *me.socket); results > 0) return lua::State::pushed(L, results);
  start_receive(L, me.strand, *me.socket, timeout);
  return lua::wait(L);
}

int send_bytes(lua_State* L, Datagrams& socket, std::string_view bytes, const sockaddr* to) {
  const lua::HostWork unrefused(L);
  const auto sent = socket.send(bytes, to);
  if (!sent) return push_failure(L, status_of(sent.error()), sent.error());
  lua_pushboolean(L, 1);
  return 1;
}

bool read_ip(const char* host, double port, sockaddr_storage* out) {
  return uv::parse_ip(host, static_cast<std::uint16_t>(port), out);
}

// sock:send(bytes [, host, port]) -> true | nil, error
int send(lua_State* L) {
  const Self me = self(L, "sock:send");
  std::size_t size = 0;
  const char* bytes = luaL_checklstring(L, 2, &size);
  if (me.socket == nullptr) return closed_failure(L);
  if (!me.socket->bound()) {
    if (!lua_isnoneornil(L, 3))
      return luaL_argerror(L, 3, "no address: the socket is connected to one");
    return send_bytes(L, *me.socket, {bytes, size}, nullptr);
  }
  check_net(L, Net::udp, "sock:send");
  const char* host = luaL_checkstring(L, 3);
  sockaddr_storage to{};
  if (!read_ip(host, check_port(L, 4), &to))
    return luaL_argerror(L, 3, "an IP address; virgo.dns.lookup finds that of a name");
  return send_bytes(L, *me.socket, {bytes, size}, reinterpret_cast<const sockaddr*>(&to));
}

int push_address(lua_State* L, const sockaddr_storage& address) {
  const lua::HostWork unrefused(L);
  const auto* raw = reinterpret_cast<const sockaddr*>(&address);
  const std::string ip = uv::ip_of(raw);
  lua_pushlstring(L, ip.data(), ip.size());
  lua_pushinteger(L, uv::port_of(raw));
  return 2;
}

// sock:address() -> host, port of our side; nil when it is closed
int address(lua_State* L) {
  const Self me = self(L, "sock:address");
  if (me.socket == nullptr) return 0;
  return push_address(L, me.socket->local_address());
}

// sock:close(); twice is no error
int close(lua_State* L) {
  const Self me = self(L, "sock:close");
  if (me.socket != nullptr) me.strand.scope().take(me.number);
  return 0;
}

}  // namespace

int push_datagram(lua_State* L, std::string_view bytes, const sockaddr_storage& from,
                  bool with_address) {
  const lua::HostWork unrefused(L);
  lua_pushlstring(L, bytes.data(), bytes.size());
  return with_address ? 1 + push_address(L, from) : 1;
}

int open_udp(lua_State* L) {
  static constexpr Method kMethods[] = {{"send", send},
                                        {"receive", receive},
                                        {"address", address},
                                        {"close", close},
                                        {nullptr, nullptr}};
  static constexpr Method kFunctions[] = {{"connect", connect}, {"bind", bind}, {nullptr, nullptr}};
  define_handle(L, kSocket, kMethods);
  return open_functions(L, kFunctions);
}

}  // namespace virgo::binding
