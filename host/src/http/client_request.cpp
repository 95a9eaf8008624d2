// The way out of a ClientSession.
#include "base/format.hpp"
#include "base/text.hpp"
#include "http/client_session.hpp"
#include "http/message_writer.hpp"
#include "http/outgoing_fields.hpp"
#include "http/target.hpp"

namespace virgo::http {
namespace {

// Has a body but for exceptions, so that a server expects to be told its length.
bool usually_has_body(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

// Has a body only if its headers say so.
bool rarely_has_body(std::string_view method) {
  for (const std::string_view name : {"GET", "HEAD", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
    if (method == name) return true;
  return false;
}

// What else than its characters matters to a target.
Result<void> check_target(const ClientSession::Request& request) {
  RequestHead head;
  Refusal refusal;
  head.method = request.method;
  head.target = request.target;
  if (head.target.empty() || read_target(&head, &refusal)) return {};
  return Error{Errc::invalid, format("{}: \"{}\"", refusal.why, printable(request.target))};
}

// `body`: the whole of it, or null when it comes in pieces.
Result<OutgoingFields> check_request(const ClientSession::Request& request,
                                     const std::string_view* body) {
  auto fields = read_outgoing(request.headers);
  if (!fields) return fields;
  if (auto good = check_target(request); !good) return good.error();
  if (!fields->host && !is_authority(request.host))
    return Error{Errc::invalid, format("the host is not valid: \"{}\"", printable(request.host))};
  const bool has_body = fields->chunked || fields->content_length.value_or(0) > 0 ||
                        (body != nullptr && !body->empty());
  if (has_body && request.method == "CONNECT") return Error{Errc::invalid, "CONNECT has no body"};
  if (body != nullptr && fields->content_length && *fields->content_length != body->size())
    return Error{Errc::invalid, format("Content-Length is {}, the body has {} bytes",
                                       *fields->content_length, body->size())};
  return fields;
}

struct BodyPlan {
  Framing framing = Framing::none;
  std::uint64_t length = 0;
};

// Appends what the fields do not say about the body's framing.
BodyPlan plan_body(std::string& out, std::string_view method, const OutgoingFields& fields,
                   const std::string_view* body) {
  if (fields.chunked) return {Framing::chunked, 0};
  if (fields.content_length) return {Framing::length, *fields.content_length};
  if (body != nullptr) {
    if (!body->empty() || usually_has_body(method)) {
      out.append("Content-Length: ");
      append_decimal(out, body->size());
      out.append("\r\n");
    }
    return {Framing::length, body->size()};
  }
  if (rarely_has_body(method)) return {};
  append_header(out, "Transfer-Encoding", "chunked");
  return {Framing::chunked, 0};
}

}  // namespace

Result<void> ClientSession::begin(const Request& request, const std::string_view* body) {
  if (in_request_) return Error{Errc::failed, "a request is under way on this connection"};
  if (!reusable()) return Error{Errc::closed, "the connection takes no further request"};
  auto fields = check_request(request, body);
  if (!fields) return fields.error();
  if (auto good = append_request_line(output_, request.method, request.target, 1); !good)
    return good;
  if (!fields->host) append_header(output_, "Host", request.host);
  append_outgoing(output_, request.headers, true, true);
  const BodyPlan plan = plan_body(output_, request.method, *fields, body);
  if (!request.keep_alive && !fields->close) append_header(output_, "Connection", "close");
  output_.append("\r\n");

  writer_.begin(plan.framing, plan.length, false);
  reader_.set_request_method(request.method);
  in_request_ = true;
  request_sent_ = false;
  connect_asked_ = request.method == "CONNECT";
  upgrade_asked_ = fields->upgrade && fields->connection_upgrade;
  keep_alive_ = request.keep_alive && !fields->close;
  informational_ = 0;
  return {};
}

Result<void> ClientSession::request(const Request& request, std::string_view body) {
  if (auto good = begin(request, &body); !good) return good;
  if (auto good = writer_.write(output_, body); !good) return good;
  return finish({});
}

Result<void> ClientSession::write_head(const Request& request) {
  return begin(request, nullptr);
}

Result<void> ClientSession::write_body(std::string_view bytes) {
  if (request_sent_) return Error{Errc::failed, "write_body: no request is being sent"};
  auto good = writer_.write(output_, bytes);
  if (!good) lost_ = true;
  return good;
}

Result<void> ClientSession::finish(std::span<const Header> trailers) {
  if (request_sent_) return Error{Errc::failed, "finish: no request is being sent"};
  auto good = writer_.finish(output_, trailers);
  if (!good && writer_.left() == 0) return good;  // the trailers: may be tried again
  if (!good) lost_ = true;
  request_sent_ = true;
  return good;
}

}  // namespace virgo::http
