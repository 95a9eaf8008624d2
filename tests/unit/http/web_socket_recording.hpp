// A WebSocket whose events are written down, and frames as bytes. For the tests and the
// fuzz target.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/web_socket.hpp"

namespace virgo::http {

class RecordingSocket final : public WebSocket::Handler {
 public:
  explicit RecordingSocket(WebSocket::Role role, WebSocket::Options options = {})
      : socket(role, with_mask(std::move(options)), *this) {}

  WebSocket socket;
  std::vector<std::string> events;

  void on_message(WebSocket::Kind kind, std::string_view payload) override {
    events.push_back((kind == WebSocket::Kind::text ? "text " : "binary ") + std::string(payload));
  }
  void on_ping(std::string_view payload) override {
    events.push_back("ping " + std::string(payload));
  }
  void on_pong(std::string_view payload) override {
    events.push_back("pong " + std::string(payload));
  }
  void on_close(std::uint16_t code, std::string_view reason) override {
    events.push_back("close " + std::to_string(code) + " " + std::string(reason));
  }

  std::string output() {
    std::string out(socket.output());
    socket.clear_output();
    return out;
  }

 private:
  static WebSocket::Options with_mask(WebSocket::Options options) {
    if (!options.random_mask) options.random_mask = [] { return 0x37fa213du; };
    return options;
  }
};

// One frame, its length as short as it can be; with a mask if `masked`.
inline std::string frame(unsigned first, std::string_view payload, bool masked) {
  std::string out(1, static_cast<char>(first));
  const std::size_t size = payload.size();
  const auto put = [&](std::size_t value) { out += static_cast<char>(value & 0xff); };
  const unsigned bit = masked ? 0x80 : 0;
  if (size < 126) {
    put(bit | size);
  } else if (size < 65536) {
    put(bit | 126);
    put(size >> 8);
    put(size);
  } else {
    put(bit | 127);
    for (int shift = 56; shift >= 0; shift -= 8) put(size >> shift);
  }
  if (!masked) return out.append(payload);
  const char mask[4] = {'\x12', '\x00', '\xff', '\x5a'};
  out.append(mask, 4);
  for (std::size_t i = 0; i < size; ++i) out += static_cast<char>(payload[i] ^ mask[i % 4]);
  return out;
}

}  // namespace virgo::http
