#include "net/http_connection.hpp"

#include "base/format.hpp"
#include "base/text.hpp"
#include "http/message_writer.hpp"
#include "net/http_server.hpp"

// Whatever happens, from below (bytes, end, written, deadline) or from the handler (a
// response), ends in settle(): what was produced is sent, then the state of the session
// says what follows: upgrade, close, read or not, and which deadline holds. Only settle()
// destroys the connection, and only the loop calls it; a response from elsewhere (a timer
// of the handler's) does the harmless half at once and has the rest posted.

namespace virgo::net {
namespace {

// A body up to this size is sent out of one buffer with its head.
constexpr std::size_t kCopied = std::size_t{16} * 1024;

}  // namespace

HttpConnection::HttpConnection(HttpServer& server, std::unique_ptr<HttpTransport> transport)
    : server_(server), transport_(std::move(transport)), session_(server.session_options_, *this) {
  update_deadline();
}

// ---- from below

void HttpConnection::on_input(std::string_view bytes) {
  inside_ = true;
  session_.feed(bytes);
  inside_ = false;
  settle();
}

void HttpConnection::on_input_end() {
  input_ended_ = true;
  if (session_.in_body())
    why_ = std::make_unique<Error>(
        Error{Errc::closed, "the client ended the connection within a request's body"});
  inside_ = true;
  session_.end_of_stream();
  inside_ = false;
  settle();
}

void HttpConnection::on_lost(const Error& why) {
  session_.abort();
  lost_ = true;
  if (!why_) why_ = std::make_unique<Error>(why);
  settle();
}

void HttpConnection::on_written() {
  if (drain_due_ && transport_->queued() == 0) {
    drain_due_ = false;
    inside_ = true;
    server_.handler_.on_drain(*this);
    inside_ = false;
  }
  settle();
}

// ---- from the session

void HttpConnection::on_request(const http::RequestHead& head, bool body_complete,
                                std::string_view body) {
  paused_ = false;
  server_.handler_.on_request(*this, head, body_complete, body);
  // The responses to a batch leave together, while the client reads them.
  if (session_.output().size() > server_.options_.high_water) flush();
  session_.hold(transport_->queued() > server_.options_.high_water);
}

void HttpConnection::on_body(std::string_view bytes) {
  server_.handler_.on_body(*this, bytes);
}

void HttpConnection::on_body_end(const http::HeaderList& trailers) {
  server_.handler_.on_body_end(*this, trailers);
}

void HttpConnection::on_refused(const http::Refusal& refusal) {
  if (!why_)
    why_ = std::make_unique<Error>(
        Error{refusal.limit ? Errc::limit : Errc::invalid,
              format("request refused with {}: {}", refusal.status, refusal.why)});
}

// ---- from the handler

Result<void> HttpConnection::written_outside(Result<void> result) {
  if (!inside_)
    settle_quietly();
  else if (session_.output().size() > server_.options_.high_water)
    flush();
  return result;
}

Result<void> HttpConnection::respond(int status, std::string_view reason,
                                     std::span<const http::Header> headers, std::string_view body) {
  if (body.size() <= kCopied)
    return written_outside(session_.respond(status, reason, headers, body));
  std::string_view unsent;
  auto result = session_.respond_apart(status, reason, headers, body, &unsent);
  if (!unsent.empty()) {
    const std::string_view pieces[] = {session_.output(), unsent};
    transport_->write(pieces);
    session_.clear_output();
  }
  return written_outside(std::move(result));
}

Result<void> HttpConnection::write_head(int status, std::string_view reason,
                                        std::span<const http::Header> headers,
                                        std::string_view body) {
  auto result = session_.write_head(status, reason, headers);
  if (result && !body.empty()) result = session_.write_body(body);
  return written_outside(std::move(result));
}

Result<void> HttpConnection::write_body(std::string_view bytes) {
  return written_outside(session_.write_body(bytes));
}

Result<void> HttpConnection::finish(std::span<const http::Header> trailers, std::string_view body) {
  if (!body.empty())
    if (auto good = session_.write_body(body); !good) return written_outside(std::move(good));
  return written_outside(session_.finish(trailers));
}

Result<void> HttpConnection::write_informational(int status,
                                                 std::span<const http::Header> headers) {
  return written_outside(session_.write_informational(status, headers));
}

Result<void> HttpConnection::write_continue() {
  return written_outside(session_.write_continue());
}

void HttpConnection::close_after_response() {
  session_.close_after_response();
  if (!inside_) settle_quietly();
}

bool HttpConnection::congested() {
  drain_due_ = transport_->queued() + session_.output().size() > server_.options_.high_water;
  return drain_due_;
}

bool HttpConnection::written() const {
  return session_.output().empty() && transport_->queued() == 0;
}

void HttpConnection::omit_date() {
  session_.omit_date();
}

Result<void> HttpConnection::accept_upgrade(std::span<const http::Header> headers) {
  return written_outside(session_.accept_upgrade(headers));
}

Result<void> HttpConnection::hand_over() {
  return written_outside(session_.hand_over());
}

void HttpConnection::pause_body() {
  paused_ = true;
  update_reading();
  update_deadline();
}

void HttpConnection::resume_body() {
  paused_ = false;
  update_reading();
  update_deadline();
}

void HttpConnection::abort() {
  session_.abort();
  lost_ = true;
  if (!inside_) server_.settle_later(*this);
}

void HttpConnection::begin_closing() {
  session_.close_after_response();
  if (!inside_) server_.settle_later(*this);
}

// ---- what follows

void HttpConnection::flush() {
  const std::string_view out = session_.output();
  if (out.empty()) return;
  transport_->write({&out, 1});
  session_.clear_output();
}

// Destroys this when the connection is over.
void HttpConnection::settle() {
  session_.hold(transport_->queued() > server_.options_.high_water);
  if (!lost_ && !session_.idle() && !session_.wants_close()) {
    inside_ = true;
    session_.proceed();
    inside_ = false;
  }
  flush();
  if (lost_) {
    server_.drop(*this);
  } else if (session_.upgraded()) {
    server_.pass_on(*this, session_.take_rest());
  } else if (session_.wants_close() && transport_->queued() == 0) {
    transport_->finish();
    server_.drop(*this);
  } else {
    update_reading();
    update_deadline();
  }
}

void HttpConnection::settle_quietly() {
  flush();
  update_reading();
  update_deadline();
  if (session_.upgraded() || session_.wants_close() || !(session_.in_response() || session_.idle()))
    server_.settle_later(*this);
}

// While a request is being answered reading goes on, so that its end by the peer is
// seen; what comes then is held in the session, and the next bytes wait in the system.
void HttpConnection::update_reading() {
  if (input_ended_ || lost_) return;
  const bool wanted = !paused_ && session_.wants_input() &&
                      transport_->queued() <= server_.options_.max_unread_output;
  if (wanted == reading_) return;
  reading_ = wanted;
  if (wanted)
    transport_->resume();
  else
    transport_->pause();
}

std::size_t HttpConnection::awaited() const {
  if (transport_->queued() > 0) return kWrite;
  if (session_.in_response()) {
    if (session_.in_body() && !paused_) return kBody;
    return session_.response_begun() ? Deadlines::kNone : kResponse;
  }
  if (session_.in_body()) return kBody;
  return session_.in_head() || session_.requests() == 0 ? kHead : kIdle;
}

// A head has so much time from its first byte to its last, whatever trickles in between.
void HttpConnection::update_deadline() {
  if (lost_) return;
  const std::size_t awaits = awaited();
  const bool anew = awaits != kind() || awaits == kBody || awaits == kIdle ||
                    awaited_request_ != session_.requests();
  if (!anew) return;
  awaited_request_ = session_.requests();
  if (awaits == kWrite) queued_at_start_ = transport_->queued();
  if (awaits == Deadlines::kNone)
    server_.deadlines_.stop(*this);
  else
    server_.deadlines_.start(*this, awaits);
}

// Answers what has no response yet, and closes.
void HttpConnection::refuse_late(int status, const char* why) {
  why_ = std::make_unique<Error>(Error{Errc::timeout, why});
  if (session_.in_response() && !session_.response_begun()) {
    session_.close_after_response();
    (void)session_.respond(status, {}, {}, {});
  } else if (!session_.in_response() && !session_.in_body() && session_.in_head()) {
    std::string answer;
    (void)http::append_status_line(answer, 1, status, {});
    answer += "Connection: close\r\nContent-Length: 0\r\n\r\n";
    const std::string_view bytes = answer;
    transport_->write({&bytes, 1});
    session_.abort();
  } else {
    session_.abort();
    lost_ = true;
  }
}

void HttpConnection::expired(std::size_t kind) {
  switch (static_cast<Wait>(kind)) {
    case kHead:
      if (session_.in_head()) {
        refuse_late(408, "the request's head did not arrive in time");
        break;
      }
      [[fallthrough]];
    case kIdle:
      session_.close_after_response();
      break;
    case kBody:
      refuse_late(408, "the request's body did not arrive in time");
      break;
    case kResponse:
      refuse_late(503, "the request was not answered in time");
      break;
    case kWrite:
      if (transport_->queued() >= queued_at_start_) {
        why_ = std::make_unique<Error>(Error{Errc::timeout, "the client does not read"});
        session_.abort();
        lost_ = true;
      }
      break;
  }
  settle();
}

}  // namespace virgo::net
