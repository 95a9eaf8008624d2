// One received message after the other, out of bytes as they arrive: the parser
// under ServerSession, ClientSession and Lua's http-codec. Pulls instead of calling
// back:
//
//   while (true) switch (reader.next(bytes)) {
//     case Event::need_input: return;                   // `bytes` is used up
//     case Event::head: ... reader.request() ...; break;
//     case Event::body: ... reader.chunk() ...; break;
//     case Event::end: ... reader.trailers() ...; break;
//     case Event::rest: return;                         // `bytes` is no HTTP any more
//     case Event::failed: ... reader.refusal() ...; return;
//   }
//
// The head is parsed by llhttp, in one piece. What llhttp 8 lets pass is refused
// here, since it would let two readers of one stream disagree on where a message
// ends: bare CR or LF, folded lines, white space before a colon, more than one
// Content-Length, Content-Length with Transfer-Encoding, a transfer coding other than
// chunked, in HTTP/1.0 any; no or several Host fields; control characters. Chunks
// are decoded here as strictly.
//
// Result and events (but for where the body is cut into pieces) do not depend on how
// the bytes were split. Holds at most Limits::max_head + max_trailers bytes.
#pragma once

#include <memory>
#include <string_view>

#include "http/chunked_decoder.hpp"
#include "http/head_buffer.hpp"
#include "http/limits.hpp"
#include "http/message.hpp"

namespace virgo::http {

class MessageReader {
 public:
  enum class Kind : std::uint8_t { request, response };
  enum class Event : std::uint8_t {
    need_input,  // all of `bytes` was taken
    head,        // request() or response() is filled; comes once per message
    body,        // chunk() is the next piece of the body, never empty
    end,         // the message is over; trailers() is filled
    rest,        // after a response that ends HTTP (101, 2xx to CONNECT): what follows is not ours
    failed,      // refusal() says why; every further call says the same
  };

  // `limits` must outlive the reader.
  MessageReader(Kind kind, const Limits& limits);
  ~MessageReader();
  MessageReader(const MessageReader&) = delete;
  MessageReader& operator=(const MessageReader&) = delete;

  // Goes on to the next event, taking what it needs from the front of `bytes`. The
  // head and trailers last until next() is called after Event::end; the chunk points
  // into `bytes`.
  Event next(std::string_view& bytes);

  // The connection ended: Event::end if that ends the body (Framing::until_close),
  // need_input if it came between messages, else failed.
  Event end_of_stream();

  // Of responses: what was asked with, before the head arrives: a response to HEAD has
  // no body, and one to CONNECT with 2xx ends HTTP. Lasts for one final response.
  void set_request_method(std::string_view method);

  const RequestHead& request() const { return request_; }
  const ResponseHead& response() const { return response_; }
  // Whichever of the two it is.
  const MessageHead& head() const;
  std::string_view chunk() const { return chunk_; }
  const HeaderList& trailers() const;
  const Refusal& refusal() const { return refusal_; }

  // Of the message whose head has come: body bytes still missing; UINT64_MAX if that
  // is not known.
  std::uint64_t body_left() const;
  // Between messages: not a byte of the next one has come, but for blank lines.
  bool idle() const { return state_ == State::head && buffer_.text().empty(); }
  // A head has begun and is not complete.
  bool in_head() const { return state_ == State::head && !idle(); }

 private:
  enum class State : std::uint8_t {
    head,
    no_body,
    length,
    chunked,
    until_close,
    ended,  // Event::end was given
    rest,
    failed
  };

  Event next_head(std::string_view& bytes);
  Event gather_head(std::string_view& bytes);
  Event next_length(std::string_view& bytes);
  Event next_chunked(std::string_view& bytes);
  Event next_until_close(std::string_view& bytes);
  Event begin_body();
  Event end_message();
  void begin_message();
  bool parse_head();
  Event fail(Refusal refusal);
  Event refuse(int status, const char* why, bool limit = false);

  Kind kind_;
  State state_ = State::head;
  bool ends_http_ = false;   // after this message
  bool to_head_ = false;     // the request was HEAD
  bool to_connect_ = false;  // the request was CONNECT
  const Limits& limits_;
  HeadBuffer buffer_;
  std::size_t blank_ = 0;   // bytes of blank lines in front of the head
  std::uint64_t left_ = 0;  // of a body with a length
  std::uint64_t body_ = 0;  // bytes of body so far
  RequestHead request_;
  ResponseHead response_;
  HeaderList no_trailers_;
  std::string_view chunk_;
  Refusal refusal_;
  std::unique_ptr<ChunkedDecoder> chunked_;  // made by the first chunked body
};

}  // namespace virgo::http
