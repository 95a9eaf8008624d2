// The server's side of one HTTP/1.1 connection as a codec: bytes in, events and bytes
// out; sockets, TLS and time-outs belong to the caller. Not thread-safe.
//
//   session.feed(bytes);                      // calls the handler, which may respond
//   connection.write(session.output()); session.clear_output();
//   if (session.upgraded()) ... session.take_rest() ...
//   else if (session.wants_close()) close when written, else pause unless wants_input()
//
// Requests are handed out one at a time and in order. Those that came meanwhile
// (pipelined) wait inside as bytes; wants_input() is false then, so that no more than
// one feed() is ever held back. A request is over when its body has been read and its
// response is finished; if that happens inside feed(), the next one follows there, so
// that the responses to a batch leave in one output(). If it happens later, call
// proceed().
//
// Memory between requests: what the buffers grew to, at most 4 KiB each.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/body_writer.hpp"
#include "http/date.hpp"
#include "http/limits.hpp"
#include "http/message.hpp"
#include "http/message_reader.hpp"

namespace virgo::http {

// One for all sessions of a server; must outlive them.
struct ServerOptions {
  Limits limits;
  // Responses get a Date from it; null: they get none.
  DateCache* date = nullptr;
  // Requests on one connection, the last is answered with Connection: close; 0: no bound.
  unsigned max_requests = 0;
  // "100 Continue" is written by itself when on_request() has returned without beginning
  // a response; otherwise the handler calls write_continue().
  bool auto_continue = true;
  // Bytes of a body that are still read (and handed out) after the response is finished,
  // for the sake of the next request. Beyond, the connection closes.
  std::uint64_t max_late_body = std::uint64_t{256} * 1024;
};

class ServerSession {
 public:
  // Called from inside feed(), proceed() and end_of_stream(). May call every function of
  // the session but these three; must not destroy it (abort() ends the calls).
  class Handler {
   public:
    // The head is complete; it lasts until the request is over. `body_complete`: `body`
    // is all of it (empty if there is none), and neither function below follows. `body`
    // lasts for the call.
    virtual void on_request(const RequestHead& head, bool body_complete, std::string_view body) = 0;
    // The next piece, never empty, for the duration of the call. Comes also after the
    // response is finished.
    virtual void on_body(std::string_view bytes) = 0;
    // The trailers last until the request is over.
    virtual void on_body_end(const HeaderList& trailers) = 0;
    // What came is not accepted and nothing follows. If no response had begun, the one
    // with refusal.status is in output() already; a request that had been handed out is
    // over, its further writes fail. The connection closes.
    virtual void on_refused(const Refusal& refusal) = 0;

   protected:
    ~Handler() = default;
  };

  ServerSession(const ServerOptions& options, Handler& handler);
  ServerSession(const ServerSession&) = delete;
  ServerSession& operator=(const ServerSession&) = delete;

  // ---- the way in

  // Takes all of `bytes`. Ignored after abort(), wants_close() and refusals; after an
  // upgrade they are added to take_rest().
  void feed(std::string_view bytes);
  // The peer sends no more. Requests that came are still handed out and answered, then
  // wants_close(); half a body is refused (400), half a head ends quietly.
  void end_of_stream();
  // Goes on with what waits, after a response was finished outside of feed(). Harmless
  // at any time but inside the handler.
  void proceed();
  // While held no further request is handed out, until proceed(): what came waits. For a
  // client that sends requests faster than it reads the responses.
  void hold(bool held) { held_ = held; }
  // False: stop reading, feed() would only pile up.
  bool wants_input() const;

  // ---- the way out

  // Bytes to send, until the next call of a function that is not const.
  std::string_view output() const { return output_; }
  void clear_output();
  // When output() is sent the connection is to be closed: first the sending side, then
  // (the peer having closed too, or some time later) the rest, lest a reset destroys the
  // response on its way.
  bool wants_close() const { return closing_ && !in_response(); }

  // ---- one request

  // The whole response, head and body in one buffer. Status 200 to 599. Adds Date,
  // Content-Length, Connection unless they are among `headers`; a Content-Length there
  // must be right. To HEAD, and with 204 and 304, the body is not sent. To CONNECT 2xx is
  // Errc::invalid, see accept_upgrade().
  //
  // Errors of this and the functions below: Errc::invalid (status, reason, header) with
  // nothing written, so that another response may follow; Errc::closed when there is no
  // request that waits for a response; Errc::failed in the wrong order.
  Result<void> respond(int status, std::string_view reason, std::span<const Header> headers,
                       std::string_view body);

