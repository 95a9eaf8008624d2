#include "net/http_server.hpp"

#include <algorithm>

#include "base/format.hpp"

namespace virgo::net {

HttpServer::HttpServer(uv::Loop& loop, HttpServerOptions options, HttpHandler& handler)
    : loop_(loop),
      options_(options),
      handler_(handler),
      deadlines_(loop,
                 {options.timeouts.head, options.timeouts.idle, options.timeouts.body,
                  options.timeouts.write, options.timeouts.response},
                 [](Deadlines::Entry& entry, std::size_t kind) {
                   HttpConnection::of(entry).expired(kind);
                 }) {
  session_options_.limits = options.limits;
  session_options_.date = options.send_date ? &date_ : nullptr;
  session_options_.max_requests = options.max_requests;
}

HttpServer::~HttpServer() {
  *alive_ = false;
}

Result<void> HttpServer::listen(ListenOptions options) {
  auto opened =
      Listener::open(loop_, std::move(options),
                     {.accepted = [this](std::unique_ptr<Connection> c) { accepted(std::move(c)); },
                      .refused = [this](const std::string& peer,
                                        const Error& why) { handler_.on_rejected(peer, why); }});
  if (!opened) return opened.error();
  listeners_.push_back(std::move(opened).value());
  return {};
}

std::uint16_t HttpServer::port() const {
  return listeners_.empty() ? 0 : listeners_.back()->port();
}
std::string HttpServer::address() const {
  return listeners_.empty() ? "" : listeners_.back()->address();
}

void HttpServer::accepted(std::unique_ptr<Connection> connection) {
  if (options_.max_connections == 0 || connections_.size() < options_.max_connections) {
    adopt(http_transport(std::move(connection)));
    return;
  }
  handler_.on_rejected(
      connection->peer(),
      {Errc::limit, format("{} connections are open, which is the limit", connections_.size())});
}

HttpConnection& HttpServer::adopt(std::unique_ptr<HttpTransport> transport) {
  connections_.emplace_back(*this, std::move(transport));
  HttpConnection& connection = connections_.back();
  connection.self_ = std::prev(connections_.end());
  connection.transport_->set_receiver(connection);
  if (closing_) connection.begin_closing();
  return connection;
}

void HttpServer::close(std::function<void()> closed) {
  if (closed) closed_.push_back(std::move(closed));
  closing_ = true;
  listeners_.clear();
  for (HttpConnection& connection : connections_) connection.begin_closing();
  tell_closed_if_empty();
}

void HttpServer::abort_all() {
  for (HttpConnection& connection : connections_) connection.abort();
}

// From the loop, where whoever is told may destroy the server.
void HttpServer::tell_closed_if_empty() {
  if (!closing_ || !connections_.empty() || closed_.empty()) return;
  loop_.post([closed = std::move(closed_)] {
    for (const auto& tell : closed) tell();
  });
  closed_.clear();
}

void HttpServer::settle_later(HttpConnection& connection) {
  if (connection.settle_due_) return;
  connection.settle_due_ = true;
  due_.push_back(&connection);
  if (due_.size() > 1) return;
  loop_.post([this, alive = alive_] {
    if (*alive) settle_due();
  });
}

void HttpServer::settle_due() {
  // A connection that ends meanwhile takes itself out.
  while (!due_.empty()) {
    HttpConnection* connection = due_.back();
    due_.pop_back();
    connection->settle_due_ = false;
    connection->settle();
  }
}

HttpServer::Connections HttpServer::take_out(HttpConnection& connection) {
  if (connection.settle_due_) due_.erase(std::find(due_.begin(), due_.end(), &connection));
  Connections out;
  out.splice(out.begin(), connections_, connection.self_);
  return out;
}

void HttpServer::drop(HttpConnection& connection) {
  Connections gone = take_out(connection);
  deadlines_.stop(connection);
  const Error why =
      connection.why_ ? *connection.why_ : Error{Errc::closed, "the connection was closed"};
  handler_.on_closed(connection, why);
  gone.clear();
  tell_closed_if_empty();
}

void HttpServer::pass_on(HttpConnection& connection, std::string rest) {
  const Connections gone = take_out(connection);
  handler_.on_upgrade(connection, std::move(connection.transport_), std::move(rest));
  tell_closed_if_empty();
}

}  // namespace virgo::net
