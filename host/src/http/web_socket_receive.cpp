// Receiving of a WebSocket.
#include <algorithm>
#include <cstring>

#include "base/text.hpp"
#include "http/web_socket.hpp"

namespace virgo::http {
namespace {

constexpr std::size_t kKeep = 4096;

unsigned byte_at(const char* at) {
  return static_cast<unsigned char>(*at);
}

bool is_control(unsigned opcode) {
  return opcode >= 8;
}

// Bytes a UTF-8 character has by its first one; 1 if that begins none.
std::size_t announced_length(unsigned char first) {
  if (first >= 0xf0) return 4;
  if (first >= 0xe0) return 3;
  return first >= 0xc0 ? 2 : 1;
}

// True if `text`, shorter than announced, may still become a character: by standing in for
// the bytes to come with those that are the least likely to be refused.
bool may_become_utf8(std::string_view text) {
  char whole[4] = {'\x80', '\x80', '\x80', '\x80'};
  std::memcpy(whole, text.data(), text.size());
  const std::size_t length = announced_length(static_cast<unsigned char>(text.front()));
  if (text.size() >= length) return false;
  if (utf8_length({whole, length}) == length) return true;
  if (text.size() > 1) return false;
  // Which second byte is right depends on the first.
  whole[1] = '\xa0';
  if (utf8_length({whole, length}) == length) return true;
  whole[1] = '\x90';
  return utf8_length({whole, length}) == length;
}

}  // namespace

void WebSocket::feed(std::string_view bytes) {
  while (!dead_) {
    if (!in_payload_) {
      if (!take_head(bytes)) return;
      if (dead_) return;
    }
    if (left_ > 0) {
      if (bytes.empty()) return;
      take_payload(bytes);
      if (dead_ || left_ > 0) continue;
    }
    in_payload_ = false;
    head_size_ = 0;
    end_frame();
  }
}

// False if more bytes are needed. Afterwards the frame has begun, or the socket is closed.
bool WebSocket::take_head(std::string_view& bytes) {
  while (true) {
    std::size_t need = 2;
    if (head_size_ >= 2) {
      const unsigned length = byte_at(head_ + 1) & 0x7f;
      need += length == 127 ? 8 : length == 126 ? 2 : 0;
      if (role_ == Role::server) need += 4;
    }
    if (head_size_ == need) break;
    const std::size_t piece = std::min(need - head_size_, bytes.size());
    std::copy_n(bytes.data(), piece, head_ + head_size_);
    bytes.remove_prefix(piece);
    head_size_ = static_cast<std::uint8_t>(head_size_ + piece);
    if (head_size_ < need) return false;
    // What is wrong in the first two bytes is found before the others are waited for.
    if (head_size_ == 2 && !check_head()) return true;
  }
  begin_frame();
  return true;
}

// The first two bytes of a frame.
bool WebSocket::check_head() {
  const unsigned first = byte_at(head_);
  const unsigned second = byte_at(head_ + 1);
  const unsigned opcode = first & 0x0f;
  const auto refuse = [&](const char* why) {
    break_off(close_code::kProtocolError, why);
    return false;
  };
  if ((first & 0x70) != 0) return refuse("a reserved bit is set");
  if ((opcode > 2 && opcode < 8) || opcode > 10) return refuse("the opcode is not known");
  if (((second & 0x80) != 0) != (role_ == Role::server))
    return refuse(role_ == Role::server ? "a frame is not masked" : "a frame is masked");
  last_ = (first & 0x80) != 0;
  opcode_ = static_cast<Opcode>(opcode);
  if (is_control(opcode)) {
    if (!last_) return refuse("a control frame is fragmented");
    if ((second & 0x7f) > sizeof control_) return refuse("a control frame is too long");
  } else if (opcode_ == Opcode::continuation) {
    if (!in_message_) return refuse("a continuation frame continues nothing");
  } else if (in_message_) {
    return refuse("a message begins within another one");
  }
  return true;
}

// The head is complete.
void WebSocket::begin_frame() {
  const char* at = head_ + 2;
  std::uint64_t size = byte_at(head_ + 1) & 0x7f;
  const std::size_t length_bytes = size == 127 ? 8 : size == 126 ? 2 : 0;
  if (length_bytes > 0) {
    size = 0;
    for (std::size_t i = 0; i < length_bytes; ++i) size = size << 8 | byte_at(at++);
    const std::uint64_t least = length_bytes == 8 ? 0x10000 : 126;
    if (size < least || size >> 63 != 0)
      return break_off(close_code::kProtocolError, "a length is not written as it should");
  }
  if (role_ == Role::server) std::copy_n(at, sizeof mask_, mask_);
  left_ = size;
  taken_ = 0;
  in_payload_ = true;
  if (is_control(static_cast<unsigned>(opcode_))) {
    control_size_ = 0;
    return;
  }
  if (opcode_ != Opcode::continuation) {
    in_message_ = true;
    kind_ = opcode_ == Opcode::text ? Kind::text : Kind::binary;
    checked_ = 0;
  }
  if (size > options_.max_message - message_.size())
    break_off(close_code::kTooBig, "the message is too large");
}

void WebSocket::take_payload(std::string_view& bytes) {
  const auto piece = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
  const bool control = is_control(static_cast<unsigned>(opcode_));
  char* to = control_ + control_size_;
  if (control) {
    control_size_ = static_cast<std::uint8_t>(control_size_ + piece);
  } else {
    message_.resize(message_.size() + piece);
    to = message_.data() + message_.size() - piece;
  }
  if (role_ == Role::server) {
    unmask(to, bytes.data(), piece);
  } else {
    std::copy_n(bytes.data(), piece, to);
  }
  bytes.remove_prefix(piece);
  left_ -= piece;
  taken_ += piece;
  if (!control && kind_ == Kind::text && !check_text(false))
    break_off(close_code::kBadData, "the text is not UTF-8");
}

void WebSocket::unmask(char* to, const char* from, std::size_t size) {
  // The mask as it falls on this piece, eight bytes at a time.
  char mask[8];
  for (std::size_t i = 0; i < sizeof mask; ++i) mask[i] = mask_[(taken_ + i) % 4];
  std::uint64_t wide = 0;
  std::memcpy(&wide, mask, sizeof wide);
  std::size_t i = 0;
  for (; i + sizeof wide <= size; i += sizeof wide) {
    std::uint64_t word = 0;
    std::memcpy(&word, from + i, sizeof word);
    word ^= wide;
    std::memcpy(to + i, &word, sizeof word);
  }
  for (; i < size; ++i) to[i] = static_cast<char>(from[i] ^ mask[i % 4]);
}

// What of the message is whole characters moves checked_ on. `whole`: nothing more comes.
bool WebSocket::check_text(bool whole) {
  std::string_view rest = std::string_view(message_).substr(checked_);
  while (!rest.empty()) {
    const auto first = static_cast<unsigned char>(rest.front());
    std::size_t length = 1;
    if (first >= 0x80) {
      length = utf8_length(rest);
      if (length == 0) {
        if (whole || rest.size() >= announced_length(first) || !may_become_utf8(rest)) return false;
        break;
      }
    }
    rest.remove_prefix(length);
  }
  checked_ = message_.size() - rest.size();
  return true;
}

void WebSocket::end_frame() {
  if (is_control(static_cast<unsigned>(opcode_))) return end_control();
  if (!last_) return;
  in_message_ = false;
  if (kind_ == Kind::text && !check_text(true))
    return break_off(close_code::kBadData, "the text is not UTF-8");
  // The handler may send while it reads, hence not from message_.
  std::string payload = std::move(message_);
  message_.clear();
  handler_.on_message(kind_, payload);
  payload.clear();
  if (payload.capacity() <= kKeep) message_ = std::move(payload);
}

void WebSocket::end_control() {
  const std::string_view payload(control_, control_size_);
  switch (opcode_) {
    case Opcode::ping:
      if (options_.auto_pong && !close_sent_) (void)pong(payload);
      return handler_.on_ping(payload);
    case Opcode::pong:
      return handler_.on_pong(payload);
    default:
      return on_close_frame(payload);
  }
}

void WebSocket::on_close_frame(std::string_view payload) {
  std::uint16_t code = close_code::kNone;
  std::string_view reason;
  if (payload.size() == 1)
    return break_off(close_code::kProtocolError, "a close frame has half a code");
  if (payload.size() >= 2) {
    code = static_cast<std::uint16_t>(byte_at(payload.data()) << 8 | byte_at(payload.data() + 1));
    reason = payload.substr(2);
    if (!is_close_code(code))
      return break_off(close_code::kProtocolError, "a close frame has a code that is not valid");
    for (std::string_view rest = reason; !rest.empty();) {
      const std::size_t length = utf8_length(rest);
      if (length == 0) return break_off(close_code::kBadData, "a close reason is not UTF-8");
      rest.remove_prefix(length);
    }
  }
  if (!close_sent_) (void)close(code, {});
  tell_closed(code, reason);
}

}  // namespace virgo::http
