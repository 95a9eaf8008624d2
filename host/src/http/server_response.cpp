// The way out of a ServerSession.
#include "base/format.hpp"
#include "http/framing.hpp"
#include "http/message_writer.hpp"
#include "http/outgoing_fields.hpp"
#include "http/server_session.hpp"

namespace virgo::http {
namespace {

constexpr std::size_t kUsualHead = 256;

}  // namespace

// How a response is going to be written.
struct ServerSession::Plan {
  OutgoingFields fields;
  Framing framing = Framing::none;
  std::uint64_t length = 0;
  bool silent = false;      // no body is sent, whatever the framing
  bool add_length = false;  // Content-Length is not among the fields
};

Result<void> ServerSession::check_turn(const char* what) const {
  if (phase_ == Phase::waiting) return {};
  if (phase_ == Phase::body)
    return Error{Errc::failed, format("{}: a response has been begun", what)};
  if (phase_ == Phase::finished && !dead_)
    return Error{Errc::failed, format("{}: the response has been sent", what)};
  return Error{Errc::closed, format("{}: no request waits for a response", what)};
}

// `body`: the whole of it, or null when it comes in pieces.
Result<ServerSession::Plan> ServerSession::plan(int status, std::span<const Header> headers,
                                                const std::string_view* body) {
  if (status < 200 || status > 599)
    return Error{Errc::invalid, format("the status {} is not one of a response", status)};
  const RequestHead& request = reader_.request();
  if (request.is_connect() && status < 300)
    return Error{Errc::invalid, "a tunnel is accepted by accept_upgrade()"};
  auto fields = read_outgoing(headers);
  if (!fields) return fields.error();
  Plan plan;
  plan.fields = *fields;
  plan.silent = has_no_body(status) || request.method == "HEAD";
  if (fields->content_length) {
    plan.framing = Framing::length;
    plan.length = *fields->content_length;
    if (body != nullptr && !plan.silent && body->size() != plan.length)
      return Error{Errc::invalid, format("Content-Length is {}, the body has {} bytes", plan.length,
                                         body->size())};
  } else if (body != nullptr && !fields->chunked) {
    plan.framing = Framing::length;
    plan.length = body->size();
    // What a response to GET would have is not known if a program leaves the body out.
    plan.add_length = !has_no_body(status) && (!plan.silent || !body->empty());
  } else {
    plan.framing = request.minor == 1 ? Framing::chunked : Framing::until_close;
  }
  return plan;
}

bool ServerSession::closes_after(const Plan& plan) const {
  const RequestHead& request = reader_.request();
  if (closing_ || plan.fields.close || !request.keep_alive) return true;
  if (options_.max_requests != 0 && requests_ >= options_.max_requests) return true;
  if (plan.framing == Framing::until_close && !plan.silent) return true;
  // Behind CONNECT may come the tunnel's bytes, which must not be taken for a request.
  if (request.is_connect()) return true;
  if (ended_ && !running_ && !has_waiting()) return true;
  if (body_read_) return false;
  // Without "100 Continue" nobody knows whether the body comes.
  if (continue_due_) return true;
  const std::uint64_t left = reader_.body_left();
  return left != UINT64_MAX && left > options_.max_late_body;
}

Result<void> ServerSession::write_start(const Plan& plan, int status, std::string_view reason,
                                        std::span<const Header> headers) {
  const bool keep_length = status != 204;
  const bool coded = plan.framing == Framing::chunked && !has_no_body(status);
  if (auto good = append_status_line(output_, 1, status, reason); !good) return good;
  append_outgoing(output_, headers, coded, keep_length);
  if (options_.date != nullptr && !omit_date_ && !plan.fields.date)
    append_header(output_, "Date", options_.date->now());
  if (plan.add_length) {
    output_.append("Content-Length: ");
    append_decimal(output_, plan.length);
    output_.append("\r\n");
  }
  if (coded && !plan.fields.chunked) output_.append("Transfer-Encoding: chunked\r\n");
  if (closes_after(plan)) {
    closing_ = true;
    if (!plan.fields.close) output_.append("Connection: close\r\n");
  } else if (reader_.request().minor == 0 && !plan.fields.keep_alive) {
    output_.append("Connection: keep-alive\r\n");
  }
  output_.append("\r\n");
  writer_.begin(plan.framing, plan.length, plan.silent);
  phase_ = Phase::body;
  return {};
}

Result<void> ServerSession::respond(int status, std::string_view reason,
                                    std::span<const Header> headers, std::string_view body) {
  if (auto good = check_turn("respond"); !good) return good;
  auto plan = this->plan(status, headers, &body);
  if (!plan) return plan.error();
  output_.reserve(output_.size() + body.size() + kUsualHead);
  if (auto good = write_start(*plan, status, reason, headers); !good) return good;
  if (auto good = writer_.write(output_, body); !good) return good;
  return finish({});
}

Result<void> ServerSession::respond_apart(int status, std::string_view reason,
                                          std::span<const Header> headers, std::string_view body,
                                          std::string_view* unsent) {
  *unsent = {};
  if (auto good = check_turn("respond"); !good) return good;
  auto plan = this->plan(status, headers, &body);
  if (!plan) return plan.error();
  if (auto good = write_start(*plan, status, reason, headers); !good) return good;
  if (plan->framing != Framing::length || plan->silent) {
    if (auto good = writer_.write(output_, body); !good) return good;
    return finish({});
  }
  *unsent = body;
  phase_ = Phase::finished;
  settle();
  return {};
}

Result<void> ServerSession::write_head(int status, std::string_view reason,
                                       std::span<const Header> headers) {
  if (auto good = check_turn("write_head"); !good) return good;
  auto plan = this->plan(status, headers, nullptr);
  if (!plan) return plan.error();
  return write_start(*plan, status, reason, headers);
}

Result<void> ServerSession::write_body(std::string_view bytes) {
  if (phase_ == Phase::waiting)
    return Error{Errc::failed, "write_body: the response has not been begun"};
  if (phase_ != Phase::body) return check_turn("write_body");
  auto good = writer_.write(output_, bytes);
  if (!good) closing_ = true;
  return good;
}

Result<void> ServerSession::finish(std::span<const Header> trailers) {
  if (phase_ == Phase::waiting)
    return Error{Errc::failed, "finish: the response has not been begun"};
  if (phase_ != Phase::body) return check_turn("finish");
  auto good = writer_.finish(output_, trailers);
  if (!good && writer_.left() == 0) return good;  // the trailers: may be tried again
  if (!good) closing_ = true;
  phase_ = Phase::finished;
  settle();
  return good;
}

Result<void> ServerSession::write_informational(int status, std::span<const Header> headers) {
  if (auto good = check_turn("write_informational"); !good) return good;
  if (status < 102 || status > 199)
    return Error{Errc::invalid, format("the status {} is not one of an interim response", status)};
  auto fields = read_outgoing(headers);
  if (!fields) return fields.error();
  if (reader_.request().minor == 0) return {};
  if (auto good = append_status_line(output_, 1, status, {}); !good) return good;
  append_outgoing(output_, headers, false, false);
  output_.append("\r\n");
  return {};
}

Result<void> ServerSession::write_continue() {
  if (auto good = check_turn("write_continue"); !good) return good;
  if (continue_due_) output_.append("HTTP/1.1 100 Continue\r\n\r\n");
  continue_due_ = false;
  return {};
}

Result<void> ServerSession::hand_over() {
  if (auto good = check_turn("hand_over"); !good) return good;
  if (!body_read_) return Error{Errc::failed, "hand_over: the body has not come yet"};
  upgraded_ = true;
  phase_ = Phase::finished;
  return {};
}

Result<void> ServerSession::accept_upgrade(std::span<const Header> headers) {
  if (auto good = check_turn("accept_upgrade"); !good) return good;
  const RequestHead& request = reader_.request();
  if (!request.is_connect() && request.upgrade.empty())
    return Error{Errc::failed, "accept_upgrade: the request asks for no other protocol"};
  if (!body_read_) return Error{Errc::failed, "accept_upgrade: the body has not come yet"};
  auto fields = read_outgoing(headers);
  if (!fields) return fields.error();
  if (!request.is_connect() && !fields->upgrade)
    return Error{Errc::invalid, "accept_upgrade: the headers name no protocol (Upgrade)"};
  output_.append(request.is_connect() ? "HTTP/1.1 200 Connection Established\r\n"
                                      : "HTTP/1.1 101 Switching Protocols\r\n");
  append_outgoing(output_, headers, false, false);
  if (!request.is_connect() && !fields->connection_upgrade)
    output_.append("Connection: Upgrade\r\n");
  output_.append("\r\n");
  upgraded_ = true;
  phase_ = Phase::finished;
  return {};
}

}  // namespace virgo::http
