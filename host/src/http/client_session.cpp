#include "http/client_session.hpp"

#include <utility>

#include "base/format.hpp"

namespace virgo::http {
namespace {

constexpr std::size_t kKeep = 4096;

}  // namespace

ClientSession::ClientSession(const Limits& limits, Handler& handler)
    : limits_(limits), handler_(handler), reader_(MessageReader::Kind::response, limits) {}

void ClientSession::clear_output() {
  if (output_.capacity() > kKeep) {
    std::string().swap(output_);
  } else {
    output_.clear();
  }
}

std::string ClientSession::take_rest() {
  return std::exchange(rest_, {});
}

void ClientSession::abort() {
  dead_ = lost_ = true;
}

void ClientSession::feed(std::string_view bytes) {
  if (upgraded_) {
    rest_.append(bytes);
  } else if (!dead_ && !bytes.empty()) {
    if (!in_request_ && !lost_) lost_ = surplus_ = true;
    run(bytes);
  }
}

void ClientSession::run(std::string_view bytes) {
  while (!dead_) {
    if (upgraded_) {
      rest_.append(bytes);
      return;
    }
    if (!in_request_) {
      if (!bytes.empty() && surplus_)
        fail({Errc::invalid, "the server sent bytes that belong to no response"});
      return;
    }
    switch (reader_.next(bytes)) {
      case MessageReader::Event::need_input:
      case MessageReader::Event::rest:
        return;
      case MessageReader::Event::head:
        hand_out(bytes);
        break;
      case MessageReader::Event::body:
        handler_.on_body(reader_.chunk());
        break;
      case MessageReader::Event::end:
        end_response(!bytes.empty());
        handler_.on_body_end(reader_.trailers());
        break;
      case MessageReader::Event::failed:
        fail(reader_.refusal());
        break;
    }
  }
}

void ClientSession::hand_out(std::string_view& bytes) {
  const ResponseHead& head = reader_.response();
  if (head.status < 200 && head.status != 101) return hand_out_informational(bytes);
  if (head.status == 101 && !upgrade_asked_)
    return fail({Errc::invalid, "the server changed the protocol without being asked"});
  const bool complete = head.framing == Framing::none ||
                        (head.framing == Framing::length && bytes.size() >= head.content_length);
  if (!complete) return handler_.on_response(head, false, {});
  std::string_view body;
  if (head.framing == Framing::length) {
    reader_.next(bytes);
    body = reader_.chunk();
  }
  reader_.next(bytes);  // Event::end
  upgraded_ = head.status == 101 || (connect_asked_ && head.status / 100 == 2);
  end_response(!bytes.empty());
  handler_.on_response(head, true, body);
}

void ClientSession::hand_out_informational(std::string_view& bytes) {
  reader_.next(bytes);  // Event::end
  if (++informational_ > limits_.max_informational)
    return fail({Errc::limit, "the server sends too many interim responses"});
  handler_.on_informational(reader_.response());
}

// Bytes that follow are nobody's, and must not become the response to a request which the
// handler begins now.
void ClientSession::end_response(bool bytes_follow) {
  const ResponseHead& head = reader_.response();
  in_request_ = false;
  if (!upgraded_ &&
      (!request_sent_ || !keep_alive_ || !head.keep_alive || head.framing == Framing::until_close))
    lost_ = true;
  if (bytes_follow && !upgraded_ && !lost_) lost_ = surplus_ = true;
}

void ClientSession::end_of_stream() {
  if (dead_ || upgraded_) return;
  lost_ = true;
  if (!in_request_) return;
  switch (reader_.end_of_stream()) {
    case MessageReader::Event::end:
      end_response(false);
      return handler_.on_body_end(reader_.trailers());
    case MessageReader::Event::need_input:
      return fail({Errc::closed, "the server closed the connection without a response"});
    default:
      return fail({Errc::closed, format("the response is cut off: {}", reader_.refusal().why)});
  }
}

void ClientSession::fail(Error error) {
  dead_ = lost_ = true;
  handler_.on_error(error);
}

void ClientSession::fail(const Refusal& refusal) {
  fail({refusal.limit ? Errc::limit : Errc::invalid,
        format("the response is not accepted: {}", refusal.why)});
}

}  // namespace virgo::http
