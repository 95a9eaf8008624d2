// WebSocket frames of a peer: the same events and the same answer however the bytes
// arrive; what is answered is valid itself.
#include "fuzz/fuzz.hpp"
#include "fuzz/pieces.hpp"
#include "unit/http/web_socket_recording.hpp"

namespace {

using namespace virgo::http;
using Role = WebSocket::Role;

struct Result {
  std::vector<std::string> events;
  std::string output;
  bool wants_close = false;

  bool operator==(const Result&) const = default;
};

Result run(Role role, std::size_t max_message, const std::vector<std::string_view>& pieces) {
  WebSocket::Options options;
  options.max_message = max_message;
  RecordingSocket peer(role, options);
  for (const std::string_view piece : pieces) peer.socket.feed(piece);
  if (!peer.socket.wants_close()) {
    // Echoed, so that sending is tried as well.
    for (const std::string& event : std::vector<std::string>(peer.events)) {
      if (event.starts_with("text "))
        fuzz::require(peer.socket.send(WebSocket::Kind::text, event.substr(5)).ok());
      if (event.starts_with("binary "))
        fuzz::require(peer.socket.send(WebSocket::Kind::binary, event.substr(7)).ok());
      fuzz::require(event.size() <= max_message + 7 || event.starts_with("p"));
    }
  }
  Result result{peer.events, peer.output(), peer.socket.wants_close()};
  peer.socket.end_of_stream();
  std::size_t closes = 0;
  for (const std::string& event : peer.events) closes += event.starts_with("close ") ? 1 : 0;
  fuzz::require(closes == 1);
  return result;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const Role role = (data[0] & 1) != 0 ? Role::client : Role::server;
  const std::size_t max_message = (data[0] & 2) != 0 ? 20 : 1u << 20;
  const std::string_view text = fuzz::text(data + 2, size - 2);
  const Result whole = run(role, max_message, {text});
  fuzz::require(run(role, max_message, fuzz::pieces(text, data[1])) == whole);
  fuzz::require(run(role, max_message, fuzz::pieces(text, 0)) == whole);

  RecordingSocket reader(role == Role::client ? Role::server : Role::client);
  reader.socket.feed(whole.output);
  for (const std::string& event : reader.events)
    fuzz::require(!event.starts_with("close ") || whole.wants_close);
  return 0;
}
