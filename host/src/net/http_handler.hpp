// What the user of an HttpServer implements. Loop thread only.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/headers.hpp"
#include "http/message.hpp"

namespace virgo::net {

class HttpConnection;
class HttpTransport;

// Called from the loop. May call every function of the connection, answer at once or at
// any time later, and close the server; must not destroy the server.
class HttpHandler {
 public:
  // A request's head is complete; it lasts until the request is over. `complete`: `body`
  // is all of it, and lasts for the call. Otherwise the two below follow.
  virtual void on_request(HttpConnection& connection, const http::RequestHead& head, bool complete,
                          std::string_view body) = 0;
  // The next piece, never empty, for the call. Also after the response, until the request
  // is over.
  virtual void on_body(HttpConnection& /*connection*/, std::string_view /*bytes*/) {}
  virtual void on_body_end(HttpConnection& /*connection*/, const http::HeaderList& /*trailers*/) {}
  // Everything written is out, after congested() was true.
  virtual void on_drain(HttpConnection& /*connection*/) {}
  // accept_upgrade() or hand_over(): HTTP has ended, the caller goes on with the bytes
  // below; `rest` came already. The HttpConnection is gone when this returns.
  virtual void on_upgrade(HttpConnection& /*connection*/,
                          std::unique_ptr<HttpTransport> /*transport*/, std::string /*rest*/) {}
  // The connection is over, and gone when this returns; with it a request that was not
  // answered. Errc::timeout, limit and invalid say what the peer did; closed is its end
  // or ours. Called once for each connection that on_request() was called for, and for
  // those refused before.
  virtual void on_closed(HttpConnection& /*connection*/, const Error& /*why*/) {}
  // A connection that was not accepted: TLS failed, or a limit was reached.
  virtual void on_rejected(const std::string& /*peer*/, const Error& /*why*/) {}

 protected:
  ~HttpHandler() = default;
};

}  // namespace virgo::net
