#include "net/listener.hpp"

#include <map>

#include "base/format.hpp"
#include "base/text.hpp"
#include "crypto/tls_context.hpp"
#include "crypto/tls_session.hpp"
#include "net/handshake.hpp"
#include "uv/pipe.hpp"
#include "uv/tcp.hpp"
#include "uv/timer.hpp"

namespace virgo::net {

// Shared with the callbacks of handshakes under way, which may outlast the
// Listener by the rest of a callback.
struct Listener::State : std::enable_shared_from_this<Listener::State> {
  struct Pending {
    std::unique_ptr<Handshake> handshake;
    std::unique_ptr<uv::Timer> timer;
  };

  uv::Loop& loop;
  ListenOptions options;
  Handlers handlers;
  std::unique_ptr<uv::StreamServer> server;
  std::uint16_t port = 0;
  std::map<std::uint64_t, Pending> pending;
  std::uint64_t next_id = 0;

  State(uv::Loop& l, ListenOptions o, Handlers h)
      : loop(l), options(std::move(o)), handlers(std::move(h)) {}

  Result<void> listen();
  void accepted(std::unique_ptr<uv::Stream> stream);
  void shake_hands(std::unique_ptr<uv::Stream> stream);
  void refuse(const std::string& peer, const Error& error) {
    if (handlers.refused) handlers.refused(peer, error);
  }
};

void Listener::State::accepted(std::unique_ptr<uv::Stream> stream) {
  const auto keep = shared_from_this();  // a handler may destroy the Listener
  if (options.tls == nullptr) {
    handlers.accepted(std::make_unique<Connection>(std::move(stream), nullptr));
  } else if (pending.size() >= options.max_handshakes) {
    refuse(stream->peer_name(),
           {Errc::limit,
            format("{} TLS handshakes are under way, which is the limit", options.max_handshakes)});
  } else {
    shake_hands(std::move(stream));
  }
}

void Listener::State::shake_hands(std::unique_ptr<uv::Stream> stream) {
  const std::string peer = stream->peer_name();
  auto session = options.tls->session();
  if (!session) {
    refuse(peer, session.error());
    return;
  }
  const std::uint64_t id = next_id++;
  Pending& p = pending[id];
  p.timer = std::make_unique<uv::Timer>(loop, [this, id] {
    const auto it = pending.find(id);
    if (it == pending.end()) return;
    it->second.handshake->abort(
        {Errc::timeout,
         format("no TLS handshake within {}", format_duration(options.handshake_timeout))});
  });
  p.timer->start(options.handshake_timeout);
  p.handshake = std::make_unique<Handshake>(
      std::move(stream), std::move(session).value(),
      [this, id, peer](Result<std::unique_ptr<Connection>> result) {
        const auto keep = shared_from_this();
        const auto node = pending.extract(id);  // destroys the handshake at the end
        if (result)
          handlers.accepted(std::move(result).value());
        else
          refuse(peer, result.error());
      });
}

Result<std::unique_ptr<Listener>> Listener::open(uv::Loop& loop, ListenOptions options,
                                                 Handlers handlers) {
  auto state = std::make_shared<State>(loop, std::move(options), std::move(handlers));
  if (const auto listening = state->listen(); !listening) return listening.error();
  return std::unique_ptr<Listener>(new Listener(std::move(state)));
}

Result<void> Listener::State::listen() {
  auto on_stream = [this](Result<std::unique_ptr<uv::Stream>> stream) {
    if (stream)
      accepted(std::move(stream).value());
    else
      shared_from_this()->refuse("?", stream.error());
  };
  if (!options.path.empty()) {
    auto pipe = std::make_unique<uv::PipeServer>(loop, std::move(on_stream));
    const auto listening = pipe->listen(options.path, options.mode, options.backlog);
    server = std::move(pipe);
    return listening;
  }
  auto tcp = std::make_unique<uv::TcpServer>(loop, std::move(on_stream));
  const auto listening = tcp->listen(options.host, options.port,
                                     {options.backlog, options.reuse_port, options.ipv6_only});
  port = tcp->port();
  server = std::move(tcp);
  return listening;
}

Listener::Listener(std::shared_ptr<State> state) : state_(std::move(state)) {}

Listener::~Listener() {
  state_->server.reset();
  state_->pending.clear();
}

std::uint16_t Listener::port() const {
  return state_->port;
}
std::string Listener::address() const {
  return state_->server->local_name();
}

}  // namespace virgo::net
