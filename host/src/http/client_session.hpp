// The client's side of one HTTP/1.1 connection as a codec: see ServerSession for the
// way it is driven. One request at a time; the next one when reusable(). Not
// thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/body_writer.hpp"
#include "http/limits.hpp"
#include "http/message.hpp"
#include "http/message_reader.hpp"

namespace virgo::http {

class ClientSession {
 public:
  // Called from inside feed() and end_of_stream(). May call every function of the session
  // but these two; must not destroy it (abort() ends the calls).
  class Handler {
   public:
    // 1xx other than 101, before the response; lasts for the call.
    virtual void on_informational(const ResponseHead& head) = 0;
    // The final response, or 101. The head lasts until the next request. `body_complete`:
    // `body` (for the call) is all of it, and neither function below follows. If
    // upgraded() holds now, HTTP ends here: the rest is in take_rest() after feed().
    virtual void on_response(const ResponseHead& head, bool body_complete,
                             std::string_view body) = 0;
    // The next piece, never empty, for the duration of the call.
    virtual void on_body(std::string_view bytes) = 0;
    // The trailers last until the next request.
    virtual void on_body_end(const HeaderList& trailers) = 0;
    // Called once, nothing follows: the connection must be closed, a response that had not
    // ended does not end. May come after a response, if there are bytes behind it.
    // Errc::invalid (no valid HTTP), limit (of Limits), closed (the server ended the
    // connection too early).
    virtual void on_error(const Error& error) = 0;

   protected:
    ~Handler() = default;
  };

  struct Request {
    std::string_view method = "GET";  // any token
    // "/path?query", with CONNECT "host:port", through a proxy "http://host/path", with
    // OPTIONS also "*".
    std::string_view target = "/";
    // Becomes the Host field, the first one, unless `headers` have one.
    std::string_view host;
    std::span<const Header> headers;
    // False: "Connection: close" is added, and the connection is not reused.
    bool keep_alive = true;
  };

  // `limits` must outlive the session.
  ClientSession(const Limits& limits, Handler& handler);
  ClientSession(const ClientSession&) = delete;
  ClientSession& operator=(const ClientSession&) = delete;

  // ---- one request; each appends to output()

  // Head and body in one buffer. Adds Content-Length if there is a body, or the method
  // usually has one (POST, PUT, PATCH); one among the headers must be right.
  //
  // Errors of this and the functions below: Errc::invalid (method, target, host, header)
  // with nothing written; Errc::closed when the connection cannot take a request;
  // Errc::failed in the wrong order.
  Result<void> request(const Request& request, std::string_view body);
  // In pieces: Content-Length among the headers, or else chunked. With GET, HEAD, DELETE,
  // OPTIONS, TRACE and CONNECT there is no body unless the headers announce one:
  // write_body() is Errc::invalid then.
  Result<void> write_head(const Request& request);
  // More than the Content-Length: Errc::invalid, the surplus is not sent, and the
  // connection is lost.
  Result<void> write_body(std::string_view bytes);
  // Trailers are sent if the body is chunked, else dropped. Less than the Content-Length:
  // Errc::invalid, and the connection is lost.
  Result<void> finish(std::span<const Header> trailers = {});

  // Bytes to send, until the next call of a function that is not const.
  std::string_view output() const { return output_; }
  void clear_output();

  // ---- the response

  // Takes all of `bytes`. Bytes without a request are an error: they might be taken for
  // the response to the next one. Ignored after abort() and an error; after an upgrade
  // they are added to take_rest().
  void feed(std::string_view bytes);
  // The server sends no more: ends a body without length; an error within a response or
  // before it. Between requests it only ends reusable().
  void end_of_stream();

  // A request has been begun and its response has not ended.
  bool busy() const { return in_request_; }
  // The response ended, the request was sent whole, both sides want to keep the
  // connection: another request may follow. True before the first one, too.
  bool reusable() const { return !in_request_ && !lost_ && !upgraded_; }

  // HTTP has ended with 101 or 2xx to CONNECT: the caller reads and writes for itself.
  bool upgraded() const { return upgraded_; }
  // The bytes that came behind the response that upgraded.
  std::string take_rest();

  // Nothing is called any more, the connection is lost.
  void abort();

 private:
  void run(std::string_view bytes);
  void hand_out(std::string_view& bytes);
  void hand_out_informational(std::string_view& bytes);
  void end_response(bool bytes_follow);
  void fail(Error error);
  void fail(const Refusal& refusal);
  Result<void> begin(const Request& request, const std::string_view* body);

  const Limits& limits_;
  Handler& handler_;
  MessageReader reader_;
  BodyWriter writer_;
  std::string output_;
  std::string rest_;
  unsigned informational_ = 0;
  bool in_request_ = false;   // its response has not ended
  bool request_sent_ = true;  // whole
  bool upgrade_asked_ = false;
  bool connect_asked_ = false;
  bool keep_alive_ = true;  // as the request says
  bool lost_ = false;       // takes no further request
  bool surplus_ = false;    // there were bytes behind a response that ends
  bool dead_ = false;       // on_error() was called, or abort()
  bool upgraded_ = false;
};

}  // namespace virgo::http
