// virgo.tcp.connect, virgo.tls.connect and virgo.unix.connect.
#include "binding/tcp_binding.hpp"

#include <array>
#include <lua.hpp>

#include "base/format.hpp"
#include "binding/bindings.hpp"
#include "binding/handle.hpp"
#include "binding/options.hpp"
#include "binding/pending.hpp"
#include "binding/permits.hpp"
#include "binding/socket_binding.hpp"
#include "binding/strand.hpp"
#include "binding/tls_choice.hpp"
#include "lua/scratch.hpp"
#include "net/connect.hpp"

namespace virgo::binding {
namespace {

constexpr double kMaxTimeout = 86400;
constexpr std::size_t kMaxPath = 4096;
constexpr const char* kTcp = "virgo.tcp.connect";
constexpr const char* kTls = "virgo.tls.connect";
constexpr const char* kUnix = "virgo.unix.connect";

// In clear, what is not valid is what the script was given: a name, a path.
const char* connect_status(const Error& error, bool tls) {
  return error.code == Errc::invalid && !tls ? "invalid" : status_of(error);
}

std::shared_ptr<net::Connector> make_connector(Strand& strand, net::ConnectOptions options) {
  const bool tls = options.tls != nullptr;
  const char* kind = tls ? "tls" : options.path.empty() ? "tcp" : "unix";
  auto done = [&strand, tls, kind,
               host = options.host](Result<std::unique_ptr<net::Connection>> r) {
    if (!r) return strand.complete_error(Error(r.error()), connect_status(r.error(), tls));
    strand.complete([&](lua_State* l) {
      push_socket(l, strand, std::move(r).value(), kind, host);
      return 1;
    });
  };
  return std::make_shared<net::Connector>(strand.context().loop(), std::move(options),
                                          std::move(done));
}

Error with_function(const Error& error) {
  return error.context(kTls);
}

// Raises nothing. `function`: one of those above. `choice` is null, or of TLS; then an error
// may be pushed at once. 0 if it is under way.
int start(lua_State* L, Strand& strand, net::ConnectOptions options, const TlsChoice* choice,
          const char* function) {
  const lua::HostWork unrefused(L);
  const char* kind = choice != nullptr ? "tls" : options.path.empty() ? "tcp" : "unix";
  const std::string to =
      options.path.empty() ? format("{}:{}", options.host, options.port) : "unix:" + options.path;
  auto steps = std::make_unique<Steps>();
  if (choice != nullptr && has_files(*choice)) {
    steps->current = load_tls_context(
        strand, *choice, [&strand, options, steps = steps.get()](const TlsContextResult& tls) {
          if (!tls) return strand.complete_error(with_function(tls.error()), "invalid");
          net::ConnectOptions with_tls = options;
          with_tls.tls = *tls;
          steps->current = make_connector(strand, std::move(with_tls));
        });
    if (steps->current == nullptr)
      return push_failure(L, "failed", Error{Errc::cancelled, "the agent is stopping"});
  } else {
    if (choice != nullptr) {
      auto tls = tls_context_for(*choice);
      if (!tls) return push_failure(L, "invalid", with_function(tls.error()));
      options.tls = std::move(tls).value();
    }
    steps->current = make_connector(strand, std::move(options));
  }
  strand.wait_for(L, format("{} to {}", function, to), hold(strand, kind, to, std::move(steps)));
  return 0;
}

struct Target {
  const char* host;
  double port;
};

// 0 if it is under way, else the results. `choice`: null in clear.
int start_to_host(lua_State* L, Strand& strand, const Target& target, const TlsChoice* choice,
                  double timeout) {
  const lua::HostWork unrefused(L);
  net::ConnectOptions options;
  options.host = target.host;
  options.port = static_cast<std::uint16_t>(target.port);
  options.timeout = as_duration(timeout);
  if (choice != nullptr) options.server_name = choice->server_name;
  return start(L, strand, std::move(options), choice, choice == nullptr ? kTcp : kTls);
}

// virgo.tcp.connect(host, port [, {timeout = seconds}]) -> socket | nil, error
int tcp_connect(lua_State* L) {
  static constexpr std::array<std::string_view, 1> kOptions = {"timeout"};
  Strand& strand = Strand::current(L, kTcp);
  const Target target{check_host(L, 1).data(), check_port(L, 2)};
  lua_settop(L, 3);
  const double timeout = Options(L, 3, kTcp, kOptions).seconds("timeout", kMaxTimeout);
  check_net(L, Net::tcp, kTcp);
  check_room(L, strand, kTcp);
  lua::check_can_wait(L, kTcp);
  start_to_host(L, strand, target, nullptr, timeout);
  return lua::wait(L);
}

// virgo.tls.connect(host, port [, options]) -> socket | nil, error
int tls_connect(lua_State* L) {
  static constexpr std::array<std::string_view, 7> kOptions = {
      "server_name", "verify", "ca", "cert", "key", "alpn", "timeout"};
  Strand& strand = Strand::current(L, kTls);
  const Target target{check_host(L, 1).data(), check_port(L, 2)};
  lua_settop(L, 3);
  const Options options(L, 3, kTls, kOptions);
  check_net(L, Net::tcp, kTls);
  TlsChoice& choice = lua::push_reused<TlsChoice>(L, "virgo.tls.choice");
  read_tls_choice(L, options, choice, kTls);
  const double timeout = options.seconds("timeout", kMaxTimeout);
  check_room(L, strand, kTls);
  lua::check_can_wait(L, kTls);
  if (const int results = start_to_host(L, strand, target, &choice, timeout); results > 0)
    return results;
  return lua::wait(L);
}

void start_unix(lua_State* L, Strand& strand, const char* path, std::size_t size, double timeout) {
  net::ConnectOptions options;
  options.path.assign(path, size);
  options.timeout = as_duration(timeout);
  start(L, strand, std::move(options), nullptr, kUnix);
}

// virgo.unix.connect(path [, {timeout = seconds}]) -> socket | nil, error
int unix_connect(lua_State* L) {
  static constexpr std::array<std::string_view, 1> kOptions = {"timeout"};
  Strand& strand = Strand::current(L, kUnix);
  std::size_t size = 0;
  const char* path = luaL_checklstring(L, 1, &size);
  if (size == 0 || size > kMaxPath || path[0] != '/')
    return luaL_argerror(L, 1, "the absolute path of a socket");
  lua_settop(L, 2);
  const double timeout = Options(L, 2, kUnix, kOptions).seconds("timeout", kMaxTimeout);
  check_net(L, Net::unix_domain, kUnix);
  check_room(L, strand, kUnix);
  lua::check_can_wait(L, kUnix);
  start_unix(L, strand, path, size, timeout);
  return lua::wait(L);
}

int open_with_connect(lua_State* L, lua_CFunction connect) {
  const Method functions[] = {{"connect", connect}, {nullptr, nullptr}};
  open_sockets(L);
  return open_functions(L, functions);
}

}  // namespace

int open_tcp(lua_State* L) {
  return open_with_connect(L, tcp_connect);
}
int open_tls(lua_State* L) {
  return open_with_connect(L, tls_connect);
}
int open_unix(lua_State* L) {
  return open_with_connect(L, unix_connect);
}

}  // namespace virgo::binding
