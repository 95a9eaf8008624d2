// One connection of an HttpServer, and the request it is at: what HttpHandler answers by.
// Loop thread only.
//
// A request is answered by respond(), or by write_head(), write_body()..., finish(). The
// functions fail with Errc::closed when there is no request to answer (any more), with
// Errc::invalid when a status or header cannot be sent (nothing is written then), with
// Errc::failed in the wrong order; see http::ServerSession, which does the work.
//
// The connection lasts until HttpHandler::on_closed() or on_upgrade().
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/server_session.hpp"
#include "net/deadlines.hpp"
#include "net/http_transport.hpp"

namespace virgo::net {

class HttpServer;

class HttpConnection final : private http::ServerSession::Handler,
                             private HttpTransport::Receiver,
                             private Deadlines::Entry {
 public:
  // Kinds of Deadlines.
  enum Wait : std::size_t { kHead, kIdle, kBody, kWrite, kResponse };

  HttpConnection(HttpServer& server, std::unique_ptr<HttpTransport> transport);
  ~HttpConnection() = default;
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  // ---- the response

  Result<void> respond(int status, std::string_view reason, std::span<const http::Header> headers,
                       std::string_view body);
  Result<void> write_head(int status, std::string_view reason,
                          std::span<const http::Header> headers, std::string_view body = {});
  Result<void> write_body(std::string_view bytes);
  Result<void> finish(std::span<const http::Header> trailers = {}, std::string_view body = {});
  Result<void> write_informational(int status, std::span<const http::Header> headers);
  Result<void> write_continue();
  // The response to come has no Date.
  void omit_date();
  // The response to come is the last one.
  void close_after_response();
  // More waits to be sent than is good: write on after HttpHandler::on_drain().
  bool congested();
  // Everything given is with the system.
  bool written() const;

  // 101 and what goes on with it; then on_upgrade() is called.
  Result<void> accept_upgrade(std::span<const http::Header> headers);
  // The same without a word to the peer.
  Result<void> hand_over();

  // ---- the request

  // Counts from 1; requests are handed out one at a time.
  unsigned request_number() const { return session_.requests(); }
  // It waits for its response, or for the response's end.
  bool in_response() const { return session_.in_response(); }
  bool response_begun() const { return session_.response_begun(); }
  // Not all of its body has come.
  bool in_body() const { return session_.in_body(); }
  // Back-pressure: at most what has been read already is still handed out.
  void pause_body();
  void resume_body();

  // ---- the connection

  std::string peer() const { return transport_->peer(); }
  std::string local() const { return transport_->local(); }
  std::string protocol() const { return transport_->protocol(); }
  HttpTransport& transport() { return *transport_; }
  // Breaks it off; on_closed() follows from the loop.
  void abort();

  // For the handler's use.
  void set_user(void* user) { user_ = user; }
  void* user() const { return user_; }

 private:
  friend class HttpServer;

  void on_request(const http::RequestHead& head, bool body_complete,
                  std::string_view body) override;
  void on_body(std::string_view bytes) override;
  void on_body_end(const http::HeaderList& trailers) override;
  void on_refused(const http::Refusal& refusal) override;
  void on_input(std::string_view bytes) override;
  void on_input_end() override;
  void on_lost(const Error& why) override;
  void on_written() override;

  // The deadline of what entry() is part of has passed.
  static HttpConnection& of(Deadlines::Entry& entry) { return static_cast<HttpConnection&>(entry); }
  void expired(std::size_t kind);
  void begin_closing();

  Result<void> written_outside(Result<void> result);
  void flush();
  void settle();
  void settle_quietly();
  void update_reading();
  void update_deadline();
  std::size_t awaited() const;
  void refuse_late(int status, const char* why);

  HttpServer& server_;
  std::list<HttpConnection>::iterator self_;  // among the server's
  std::unique_ptr<HttpTransport> transport_;
  http::ServerSession session_;
  void* user_ = nullptr;
  std::unique_ptr<Error> why_;       // what on_closed() will say
  std::size_t queued_at_start_ = 0;  // of Wait::kWrite
  unsigned awaited_request_ = 0;     // the request the deadline belongs to
  bool inside_ = false;              // a call from below: settle() follows
  bool paused_ = false;              // by the handler
  bool reading_ = true;
  bool input_ended_ = false;
  bool drain_due_ = false;
  bool lost_ = false;
  bool settle_due_ = false;  // posted by the server
};

}  // namespace virgo::net
