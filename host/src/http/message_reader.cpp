#include "http/message_reader.hpp"

#include <algorithm>

#include "http/framing.hpp"
#include "http/head_parser.hpp"

namespace virgo::http {

using Event = MessageReader::Event;

MessageReader::MessageReader(Kind kind, const Limits& limits) : kind_(kind), limits_(limits) {}
MessageReader::~MessageReader() = default;

const MessageHead& MessageReader::head() const {
  if (kind_ == Kind::request) return request_;
  return response_;
}

const HeaderList& MessageReader::trailers() const {
  return head().framing == Framing::chunked && chunked_ != nullptr ? chunked_->trailers()
                                                                   : no_trailers_;
}

void MessageReader::set_request_method(std::string_view method) {
  to_head_ = method == "HEAD";
  to_connect_ = method == "CONNECT";
}

std::uint64_t MessageReader::body_left() const {
  switch (state_) {
    case State::length:
      return left_;
    case State::chunked:
    case State::until_close:
      return UINT64_MAX;
    default:
      return 0;
  }
}

Event MessageReader::next(std::string_view& bytes) {
  switch (state_) {
    case State::ended:
      begin_message();
      [[fallthrough]];
    case State::head:
      return next_head(bytes);
    case State::no_body:
      return end_message();
    case State::length:
      return next_length(bytes);
    case State::chunked:
      return next_chunked(bytes);
    case State::until_close:
      return next_until_close(bytes);
    case State::rest:
      return Event::rest;
    case State::failed:
      break;
  }
  return Event::failed;
}

Event MessageReader::end_of_stream() {
  switch (state_) {
    case State::head:
      if (idle()) return Event::need_input;
      return refuse(400, "the connection ended within a head");
    case State::until_close:
      return end_message();
    case State::ended:
    case State::rest:
      return Event::need_input;
    case State::no_body:
      return end_message();
    case State::length:
    case State::chunked:
      return refuse(400, "the connection ended within a body");
    case State::failed:
      break;
  }
  return Event::failed;
}

void MessageReader::begin_message() {
  state_ = State::head;
  buffer_.clear();
  blank_ = 0;
  body_ = 0;
}

Event MessageReader::fail(Refusal refusal) {
  state_ = State::failed;
  refusal_ = refusal;
  if (kind_ == Kind::response) refusal_.status = 502;
  return Event::failed;
}

Event MessageReader::refuse(int status, const char* why, bool limit) {
  return fail({status, limit, why});
}

Event MessageReader::next_head(std::string_view& bytes) {
  while (true) {
    const Event event = gather_head(bytes);
    if (event != Event::head) return event;
    if (buffer_.text().size() > 2) break;
    // A blank line in front of a request is some client's end of the body before.
    if (kind_ == Kind::response) return refuse(502, "the response begins with a blank line");
    blank_ += 2;
    buffer_.clear();
    if (blank_ >= limits_.max_head) return refuse(431, "there are too many blank lines", true);
  }
  if (!parse_head()) return Event::failed;
  return begin_body();
}

// Event::head when it is complete, as bytes.
Event MessageReader::gather_head(std::string_view& bytes) {
  if (bytes.empty()) return Event::need_input;
  // What is not HTTP at all, TLS say, may not have a line end for long.
  const char first = bytes.front();
  if (buffer_.text().empty() && first != '\r' && first != '\n' && !is_token({&first, 1}))
    return refuse(400, "this is not HTTP");
  switch (buffer_.take(bytes, limits_.max_head - blank_)) {
    case HeadBuffer::Take::more:
      return Event::need_input;
    case HeadBuffer::Take::complete:
      return Event::head;
    case HeadBuffer::Take::bare_end:
      return refuse(400, "a line does not end with CR LF");
    case HeadBuffer::Take::folded:
      return refuse(400, "a header line is folded");
    case HeadBuffer::Take::too_long:
      break;
  }
  if (kind_ == Kind::request && !buffer_.has_line())
    return refuse(414, "the request line is too long", true);
  return refuse(431, "the head is too long", true);
}

bool MessageReader::parse_head() {
  Refusal refusal;
  const bool good = kind_ == Kind::request
                        ? parse_request_head(buffer_.text(), limits_, &request_, &refusal)
                        : parse_response_head(buffer_.text(), limits_, &response_, &refusal);
  if (!good) fail(refusal);
  return good;
}

Event MessageReader::begin_body() {
  Framing framing = head().framing;
  if (kind_ == Kind::response) {
    const bool tunnel = to_connect_ && response_.status / 100 == 2;
    if (to_head_ || tunnel) framing = response_.framing = Framing::none;
    if (tunnel || response_.status == 101) ends_http_ = true;
    if (response_.status >= 200) to_head_ = to_connect_ = false;
  }
  left_ = head().content_length;
  switch (framing) {
    case Framing::none:
      state_ = State::no_body;
      break;
    case Framing::length:
      if (left_ > limits_.max_body) return refuse(413, "the body is too large", true);
      state_ = State::length;
      break;
    case Framing::chunked:
      if (chunked_ == nullptr) chunked_ = std::make_unique<ChunkedDecoder>(limits_);
      chunked_->begin();
      state_ = State::chunked;
      break;
    case Framing::until_close:
      state_ = State::until_close;
      break;
  }
  return Event::head;
}

Event MessageReader::end_message() {
  state_ = ends_http_ ? State::rest : State::ended;
  return Event::end;
}

Event MessageReader::next_length(std::string_view& bytes) {
  if (left_ == 0) return end_message();
  if (bytes.empty()) return Event::need_input;
  chunk_ = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
  bytes.remove_prefix(chunk_.size());
  left_ -= chunk_.size();
  return Event::body;
}

Event MessageReader::next_chunked(std::string_view& bytes) {
  switch (chunked_->next(bytes)) {
    case ChunkedDecoder::Event::need_input:
      return Event::need_input;
    case ChunkedDecoder::Event::data:
      chunk_ = chunked_->data();
      return Event::body;
    case ChunkedDecoder::Event::end:
      return end_message();
    case ChunkedDecoder::Event::failed:
      break;
  }
  return fail(chunked_->refusal());
}

Event MessageReader::next_until_close(std::string_view& bytes) {
  if (bytes.empty()) return Event::need_input;
  const std::uint64_t room = limits_.max_body - body_;
  if (room == 0) return refuse(413, "the body is too large", true);
  chunk_ = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(room, bytes.size())));
  bytes.remove_prefix(chunk_.size());
  body_ += chunk_.size();
  return Event::body;
}

}  // namespace virgo::http
