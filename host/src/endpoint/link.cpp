#include "endpoint/link.hpp"

#include <utility>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace virgo::endpoint {

Link::Link(uv::Loop& loop, std::unique_ptr<net::Connection> connection, Names names,
           Conversation& conversation, std::function<void(const Error&)> ended)
    : loop_(loop),
      connection_(std::move(connection)),
      names_(std::move(names)),
      conversation_(conversation),
      ended_(std::move(ended)),
      peer_(connection_->peer()) {}

Link::~Link() {
  *alive_ = false;
  finish_connection();
}

void Link::finish_connection() {
  net::Connection::finish(std::move(connection_), std::chrono::seconds(2), [farewell = farewell_] {
    farewell->over = true;
    if (farewell->gone) std::exchange(farewell->gone, nullptr)();
  });
}

void Link::when_gone(std::function<void()> gone) {
  if (farewell_->over)
    loop_.post(std::move(gone));
  else
    farewell_->gone = std::move(gone);
}

void Link::open() {
  connection_->set_handlers({
      .data = [this](std::string_view bytes) { on_data(bytes); },
      .closed = [this](const Error& error) { close(error); },
      .drained = {},
  });
  conversation_.opened(*this);
}

std::string Link::protocol() const {
  return connection_ == nullptr ? "" : connection_->protocol();
}

void Link::on_data(std::string_view bytes) {
  const auto alive = alive_;
  // In pieces, so that an endless line is found out before it is all copied.
  constexpr std::size_t kPiece = 64 * 1024;
  for (std::size_t at = 0; at < bytes.size(); at += kPiece) {
    lines_.feed(bytes.substr(at, kPiece));
    while (const auto line = lines_.next()) {
      on_line(*line);
      if (!*alive || closed_) return;
    }
    if (lines_.overlong()) {
      close({Errc::limit, format("{} sent a line longer than {} bytes", peer_, kMaxLine)});
      return;
    }
  }
}

void Link::on_line(std::string_view line) {
  if (line.empty()) return;
  auto message = parse_message(line);
  if (!message) {
    on_bad_line(message.error());
  } else if (!message->is_request) {
    on_response(*message);
  } else if (open_requests_ >= kMaxOpenRequests) {
    send(error_line(names_, message->id,
                    {429, "tooManyRequests",
                     format("{} requests are open, which is the limit", kMaxOpenRequests)}));
  } else {
    ++open_requests_;
    conversation_.requested(*this, *message);
  }
}

void Link::on_bad_line(const Error& error) {
  ++bad_lines_;
  log_warn("endpoint", "{} sent a line that is not a message: {}", peer_, error.message);
  if (bad_lines_ > kMaxBadLines)
    close({Errc::invalid, format("{} sent {} lines that are not messages", peer_, bad_lines_)});
}

void Link::on_response(const Message& response) {
  const bool known = response.id.kind == json::Kind::number && response.id.integer &&
                     waiting_.contains(static_cast<std::uint64_t>(response.id.i64));
  if (!known) {
    // The reply to a request that timed out here, or to none.
    log_debug("endpoint", "{} answered a request that is not open (id {})", peer_,
              printable(response.id.text));
    return;
  }
  Reply reply;
  reply.ok = !response.failed;
  reply.result = response.body;
  reply.error = response.error;
  settle(static_cast<std::uint64_t>(response.id.i64), reply);
}

void Link::settle(std::uint64_t id, const Reply& reply) {
  const auto it = waiting_.find(id);
  if (it == waiting_.end()) return;
  const auto done = std::move(it->second.done);
  waiting_.erase(it);
  done(reply);
}

void Link::request(std::string_view method, std::string_view params, Duration timeout,
                   std::function<void(const Reply&)> done) {
  const std::uint64_t id = next_id_++;
  const std::string line = request_line(names_, id, method, params);
  Error why{Errc::closed, "the connection is closed"};
  if (!closed_ && line.size() <= kMaxLine + 1) {
    Waiting& w = waiting_[id];
    w.done = std::move(done);
    w.timer = std::make_unique<uv::Timer>(loop_, [this, id, timeout, name = std::string(method)] {
      Reply late;
      late.code = Errc::timeout;
      late.error.message = format("no reply to {} within {}", name, format_duration(timeout));
      settle(id, late);
    });
    w.timer->start(timeout);
    send(line);
    return;
  }
  if (!closed_)
    why = {Errc::limit,
           format("the {} request takes {} bytes, the limit is {}", method, line.size(), kMaxLine)};
  loop_.post([alive = alive_, done = std::move(done), why] {
    if (!*alive) return;
    Reply failed;
    failed.code = why.code;
    failed.error.message = why.message;
    done(failed);
  });
}

void Link::respond(const json::Value& id, std::string_view result) {
  if (open_requests_ > 0) --open_requests_;
  const std::string line = response_line(names_, id, result);
  if (line.size() > kMaxLine + 1)
    send(error_line(names_, id, {413, "tooLarge", "the result is larger than a message may be"}));
  else
    send(line);
}

void Link::refuse(const json::Value& id, const RemoteError& error) {
  if (open_requests_ > 0) --open_requests_;
  send(error_line(names_, id, error));
}

void Link::set_ready() {
  ready_ = true;
}

void Link::send(const std::string& line) {
  if (closed_) return;
  const auto sent = connection_->write(line);
  if (!sent) close(sent.error());
}

void Link::close(const Error& why) {
  if (closed_) return;
  closed_ = true;
  finish_connection();
  // From the loop: whoever closes may stand in the middle of a callback of ours.
  loop_.post([this, alive = alive_, why] {
    if (*alive) tell_closed(why);
  });
}

void Link::tell_closed(const Error& why) {
  const auto alive = alive_;
  Reply closed;
  closed.code = Errc::closed;
  closed.error.message = why.message;
  while (!waiting_.empty()) {
    settle(waiting_.begin()->first, closed);
    if (!*alive) return;
  }
  conversation_.closed(why);
  if (!*alive) return;
  const auto ended = std::move(ended_);
  if (ended) ended(why);
}

}  // namespace virgo::endpoint
