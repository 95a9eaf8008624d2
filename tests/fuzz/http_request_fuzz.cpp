// What a client may send to an HTTP server: the same requests are handed out and the same
// answer is given however the bytes arrive, within the limits.
#include "fuzz/fuzz.hpp"
#include "fuzz/pieces.hpp"
#include "unit/http/recording.hpp"

namespace {

using namespace virgo::http;

struct Result {
  std::vector<Received> requests;
  std::vector<Refusal> refusals;
  std::string output;
  bool wants_close = false;

  bool operator==(const Result&) const = default;
};

void check_head(const RequestHead& head, const Limits& limits) {
  fuzz::require(is_token(head.method) && is_target(head.target));
  fuzz::require(head.target.size() <= limits.max_target);
  fuzz::require(head.headers.size() <= limits.max_headers);
  std::size_t size = head.method.size() + head.target.size();
  for (const Header& header : head.headers) {
    fuzz::require(is_token(header.name) && is_field_value(header.value));
    fuzz::require(header.value == trim_blanks(header.value));
    size += header.name.size() + header.value.size();
  }
  fuzz::require(size <= limits.max_head);
  // Nothing of which two readers could think differently.
  const std::size_t lengths = head.headers.get_all("content-length").size();
  const std::size_t codings = head.headers.get_all("transfer-encoding").size();
  const std::size_t hosts = head.headers.get_all("host").size();
  fuzz::require(lengths + codings <= 1 && hosts <= 1 && (hosts == 1 || head.minor == 0));
  fuzz::require((head.framing == Framing::chunked) == (codings == 1));
}

Result run(const ServerOptions& options, std::vector<std::string_view> pieces, bool later) {
  RecordingServer server(options);
  server.on_head = [&](const RequestHead& head) { check_head(head, options.limits); };
  // A tunnel cannot be accepted so.
  const auto answer = [&] {
    const bool connect = server.requests.back().start.starts_with("CONNECT ");
    fuzz::require(server.session.respond(connect ? 405 : 200, "", {}, "ok").ok());
  };
  server.respond = answer;
  if (later) server.respond = nullptr;
  for (const std::string_view piece : pieces) {
    server.feed(piece);
    while (later && server.session.in_response() && !server.session.in_body()) {
      answer();
      server.session.proceed();
      server.take();
    }
  }
  server.end();
  for (const Received& request : server.requests)
    fuzz::require(request.body.size() <= options.limits.max_body);
  return {server.requests, server.refusals, server.output, server.session.wants_close()};
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  ServerOptions options;
  options.auto_continue = false;  // it depends on whether the body is there already
  if ((data[0] & 1) != 0)
    options.limits = {.max_head = 160,
                      .max_headers = 4,
                      .max_target = 20,
                      .max_body = 30,
                      .max_chunk_line = 12,
                      .max_chunk_extensions = 20,
                      .max_trailers = 40};
  const std::string_view text = fuzz::text(data + 2, size - 2);
  const Result whole = run(options, {text}, false);
  fuzz::require(run(options, fuzz::pieces(text, data[1]), false) == whole);
  fuzz::require(run(options, fuzz::pieces(text, 0), false) == whole);
  fuzz::require(run(options, fuzz::pieces(text, data[1]), true) == whole);
  return 0;
}
