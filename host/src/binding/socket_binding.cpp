// The functions of sockets, whatever kind of connection they have.
#include "binding/socket_binding.hpp"

#include <algorithm>
#include <array>
#include <lua.hpp>
#include <utility>

#include "base/format.hpp"
#include "binding/bindings.hpp"
#include "binding/handle.hpp"
#include "binding/options.hpp"
#include "binding/pending.hpp"
#include "binding/permits.hpp"
#include "binding/socket.hpp"
#include "binding/strand.hpp"
#include "binding/tls_choice.hpp"
#include "crypto/tls_context.hpp"
#include "crypto/tls_session.hpp"
#include "lua/scratch.hpp"
#include "net/tls_upgrade.hpp"

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
  if (socket != nullptr && socket->connection() == nullptr) socket = nullptr;  // TLS failed
  return {handle.strand, handle.number, socket};
}

int closed_failure(lua_State* L) {
  return push_failure(L, "failed", Error{Errc::closed, "the socket was closed by the check"});
}

// The operation of a wait: its end takes the strand off the socket.
std::shared_ptr<void> waiting_for(Socket& socket) {
  return {&socket, [](Socket* s) { s->forget_waiter(); }};
}

std::shared_ptr<void> reserve(Strand& strand, std::size_t bytes) {
  return std::make_shared<Reservation>(strand.scope(), bytes);
}

void start_read(lua_State* L, Strand& strand, Socket& socket, const Want& want, Duration timeout,
                const char* method) {
  socket.wait(strand, want, timeout, reserve(strand, want.bytes));
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
  if (const int results = take(L, *me.socket, want); results > 0)
    return lua::State::pushed(L, results);
  check_bytes(L, me.strand, method, static_cast<double>(want.bytes), "read less at a time");
  start_read(L, me.strand, *me.socket, want, as_duration(timeout), method);
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
  if (socket.is_full())  // somebody gave up waiting; each further text would be kept, too
    return push_failure(
        L, "unreachable",
        Error{Errc::limit, format("{} has not taken yet what was written before", socket.peer())});
  const auto written = socket.write({bytes, size});
  if (!written) return push_failure(L, "unreachable", written.error());
  if (socket.is_full()) {
    socket.wait_until_written(strand, reserve(strand, size));
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
  check_bytes(L, me.strand, "sock:write", static_cast<double>(size), "write less at a time");
  lua::check_can_wait(L, "sock:write");
  if (const int results = write(L, me.strand, *me.socket, bytes, size); results > 0) return results;
  return lua::wait(L);
}

// What is still queued is sent while nobody waits, unless it is much, or many do so.
void close(Strand& strand, std::uint64_t number, Socket& socket) {
  if (!socket.is_full()) socket.finish(strand.context().lingering());
  strand.scope().take(number);
}

// sock:close(); twice is no error
int socket_close(lua_State* L) {
  const Self me = self(L, "sock:close");
  if (me.socket == nullptr) return 0;
  close(me.strand, me.number, *me.socket);
  return 0;
}

// sock:peer() -> "127.0.0.1:80", or nil when it is closed
int socket_peer(lua_State* L) {
  const Self me = self(L, "sock:peer");
  if (me.socket == nullptr) return 0;
  lua_pushstring(L, me.socket->peer().c_str());
  return 1;
}

// sock:certificate() -> table, or nil in clear
int socket_certificate(lua_State* L) {
  const Self me = self(L, "sock:certificate");
  const crypto::TlsSession* tls = me.socket == nullptr ? nullptr : me.socket->connection()->tls();
  if (tls == nullptr) return 0;
  push_tls_certificate(L, *tls);
  return 1;
}

constexpr const char* kStartTls = "sock:start_tls";

// The wait is over: the socket goes on with what came of it, if it is still there.
void upgraded(Strand& strand, std::uint64_t number,
              Result<std::unique_ptr<net::Connection>> result) {
  Scope& scope = strand.scope();
  if (!result) {
    const Error error = result.error();
    strand.complete([&](lua_State* L) {
      scope.take(number);
      return push_failure(L, status_of(error), error);
    });
    return;
  }
  strand.complete([&](lua_State* L) {
    if (auto* socket = static_cast<Socket*>(scope.find(number)); socket != nullptr)
      socket->put_back(std::move(result).value());
    lua_pushboolean(L, 1);
    return 1;
  });
}

using SessionResult = Result<std::unique_ptr<crypto::TlsSession>>;

SessionResult begin_session(const Socket& socket, const std::string& server_name,
                            const TlsContextResult& context) {
  if (!context) return context.error();
  // Whoever is between could have put it in, to be taken for the server's words in TLS.
  if (socket.unread() > 0)
    return Error{Errc::invalid, format("{} bytes of {} came in clear and were not read",
                                       socket.unread(), socket.peer())};
  return (*context)->session(server_name.empty() ? socket.host() : server_name);
}

std::shared_ptr<net::TlsUpgrade> make_upgrade(Strand& strand, std::uint64_t number, Socket& socket,
                                              std::unique_ptr<crypto::TlsSession> session,
                                              Duration timeout) {
  return std::make_shared<net::TlsUpgrade>(
      strand.context().loop(), socket.lend(), std::move(session), timeout,
      [&strand, number](Result<std::unique_ptr<net::Connection>> result) {
        upgraded(strand, number, std::move(result));
      });
}

// The files have been looked at.
void go_on_with_tls(Strand& strand, std::uint64_t number, Steps& steps,
                    const std::string& server_name, Duration timeout,
                    const TlsContextResult& context) {
  // It cannot have been closed: this strand waits for it.
  auto& socket = *static_cast<Socket*>(strand.scope().find(number));
  auto session = begin_session(socket, server_name, context);
  if (!session) return strand.complete_error(session.error().context(kStartTls), "invalid");
  steps.current = make_upgrade(strand, number, socket, std::move(session).value(), timeout);
}

int begin_tls(lua_State* L, const Self& me, const TlsChoice& choice, double seconds) {
  const lua::HostWork unrefused(L);
  Strand& strand = me.strand;
  Socket& socket = *me.socket;
  const Duration timeout = as_duration(seconds);
  if (socket.connection()->tls() != nullptr)
    return push_failure(
        L, "invalid", Error{Errc::invalid, format("{}: this socket is in TLS already", kStartTls)});
  const auto steps = std::make_shared<Steps>();
  if (has_files(choice)) {
    steps->current =
        load_tls_context(strand, choice,
                         [&strand, number = me.number, steps = steps.get(),
                          name = choice.server_name, timeout](const TlsContextResult& context) {
                           go_on_with_tls(strand, number, *steps, name, timeout, context);
                         });
    if (steps->current == nullptr)
      return push_failure(L, "failed", Error{Errc::cancelled, "the agent is stopping"});
  } else {
    auto session = begin_session(socket, choice.server_name, tls_context_for(choice));
    if (!session) return push_failure(L, "invalid", session.error().context(kStartTls));
    steps->current = make_upgrade(strand, me.number, socket, std::move(session).value(), timeout);
  }
  socket.reserve(strand);
  // The socket lives as long as its scope, and that longer than any wait in it.
  strand.wait_for(L, format("{} with {}", kStartTls, socket.peer()),
                  std::shared_ptr<void>(&socket, [steps](Socket* s) {
                    s->forget_waiter();
                    steps->current.reset();
                  }));
  return 0;
}

// sock:start_tls([options]) -> true | nil, error
int socket_start_tls(lua_State* L) {
  static constexpr std::array<std::string_view, 7> kOptions = {
      "server_name", "verify", "ca", "cert", "key", "alpn", "timeout"};
  const Self me = self(L, kStartTls);
  lua_settop(L, 2);
  const Options options(L, 2, kStartTls, kOptions);
  if (me.socket == nullptr) return closed_failure(L);
  TlsChoice& choice = lua::push_reused<TlsChoice>(L, "virgo.tls.choice");
  read_tls_choice(L, options, choice, kStartTls);
  const double timeout = options.seconds("timeout", kMaxTimeout);
  lua::check_can_wait(L, kStartTls);
  if (const int results = begin_tls(L, me, choice, timeout); results > 0) return results;
  return lua::wait(L);
}

}  // namespace

