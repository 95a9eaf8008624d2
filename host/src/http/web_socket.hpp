// WebSocket frames (RFC 6455) as a codec, both roles, without extensions. Fed after the
// handshake (web_socket_handshake.hpp) with what follows it. Not thread-safe.
//
//   socket.feed(bytes);
//   connection.write(socket.output()); socket.clear_output();
//   if (socket.wants_close()) close the connection when written
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace virgo::http {

namespace close_code {
inline constexpr std::uint16_t kNormal = 1000;
inline constexpr std::uint16_t kGoingAway = 1001;
inline constexpr std::uint16_t kProtocolError = 1002;
inline constexpr std::uint16_t kUnsupported = 1003;
inline constexpr std::uint16_t kNone = 1005;      // there was none; never sent
inline constexpr std::uint16_t kAbnormal = 1006;  // no close frame came; never sent
inline constexpr std::uint16_t kBadData = 1007;   // text that is not UTF-8
inline constexpr std::uint16_t kPolicy = 1008;
inline constexpr std::uint16_t kTooBig = 1009;
inline constexpr std::uint16_t kInternal = 1011;
}  // namespace close_code

// What may stand in a close frame: 1000-1003, 1007-1014, 3000-4999.
bool is_close_code(std::uint16_t code);

class WebSocket {
 public:
  enum class Role : std::uint8_t { client, server };
  enum class Kind : std::uint8_t { text, binary };

  struct Options {
    // Of a received message, all fragments together. Beyond: close with 1009.
    std::size_t max_message = std::size_t{16} * 1024 * 1024;
    // Pings are answered by themselves.
    bool auto_pong = true;
    // Of clients: 4 unpredictable bytes per call (RFC 6455, section 5.3). Needed there;
    // without it sending is Errc::failed.
    std::function<std::uint32_t()> random_mask;
  };

  // Called from inside feed() and end_of_stream(). May call every function of the socket
  // but these two; must not destroy it (abort() ends the calls).
  class Handler {
   public:
    // A whole message; text is valid UTF-8. `payload` lasts for the call.
    virtual void on_message(Kind kind, std::string_view payload) = 0;
    virtual void on_ping(std::string_view payload) = 0;
    virtual void on_pong(std::string_view payload) = 0;
    // Once, and nothing follows. `code`: the peer's, kNone if its frame had none;
    // kAbnormal when the stream ended without one; or, if the peer broke the protocol, the
    // code it was answered with, `reason` saying what it did.
    virtual void on_close(std::uint16_t code, std::string_view reason) = 0;

   protected:
    ~Handler() = default;
  };

  // `handler` must outlive the socket.
  WebSocket(Role role, Options options, Handler& handler);
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;

  // ---- the way in

  // Takes all of `bytes`; ignored once on_close() was called. Holds one message at most.
  void feed(std::string_view bytes);
  void end_of_stream();

  // ---- the way out; each appends to output()

  // Errc::closed after close() or the peer's close; Errc::invalid for text that is not
  // UTF-8, a control payload over 125 bytes, within a fragmented message another message.
  Result<void> send(Kind kind, std::string_view payload);
  // In fragments: the first names the kind, `last` ends the message. Text may be cut
  // anywhere; whether it is UTF-8 is the caller's affair.
  Result<void> send_fragment(Kind kind, std::string_view payload, bool last);
  Result<void> ping(std::string_view payload);
  Result<void> pong(std::string_view payload);
  // Begins the closing handshake: with kNone a frame without code. Reason: UTF-8, at most
  // 123 bytes. Messages of the peer still come until its close frame does.
  Result<void> close(std::uint16_t code, std::string_view reason);

  // Bytes to send, until the next call of a function that is not const.
  std::string_view output() const { return output_; }
  void clear_output();

  // Our close frame is written: nothing more can be sent.
  bool closing() const { return close_sent_; }
  // Both have closed, or the peer broke the protocol: to be closed when output() is sent.
  // The server closes first, a client waits for that for a while.
  bool wants_close() const { return closed_; }

  // Nothing is called any more.
  void abort();

 private:
  // A frame's head: 2 bytes, up to 8 of length, 4 of mask.
  static constexpr std::size_t kMaxFrameHead = 14;
  enum class Opcode : std::uint8_t {
    continuation = 0,
    text = 1,
    binary = 2,
    close = 8,
    ping = 9,
    pong = 10
  };

  bool take_head(std::string_view& bytes);
  bool check_head();
  void begin_frame();
  void take_payload(std::string_view& bytes);
  void unmask(char* to, const char* from, std::size_t size);
  bool check_text(bool whole);
  void end_frame();
  void end_control();
  void on_close_frame(std::string_view payload);
  void break_off(std::uint16_t code, const char* why);
  void tell_closed(std::uint16_t code, std::string_view reason);
  Result<void> check_sending() const;
  Result<void> send_control(Opcode opcode, std::string_view payload);
  void write_frame(Opcode opcode, bool last, std::string_view payload);

  Role role_;
  Options options_;
  Handler& handler_;
  std::string output_;

  // The frame being received.
  char head_[kMaxFrameHead] = {};
  std::uint8_t head_size_ = 0;  // bytes of the head that have come
  bool in_payload_ = false;     // the head is complete
  Opcode opcode_ = Opcode::continuation;
  bool last_ = false;
  char mask_[4] = {};
  std::uint64_t left_ = 0;   // bytes of payload to come
  std::uint64_t taken_ = 0;  // and that have come
  char control_[125] = {};   // payload of a control frame
  std::uint8_t control_size_ = 0;

  // The message being received.
  bool in_message_ = false;
  Kind kind_ = Kind::text;
  std::string message_;
  std::size_t checked_ = 0;  // of text: bytes known to be UTF-8

  bool sending_fragments_ = false;
  bool close_sent_ = false;
  bool closed_ = false;
  bool dead_ = false;  // on_close() was called, or abort()
};

}  // namespace virgo::http
