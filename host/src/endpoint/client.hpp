// Keeps one link to an endpoint alive: connects, hands the link to the
// conversation, and when it ends, waits (see backoff.hpp) and connects again,
// for ever. The back-off starts anew only after the endpoint has accepted the
// agent (Link::set_ready). Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "endpoint/backoff.hpp"
#include "endpoint/link.hpp"
#include "net/connect.hpp"
#include "uv/loop.hpp"
#include "uv/timer.hpp"

namespace virgo::endpoint {

struct ClientOptions {
  net::ConnectOptions connect;
  Names names;  // the agent's id, and "endpoint"
  Duration backoff_min = std::chrono::seconds(1);
  Duration backoff_max = std::chrono::minutes(2);
};

class Client {
 public:
  // `conversation` outlives the client.
  Client(uv::Loop& loop, ClientOptions options, Conversation& conversation);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void start();
  // A link is up and the endpoint has accepted us.
  bool ready() const { return link_ != nullptr && link_->ready() && !link_->closed(); }
  // Why the last attempt to connect, or the last connection, ended; "" while ready().
  std::string trouble() const { return ready() ? std::string() : trouble_; }
  // Closes the link and stops connecting. `done` is called from the loop when
  // nothing is open any more: what was sent before has gone out, or 2 s were not
  // enough for it. Once.
  void stop(std::function<void()> done);

 private:
  void connect();
  void connected(Result<std::unique_ptr<net::Connection>> result);
  void ended(const Error& why);
  void retry(const Error& why);

  uv::Loop& loop_;
  const ClientOptions options_;
  Conversation& conversation_;
  Backoff backoff_;
  uv::Timer retry_timer_;
  std::unique_ptr<net::Connector> connector_;
  std::unique_ptr<Link> link_;
  std::string trouble_;
  std::function<void()> stopped_;
  bool stopping_ = false;
};

}  // namespace virgo::endpoint
