// Sessions whose events are written down, and a way to feed them in pieces. For the
// tests of http/ and its fuzz targets.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "http/client_session.hpp"
#include "http/server_session.hpp"

namespace virgo::http {

inline std::string show(const HeaderList& headers) {
  std::string out;
  for (const Header& header : headers)
    out.append(header.name).append(": ").append(header.value).append("\n");
  return out;
}

// A message as it was handed out.
struct Received {
  std::string start;  // "GET /a", "200 OK"
  std::string fields;
  std::string body;
  std::string trailers;
  bool complete = false;

  bool operator==(const Received&) const = default;
};

// Hands each request to `respond`, once it is complete, or (`at_once`) when its head is.
class RecordingServer final : public ServerSession::Handler {
 public:
  explicit RecordingServer(const ServerOptions& options) : session(options, *this) {}

  ServerSession session;
  std::vector<Received> requests;
  std::vector<Refusal> refusals;
  std::string output;  // taken from the session
  bool at_once = false;
  std::function<void()> respond = [this] { (void)session.respond(200, "", {}, "ok"); };
  std::function<void(const RequestHead&)> on_head;

  // Like a connection: what the session does not want to read is not read.
  void feed(std::string_view bytes) {
    session.feed(bytes);
    take();
  }
  void end() {
    session.end_of_stream();
    take();
  }
  void take() {
    output += session.output();
    session.clear_output();
  }

  void on_request(const RequestHead& head, bool body_complete, std::string_view body) override {
    requests.push_back({std::string(head.method) + " " + std::string(head.target),
                        show(head.headers), std::string(body), "", body_complete});
    if (on_head) on_head(head);
    if ((at_once || body_complete) && respond) respond();
  }
  void on_body(std::string_view bytes) override { requests.back().body += bytes; }
  void on_body_end(const HeaderList& trailers) override {
    requests.back().trailers = show(trailers);
    requests.back().complete = true;
    if (!at_once && respond) respond();
  }
  void on_refused(const Refusal& refusal) override { refusals.push_back(refusal); }
};

class RecordingClient final : public ClientSession::Handler {
 public:
  explicit RecordingClient(const Limits& limits) : session(limits, *this) {}

  ClientSession session;
  std::vector<Received> interim;
  std::vector<Received> responses;
  std::vector<Error> errors;
  std::function<void()> on_end;

  void on_informational(const ResponseHead& head) override { interim.push_back(received(head)); }
  void on_response(const ResponseHead& head, bool body_complete, std::string_view body) override {
    responses.push_back(received(head));
    responses.back().body = body;
    responses.back().complete = body_complete;
    if (body_complete && on_end) on_end();
  }
  void on_body(std::string_view bytes) override { responses.back().body += bytes; }
  void on_body_end(const HeaderList& trailers) override {
    responses.back().trailers = show(trailers);
    responses.back().complete = true;
    if (on_end) on_end();
  }
  void on_error(const Error& error) override { errors.push_back(error); }

 private:
  static Received received(const ResponseHead& head) {
    return {std::to_string(head.status) + " " + std::string(head.reason), show(head.headers), "",
            "", false};
  }
};

// Calls `run` with `bytes` whole, cut at each position (of long ones at some), and byte by
// byte.
inline void for_each_split(std::string_view bytes,
                           const std::function<void(const std::vector<std::string_view>&)>& run) {
  run({bytes});
  const std::size_t step = bytes.size() <= 1000 ? 1 : bytes.size() / 50;
  for (std::size_t at = 1; at < bytes.size(); at += step)
    run({bytes.substr(0, at), bytes.substr(at)});
  std::vector<std::string_view> single;
  for (std::size_t at = 0; at < bytes.size(); ++at) single.push_back(bytes.substr(at, 1));
  run(single);
}

}  // namespace virgo::http
