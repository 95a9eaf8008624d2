// The heads of received messages. All views are into the buffer of the reader or
// session that made them, and last until the message is over.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/headers.hpp"

namespace virgo::http {

// How the end of a message's body is known.
enum class Framing : std::uint8_t {
  none,         // there is no body
  length,       // Content-Length
  chunked,      // Transfer-Encoding: chunked
  until_close,  // the end of the connection; responses only
};

struct MessageHead {
  int minor = 1;  // of HTTP/1.minor: 0 or 1
  HeaderList headers;
  Framing framing = Framing::none;
  std::uint64_t content_length = 0;  // with Framing::length: at least 1
  // The sender is willing to go on with this connection after the message.
  bool keep_alive = true;
  // The protocols offered or chosen: the value of the Upgrade field, if Connection
  // lists it too. "" otherwise, and in HTTP/1.0.
  std::string_view upgrade;
};

struct RequestHead : MessageHead {
  std::string_view method;  // upper case as it came, one that llhttp knows
  std::string_view target;  // as it came
  // Host and port the request is for: of an absolute target or of CONNECT from the
  // target, otherwise the Host field. "" only in HTTP/1.0.
  std::string_view authority;
  // Path and query: of an absolute target what stands behind the authority ("/" if that
  // is nothing; it begins with '?' if there is only a query), "*" of OPTIONS *, "" of
  // CONNECT.
  std::string_view path;
  // The client waits for "100 Continue" before it sends the body.
  bool expect_continue = false;

  bool is_connect() const { return method == "CONNECT"; }
};

struct ResponseHead : MessageHead {
  int status = 0;           // 100 to 599
  std::string_view reason;  // may be empty
};

}  // namespace virgo::http
