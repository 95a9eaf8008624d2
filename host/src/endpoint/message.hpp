// The envelope of the endpoint protocol: one JSON object per line, requests and
// their responses in both directions (host/docs/protocol.md). Plain values.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "json/value.hpp"

namespace virgo::endpoint {

// A line without its end, and so a message, is at most this long.
inline constexpr std::size_t kMaxLine = 1u << 20;

// What a response carries instead of a result.
struct RemoteError {
  int code = 0;
  std::string type;  // may be ""
  std::string message;
};

struct Message {
  bool is_request = false;  // `method` was present
  bool failed = false;      // response with an error
  json::Value id;           // opaque: echoed as it was written
  std::string source;
  std::string target;
  std::string method;  // request
  json::Value body;    // request: params; response: result
  RemoteError error;   // failed response
};

// Refuses what is no JSON object, has no usable id (a number or a string of at
// most 256 bytes), or another version than "1".
// The error's sentence quotes the start of a line that is not JSON at all.
Result<Message> parse_message(std::string_view line);

// Who speaks to whom.
struct Names {
  std::string source;
  std::string target;
};

// Lines, with their end. `params` and `result` are JSON text.
std::string request_line(const Names& names, std::uint64_t id, std::string_view method,
                         std::string_view params);
std::string response_line(const Names& names, const json::Value& id, std::string_view result);
std::string error_line(const Names& names, const json::Value& id, const RemoteError& error);

}  // namespace virgo::endpoint
