// An HTTP/1.1 server on the loop: listeners, connections, limits and time-outs round
// http::ServerSession. Loop thread only.
//
//   HttpServer server(loop, {}, handler);
//   auto listening = server.listen({.host = "127.0.0.1", .port = 8080});
//
// Keep-alive, pipelining, chunked bodies, 100-continue and Date are seen to; a response
// leaves in one write, and if it can at once. A connection between two requests costs
// about 2 KiB of ours (TLS: what OpenSSL takes beside).
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "http/date.hpp"
#include "http/limits.hpp"
#include "http/server_session.hpp"
#include "net/deadlines.hpp"
#include "net/http_connection.hpp"
#include "net/http_handler.hpp"
#include "net/listener.hpp"

namespace virgo::net {

// 0 = for ever.
struct HttpTimeouts {
  // From the first byte of a request's head to the last; from the connection's beginning
  // for the first one. Then 408.
  Duration head = std::chrono::seconds(10);
  // Between two requests.
  Duration idle = std::chrono::seconds(5);
  // Without a byte of a body that is wanted. Then 408.
  Duration body = std::chrono::seconds(60);
  // Without a byte of ours taken by the client.
  Duration write = std::chrono::seconds(60);
  // From the end of a request to the beginning of its response. Then 503.
  Duration response = std::chrono::minutes(5);
};

struct HttpServerOptions {
  http::Limits limits;
  HttpTimeouts timeouts;
  // Further ones are closed at once; 0 = no bound but the system's.
  std::size_t max_connections = 0;
  // On one connection; 0 = no bound.
  unsigned max_requests = 0;
  bool send_date = true;
  // HttpConnection::congested() beyond.
  std::size_t high_water = std::size_t{64} * 1024;
  // From a client that leaves this much unread nothing is read.
  std::size_t max_unread_output = std::size_t{256} * 1024;
};

class HttpServer {
 public:
  // `handler` must outlive the server.
  HttpServer(uv::Loop& loop, HttpServerOptions options, HttpHandler& handler);
  // Breaks off what is left, without a word to the handler. Not from inside it.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // May be called for several addresses.
  Result<void> listen(ListenOptions options);
  // Of the last one; 0 and "" before.
  std::uint16_t port() const;
  std::string address() const;

  // Serves a connection that came another way. It belongs to the server.
  HttpConnection& adopt(std::unique_ptr<HttpTransport> transport);

  // Stops listening; what runs is answered, idle connections are closed; then calls
  // `closed`, from the loop, also if the server is destroyed before; it may destroy the
  // server. Called again it adds a further `closed`.
  void close(std::function<void()> closed);
  // Breaks off all connections; on_closed() follows from the loop for each.
  void abort_all();

  std::size_t connections() const { return connections_.size(); }
  uv::Loop& loop() const { return loop_; }

 private:
  friend class HttpConnection;
  using Connections = std::list<HttpConnection>;

  void accepted(std::unique_ptr<Connection> connection);
  void settle_later(HttpConnection& connection);
  void settle_due();
  // Both end `connection`.
  void drop(HttpConnection& connection);
  void pass_on(HttpConnection& connection, std::string rest);
  Connections take_out(HttpConnection& connection);
  void tell_closed_if_empty();

  uv::Loop& loop_;
  HttpServerOptions options_;
  HttpHandler& handler_;
  http::DateCache date_;
  http::ServerOptions session_options_;
  Deadlines deadlines_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  Connections connections_;
  std::vector<HttpConnection*> due_;  // for settle_due(), which is posted when not empty
  std::vector<std::function<void()>> closed_;
  bool closing_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace virgo::net