void push_tls_certificate(lua_State* L, const crypto::TlsSession& session) {
  const lua::HostWork unrefused(L);
  auto certificate = session.peer_certificate();
  if (!certificate) {
    lua_pushnil(L);
    return;
  }
  push_certificate(L, {*std::move(certificate), session.peer_chain(), session.verdict()});
  for (const auto& [name, text] :
       {std::pair{"tls", session.protocol()}, std::pair{"cipher", session.cipher()},
        std::pair{"alpn", session.alpn()}}) {
    lua_pushlstring(L, text.data(), text.size());
    lua_setfield(L, -2, name);
  }
}

void push_socket(lua_State* L, Strand& strand, std::unique_ptr<net::Connection> connection,
                 const char* kind, std::string host) {
  push_handle(L, strand,
              std::make_unique<Socket>(strand.context().loop(), std::move(connection), kind,
                                       std::move(host)),
              kSocket);
}

void open_sockets(lua_State* L) {
  static constexpr Method kMethods[] = {{"read", socket_read},
                                        {"read_line", socket_read_line},
                                        {"write", socket_write},
                                        {"start_tls", socket_start_tls},
                                        {"certificate", socket_certificate},
                                        {"close", socket_close},
                                        {"peer", socket_peer},
                                        {nullptr, nullptr}};
  define_handle(L, kSocket, kMethods);
}

}  // namespace virgo::binding
