// The opening handshake of a WebSocket (RFC 6455, section 4): which requests ask for
// one, and the header fields of both sides. The accept value,
// base64(SHA-1(key + kAcceptGuid)), is computed by who has SHA-1.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "http/limits.hpp"
#include "http/message.hpp"

namespace virgo::http {

inline constexpr std::string_view kAcceptGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

// True if the request asks for a WebSocket, be it in a wrong way: GET with an Upgrade
// that lists "websocket".
bool asks_for_web_socket(const RequestHead& head);

// What such a request says; the views are those of the head.
struct WebSocketRequest {
  std::string_view key;                     // Sec-WebSocket-Key
  std::vector<std::string_view> protocols;  // Sec-WebSocket-Protocol, in order
  std::string_view origin;                  // Origin, "" if there is none
};

// Nullopt and `refusal` filled: 400, or 426 with another version than 13 (answer it with
// "Sec-WebSocket-Version: 13").
std::optional<WebSocketRequest> read_web_socket_request(const RequestHead& head, Refusal* refusal);

// For ServerSession::accept_upgrade(). The views given must outlive the result. `protocol`
// is one of those offered, or "".
std::vector<Header> web_socket_response(std::string_view accept, std::string_view protocol);

// For ClientSession: a GET with these. `key` is 16 random bytes in base64; `protocols`
// a comma-separated list, or "".
std::vector<Header> web_socket_request(std::string_view key, std::string_view protocols);

// Holds the server's 101 against what was asked. Gives the protocol chosen, "" if none;
// Errc::invalid with what is wrong.
Result<std::string_view> check_web_socket_response(const ResponseHead& head,
                                                   std::string_view expected_accept,
                                                   std::string_view protocols);

}  // namespace virgo::http
