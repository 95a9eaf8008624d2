#include "net/connect.hpp"

#include "base/format.hpp"
#include "base/text.hpp"
#include "crypto/tls_context.hpp"
#include "crypto/tls_session.hpp"
#include "net/handshake.hpp"
#include "uv/resolve.hpp"
#include "uv/tcp.hpp"
#include "uv/timer.hpp"

namespace virgo::net {

struct Connector::State {
  uv::Loop& loop;
  ConnectOptions options;
  Done done;
  uv::Timer timer;
  uv::Timer attempt_timer;  // for one address
  TimePoint deadline;
  std::unique_ptr<uv::Resolver> resolver;
  uv::Resolver::Addresses addresses;
  std::size_t next = 0;
  std::unique_ptr<uv::TcpStream> stream;
  std::unique_ptr<Handshake> handshake;
  const char* stage = "resolving its name";

  State(uv::Loop& l, ConnectOptions o, Done d)
      : loop(l),
        options(std::move(o)),
        done(std::move(d)),
        timer(l,
              [this] {
                fail({Errc::timeout, format("no success within {} (while {})",
                                            format_duration(options.timeout), stage)});
              }),
        attempt_timer(l, [this] {
          try_next({Errc::timeout, "no answer"});
        }) {}

  void start();
  void try_next(const Error& before);
  void connected();
  void fail(const Error& error);
  void give_up();
  void succeed(std::unique_ptr<Connection> connection);
};

void Connector::State::start() {
  timer.start(options.timeout);
  deadline = system_clock().now() + options.timeout;
  resolver = std::make_unique<uv::Resolver>(loop, options.host, options.port,
                                            [this](Result<uv::Resolver::Addresses> found) {
                                              if (!found) {
                                                fail(found.error());
                                                return;
                                              }
                                              addresses = std::move(found).value();
                                              try_next({Errc::not_found, "no address"});
                                            });
}

void Connector::State::try_next(const Error& before) {
  if (next >= addresses.size()) {
    fail(before);
    return;
  }
  stage = "connecting";
  // Each address gets its share of the time: one that swallows packets must not
  // keep us from the next.
  const auto left = static_cast<std::int64_t>(addresses.size() - next);
  attempt_timer.stop();
  if (left > 1) attempt_timer.start((deadline - system_clock().now()) / left);
  const auto* address = reinterpret_cast<const sockaddr*>(&addresses[next++]);
  stream = std::make_unique<uv::TcpStream>(loop);
  stream->connect(address, [this](Result<void> result) {
    if (result)
      connected();
    else
      try_next(result.error());
  });
}

void Connector::State::connected() {
  attempt_timer.stop();
  if (options.tls == nullptr) {
    succeed(std::make_unique<Connection>(std::move(stream), nullptr));
    return;
  }
  stage = "in the TLS handshake";
  auto session =
      options.tls->session(options.server_name.empty() ? options.host : options.server_name);
  if (!session) {
    fail(session.error());
    return;
  }
  handshake = std::make_unique<Handshake>(std::move(stream), std::move(session).value(),
                                          [this](Result<std::unique_ptr<Connection>> result) {
                                            if (result)
                                              succeed(std::move(result).value());
                                            else
                                              fail(result.error());
                                          });
}

void Connector::State::fail(const Error& error) {
  timer.stop();
  attempt_timer.stop();
  if (!done) return;
  const Done call = std::move(done);
  done = nullptr;
  const Error why = error.context(format("{}:{}", options.host, options.port));
  give_up();
  call(why);  // may destroy this
}

// Whoever keeps the Connector after its end does not keep a socket with it.
void Connector::State::give_up() {
  resolver.reset();
  stream.reset();
  handshake.reset();
}

void Connector::State::succeed(std::unique_ptr<Connection> connection) {
  timer.stop();
  if (!done) return;
  const Done call = std::move(done);
  done = nullptr;
  call(std::move(connection));  // may destroy this
}

Connector::Connector(uv::Loop& loop, ConnectOptions options, Done done)
    : state_(std::make_unique<State>(loop, std::move(options), std::move(done))) {
  state_->start();
}

Connector::~Connector() = default;

}  // namespace virgo::net