  // The same but for a large body, which is not copied: the caller is to send `unsent`
  // right behind output(). It is `body`, or "" when output() has all.
  Result<void> respond_apart(int status, std::string_view reason, std::span<const Header> headers,
                             std::string_view body, std::string_view* unsent);

  // In pieces. The framing follows `headers`: Content-Length, or else chunked, or else
  // (HTTP/1.0) the end of the connection. "Transfer-Encoding: chunked" may be given; any
  // other coding is Errc::invalid.
  Result<void> write_head(int status, std::string_view reason, std::span<const Header> headers);
  // More than the Content-Length: Errc::invalid, the surplus is not sent, and the
  // connection closes. Where no body is sent the bytes are dropped.
  Result<void> write_body(std::string_view bytes);
  // Trailers are sent if the body is chunked, else dropped; what may not be a trailer is
  // Errc::invalid. Less than the Content-Length: Errc::invalid, and the connection closes,
  // by which the client learns of it; the response is over.
  Result<void> finish(std::span<const Header> trailers = {});

  // 102, 103 and the like (not 101), before the response; nothing to HTTP/1.0.
  Result<void> write_informational(int status, std::span<const Header> headers);
  // "100 Continue" if the client waits for it and nothing has been said yet; else nothing.
  Result<void> write_continue();

  // The response to come gets no Date.
  void omit_date() { omit_date_ = true; }

  // Ends HTTP on this connection: to CONNECT with 200, otherwise with 101, for which
  // `headers` name the protocol (Upgrade); Connection: Upgrade is added. Only for a request
  // with head.upgrade or of CONNECT whose body has come. Then the caller writes for itself.
  Result<void> accept_upgrade(std::span<const Header> headers);
  bool upgraded() const { return upgraded_; }
  // Ends HTTP without a word: the caller answers the request, for itself.
  Result<void> hand_over();
  // The bytes that came behind the request that was upgraded.
  std::string take_rest();

  // A request has been handed out and its response is not finished.
  bool in_response() const { return phase_ != Phase::none && phase_ != Phase::finished; }
  // Its head has been written.
  bool response_begun() const { return phase_ == Phase::body; }

  // ---- the connection

  // Between requests with nothing waiting: may be closed without loss.
  bool idle() const { return !in_request_ && reader_.idle() && !has_waiting(); }
  // A head has begun to arrive and is not complete, or a body: for time-outs.
  bool in_head() const { return !in_request_ && reader_.in_head(); }
  bool in_body() const { return in_request_ && !body_read_; }
  // Requests handed out so far.
  unsigned requests() const { return requests_; }
  // The response being made, or the next one, is the last. When idle: wants_close().
  void close_after_response();
  // Nothing is called and written any more; wants_close().
  void abort();

 private:
  bool has_waiting() const { return waiting_from_ < waiting_.size(); }

  // Of the response to the request handed out.
  enum class Phase : std::uint8_t { none, waiting, body, finished };
  struct Plan;

  void run(std::string_view bytes);
  void go_on(std::string_view& bytes);
  void keep(std::string_view rest);
  void at_end_of_stream();
  void hand_out(std::string_view& bytes);
  void take_body(std::string_view piece);
  void end_body();
  void settle();
  void refuse(const Refusal& refusal);
  Result<void> check_turn(const char* what) const;
  Result<Plan> plan(int status, std::span<const Header> headers, const std::string_view* body);
  bool closes_after(const Plan& plan) const;
  Result<void> write_start(const Plan& plan, int status, std::string_view reason,
                           std::span<const Header> headers);

  const ServerOptions& options_;
  Handler& handler_;
  MessageReader reader_;
  BodyWriter writer_;
  std::string output_;
  std::string waiting_;           // bytes fed that were not looked at yet, and before them
  std::size_t waiting_from_ = 0;  // as many that were
  std::uint64_t late_body_ = 0;   // bytes of body since the response was finished
  unsigned requests_ = 0;
  Phase phase_ = Phase::none;
  bool in_request_ = false;
  bool body_read_ = false;
  bool continue_due_ = false;  // the client waits for 100 Continue
  bool running_ = false;
  bool closing_ = false;  // after the response, if there is one to be made
  bool dead_ = false;     // refused or aborted
  bool ended_ = false;    // the peer sends no more
  bool upgraded_ = false;
  bool held_ = false;
  bool omit_date_ = false;
};

}  // namespace virgo::http
