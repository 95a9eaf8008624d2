// What a server may send to an HTTP client: the same is handed out however the bytes
// arrive, within the limits.
#include "fuzz/fuzz.hpp"
#include "fuzz/pieces.hpp"
#include "unit/http/recording.hpp"

namespace {

using namespace virgo::http;

struct Result {
  std::vector<Received> interim;
  std::vector<Received> responses;
  std::size_t errors = 0;
  bool reusable = false;
  std::string rest;

  bool operator==(const Result&) const = default;
};

Result run(const Limits& limits, unsigned kind, const std::vector<std::string_view>& pieces) {
  RecordingClient client(limits);
  const Header upgrade[] = {{"Connection", "Upgrade"}, {"Upgrade", "foo"}};
  ClientSession::Request request;
  const char* methods[] = {"GET", "HEAD", "CONNECT", "POST"};
  request.method = methods[kind % 4];
  request.target = kind % 4 == 2 ? "h:1" : "/";
  request.host = "h";
  if (kind % 8 >= 4) request.headers = upgrade;
  fuzz::require(client.session.request(request, "").ok());
  for (const std::string_view piece : pieces) client.session.feed(piece);
  if (kind % 16 >= 8) client.session.end_of_stream();
  fuzz::require(client.responses.size() <= 1 && client.errors.size() <= 1);
  fuzz::require(client.interim.size() <= limits.max_informational);
  for (const Received& response : client.responses)
    fuzz::require(response.body.size() <= limits.max_body);
  return {client.interim, client.responses, client.errors.size(), client.session.reusable(),
          client.session.take_rest()};
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  Limits limits;
  if ((data[0] & 16) != 0)
    limits = {.max_head = 160,
              .max_headers = 4,
              .max_body = 30,
              .max_chunk_line = 12,
              .max_chunk_extensions = 20,
              .max_trailers = 40,
              .max_informational = 2};
  const std::string_view text = fuzz::text(data + 2, size - 2);
  const Result whole = run(limits, data[0], {text});
  fuzz::require(run(limits, data[0], fuzz::pieces(text, data[1])) == whole);
  fuzz::require(run(limits, data[0], fuzz::pieces(text, 0)) == whole);
  return 0;
}
