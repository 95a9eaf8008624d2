#include "http/server_session.hpp"

#include "base/format.hpp"
#include "http/message_writer.hpp"

namespace virgo::http {
namespace {

constexpr std::size_t kKeep = 4096;

}  // namespace

ServerSession::ServerSession(const ServerOptions& options, Handler& handler)
    : options_(options), handler_(handler), reader_(MessageReader::Kind::request, options.limits) {}

void ServerSession::feed(std::string_view bytes) {
  if (upgraded_ || running_) {
    waiting_.append(bytes);
    return;
  }
  if (dead_ || wants_close()) return;
  run(bytes);
}

void ServerSession::proceed() {
  if (!running_ && !dead_ && !upgraded_ && !wants_close()) run({});
}

void ServerSession::end_of_stream() {
  ended_ = true;
  proceed();
}

bool ServerSession::wants_input() const {
  return !dead_ && !ended_ && !upgraded_ && !wants_close() && !has_waiting();
}

void ServerSession::clear_output() {
  if (output_.capacity() > kKeep) {
    std::string().swap(output_);
  } else {
    output_.clear();
  }
}

std::string ServerSession::take_rest() {
  std::string rest = waiting_.substr(waiting_from_);
  std::string().swap(waiting_);
  waiting_from_ = 0;
  return rest;
}

void ServerSession::close_after_response() {
  closing_ = true;
}

void ServerSession::abort() {
  dead_ = closing_ = true;
  phase_ = Phase::none;
}

// What waits comes first. It is moved out of reach of the handler while it is read.
void ServerSession::run(std::string_view bytes) {
  running_ = true;
  if (!has_waiting()) {
    go_on(bytes);
    keep(bytes);
  } else {
    waiting_.append(bytes);
    std::string held = std::move(waiting_);
    waiting_.clear();
    std::string_view rest = std::string_view(held).substr(waiting_from_);
    go_on(rest);
    waiting_from_ = held.size() - rest.size();
    held.append(waiting_);
    waiting_ = std::move(held);
  }
  running_ = false;
  if (!has_waiting()) {
    waiting_from_ = 0;
    waiting_.clear();
    if (waiting_.capacity() > kKeep) std::string().swap(waiting_);
  }
  if (ended_) at_end_of_stream();
}

// In front of what was fed from inside the handler, if someone did.
void ServerSession::keep(std::string_view rest) {
  if (!rest.empty()) waiting_.insert(0, rest);
}

void ServerSession::at_end_of_stream() {
  if (dead_ || upgraded_ || has_waiting()) return;
  if (in_request_ && !body_read_) {
    reader_.end_of_stream();
    refuse(reader_.refusal());
  } else if (!in_request_) {
    closing_ = true;
  }
}

void ServerSession::go_on(std::string_view& bytes) {
  while (!dead_ && !upgraded_ && !(in_request_ && body_read_) && !wants_close() &&
         !(held_ && !in_request_)) {
    switch (reader_.next(bytes)) {
      case MessageReader::Event::need_input:
      case MessageReader::Event::rest:
        return;
      case MessageReader::Event::head:
        hand_out(bytes);
        break;
      case MessageReader::Event::body:
        take_body(reader_.chunk());
        break;
      case MessageReader::Event::end:
        end_body();
        break;
      case MessageReader::Event::failed:
        refuse(reader_.refusal());
        break;
    }
  }
}

void ServerSession::hand_out(std::string_view& bytes) {
  const RequestHead& head = reader_.request();
  in_request_ = true;
  phase_ = Phase::waiting;
  late_body_ = 0;
  omit_date_ = false;
  ++requests_;
  body_read_ = head.framing == Framing::none ||
               (head.framing == Framing::length && bytes.size() >= head.content_length);
  std::string_view body;
  if (body_read_) {
    if (head.framing == Framing::length) {
      reader_.next(bytes);
      body = reader_.chunk();
    }
    reader_.next(bytes);  // Event::end
  }
  continue_due_ = head.expect_continue && bytes.empty() && !body_read_;
  handler_.on_request(head, body_read_, body);
  if (options_.auto_continue && phase_ == Phase::waiting) (void)write_continue();
}

void ServerSession::take_body(std::string_view piece) {
  continue_due_ = false;
  if (phase_ == Phase::finished) {
    late_body_ += piece.size();
    if (late_body_ > options_.max_late_body) {
      closing_ = true;
      return;
    }
  }
  handler_.on_body(piece);
}

void ServerSession::end_body() {
  body_read_ = true;
  handler_.on_body_end(reader_.trailers());
  settle();
}

// The request is over when both sides of it are.
void ServerSession::settle() {
  if (!in_request_ || !body_read_ || phase_ != Phase::finished) return;
  in_request_ = false;
  phase_ = Phase::none;
}

void ServerSession::refuse(const Refusal& refusal) {
  const bool answer = !in_request_ || phase_ == Phase::waiting;
  dead_ = closing_ = true;
  phase_ = Phase::none;
  if (answer) {
    const std::string body =
        format("{} {}: {}\n", refusal.status, reason_phrase(refusal.status), refusal.why);
    (void)append_status_line(output_, 1, refusal.status, {});
    if (options_.date != nullptr) append_header(output_, "Date", options_.date->now());
    append_header(output_, "Content-Type", "text/plain; charset=utf-8");
    append_header(output_, "Content-Length", format("{}", body.size()));
    output_.append("Connection: close\r\n\r\n").append(body);
  }
  handler_.on_refused(refusal);
}

}  // namespace virgo::http
