// Sending, and the ends of a WebSocket.
#include "http/web_socket.hpp"

#include "base/format.hpp"
#include "base/text.hpp"

namespace virgo::http {
namespace {

constexpr std::size_t kKeep = 4096;
constexpr std::size_t kMaxControl = 125;

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = static_cast<signed char>(text.front()) >= 0 ? 1 : utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

char low_byte(std::uint64_t value) {
  return static_cast<char>(value & 0xff);
}

}  // namespace

bool is_close_code(std::uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
         (code >= 3000 && code <= 4999);
}

WebSocket::WebSocket(Role role, Options options, Handler& handler)
    : role_(role), options_(std::move(options)), handler_(handler) {}

void WebSocket::clear_output() {
  if (output_.capacity() > kKeep) {
    std::string().swap(output_);
  } else {
    output_.clear();
  }
}

void WebSocket::abort() {
  dead_ = close_sent_ = closed_ = true;
}

void WebSocket::end_of_stream() {
  if (!dead_) tell_closed(close_code::kAbnormal, "the connection ended without a close frame");
}

void WebSocket::tell_closed(std::uint16_t code, std::string_view reason) {
  dead_ = close_sent_ = closed_ = true;
  handler_.on_close(code, reason);
}

void WebSocket::break_off(std::uint16_t code, const char* why) {
  if (!close_sent_) (void)close(code, why);
  tell_closed(code, why);
}

Result<void> WebSocket::check_sending() const {
  if (close_sent_) return Error{Errc::closed, "the WebSocket is closed"};
  if (role_ == Role::client && !options_.random_mask)
    return Error{Errc::failed, "a WebSocket client needs a source of masks"};
  return {};
}

Result<void> WebSocket::send(Kind kind, std::string_view payload) {
  if (kind == Kind::text && !is_utf8(payload))
    return Error{Errc::invalid, "the text message is not UTF-8"};
  if (sending_fragments_)
    return Error{Errc::invalid, "a message is being sent in fragments; end it first"};
  return send_fragment(kind, payload, true);
}

Result<void> WebSocket::send_fragment(Kind kind, std::string_view payload, bool last) {
  if (auto good = check_sending(); !good) return good;
  const Opcode first = kind == Kind::text ? Opcode::text : Opcode::binary;
  write_frame(sending_fragments_ ? Opcode::continuation : first, last, payload);
  sending_fragments_ = !last;
  return {};
}

Result<void> WebSocket::send_control(Opcode opcode, std::string_view payload) {
  if (auto good = check_sending(); !good) return good;
  if (payload.size() > kMaxControl)
    return Error{Errc::invalid, format("a ping or pong carries at most {} bytes", kMaxControl)};
  write_frame(opcode, true, payload);
  return {};
}

Result<void> WebSocket::ping(std::string_view payload) {
  return send_control(Opcode::ping, payload);
}
Result<void> WebSocket::pong(std::string_view payload) {
  return send_control(Opcode::pong, payload);
}

Result<void> WebSocket::close(std::uint16_t code, std::string_view reason) {
  if (auto good = check_sending(); !good) return good;
  if (code == close_code::kNone) {
    if (!reason.empty()) return Error{Errc::invalid, "a reason needs a close code"};
    write_frame(Opcode::close, true, {});
  } else {
    if (!is_close_code(code)) return Error{Errc::invalid, format("{} is no close code", code)};
    if (reason.size() > kMaxControl - 2 || !is_utf8(reason))
      return Error{Errc::invalid,
                   format("a close reason is UTF-8 of at most {} bytes", kMaxControl - 2)};
    std::string payload{low_byte(code >> 8), low_byte(code)};
    payload.append(reason);
    write_frame(Opcode::close, true, payload);
  }
  close_sent_ = true;
  return {};
}

void WebSocket::write_frame(Opcode opcode, bool last, std::string_view payload) {
  const std::uint64_t size = payload.size();
  const bool masked = role_ == Role::client;
  output_.reserve(output_.size() + payload.size() + kMaxFrameHead);
  output_.push_back(low_byte(static_cast<unsigned>(opcode) | (last ? 0x80u : 0u)));
  const unsigned mask_bit = masked ? 0x80 : 0;
  int length_bytes = 0;
  if (size < 126) {
    output_.push_back(low_byte(mask_bit | size));
  } else if (size <= 0xffff) {
    output_.push_back(low_byte(mask_bit | 126));
    length_bytes = 2;
  } else {
    output_.push_back(low_byte(mask_bit | 127));
    length_bytes = 8;
  }
  while (length_bytes-- > 0) output_.push_back(low_byte(size >> (8 * length_bytes)));
  if (!masked) {
    output_.append(payload);
    return;
  }
  const std::uint32_t random = options_.random_mask();
  const char mask[4] = {low_byte(random >> 24), low_byte(random >> 16), low_byte(random >> 8),
                        low_byte(random)};
  output_.append(mask, sizeof mask);
  for (std::size_t i = 0; i < payload.size(); ++i)
    output_.push_back(static_cast<char>(payload[i] ^ mask[i % 4]));
}

}  // namespace virgo::http
