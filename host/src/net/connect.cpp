#include "net/connect.hpp"

#include <utility>

#include "base/format.hpp"
#include "base/text.hpp"
#include "crypto/tls_context.hpp"
#include "crypto/tls_session.hpp"
#include "net/handshake.hpp"
#include "net/race.hpp"
#include "uv/pipe.hpp"
#include "uv/resolve.hpp"
#include "uv/timer.hpp"

namespace virgo::net {

struct Connector::State {
  uv::Loop& loop;
  ConnectOptions options;
  Done done;
  uv::Timer timer;
  std::unique_ptr<uv::Resolver> resolver;
  std::unique_ptr<Race> race;
  std::unique_ptr<uv::PipeStream> pipe;
  std::unique_ptr<Handshake> handshake;
  const char* stage = "resolving its name";
  ConnectTimes times;
  TimePoint began = system_clock().now();  // the step that is under way

  State(uv::Loop& l, ConnectOptions o, Done d)
      : loop(l), options(std::move(o)), done(std::move(d)), timer(l, [this] {
          fail({Errc::timeout, format("no success within {} (while {})",
                                      format_duration(options.timeout), stage)});
        }) {}

  void start();
  // The step ends, whose length is kept in `length`; the next begins.
  void next_step(Duration& length) {
    const TimePoint now = system_clock().now();
    length = now - std::exchange(began, now);
  }
  void connect_pipe();
  void connect_to(uv::Resolver::Addresses addresses);
  void connected(std::unique_ptr<uv::Stream> stream);
  std::string target() const;
  void fail(const Error& error);
  void give_up();
  void succeed(std::unique_ptr<Connection> connection);
};

void Connector::State::start() {
  timer.start(options.timeout);
  if (!options.path.empty()) {
    connect_pipe();
    return;
  }
  resolver = std::make_unique<uv::Resolver>(loop, options.host, options.port,
                                            [this](Result<uv::Resolver::Addresses> found) {
                                              if (found)
                                                connect_to(std::move(found).value());
                                              else
                                                fail(found.error());
                                            });
}

void Connector::State::connect_pipe() {
  stage = "connecting";
  pipe = std::make_unique<uv::PipeStream>(loop);
  pipe->connect(options.path, [this](const Result<void>& result) {
    if (result)
      connected(std::move(pipe));
    else
      fail(result.error());
  });
}

void Connector::State::connect_to(uv::Resolver::Addresses addresses) {
  next_step(times.resolve);
  stage = "connecting";
  race = std::make_unique<Race>(loop, std::move(addresses), options.stagger,
                                [this](Result<std::unique_ptr<uv::Stream>> stream) {
                                  if (stream)
                                    connected(std::move(stream).value());
                                  else
                                    fail(stream.error());
                                });
}

void Connector::State::connected(std::unique_ptr<uv::Stream> stream) {
  next_step(times.connect);
  if (options.tls == nullptr) {
    succeed(std::make_unique<Connection>(std::move(stream), nullptr));
    return;
  }
  stage = "in the TLS handshake";
  auto session = options.tls->session(
      options.server_name.empty() ? options.host : options.server_name, options.port);
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

std::string Connector::State::target() const {
  if (!options.path.empty()) return "unix:" + options.path;
  return format("{}:{}", options.host, options.port);
}

void Connector::State::fail(const Error& error) {
  timer.stop();
  if (!done) return;
  const Done call = std::move(done);
  done = nullptr;
  const Error why = error.context(target());
  give_up();
  call(why);  // may destroy this
}

// Whoever keeps the Connector after its end does not keep a socket with it.
void Connector::State::give_up() {
  resolver.reset();
  race.reset();
  pipe.reset();
  handshake.reset();
}

void Connector::State::succeed(std::unique_ptr<Connection> connection) {
  timer.stop();
  if (!done) return;
  if (options.tls != nullptr) next_step(times.tls);
  const Done call = std::move(done);
  done = nullptr;
  call(std::move(connection));  // may destroy this
}

Connector::Connector(uv::Loop& loop, ConnectOptions options, Done done)
    : state_(std::make_unique<State>(loop, std::move(options), std::move(done))) {
  state_->start();
}

Connector::~Connector() = default;

const ConnectTimes& Connector::times() const {
  return state_->times;
}
const char* Connector::stage() const {
  return state_->stage;
}

}  // namespace virgo::net
