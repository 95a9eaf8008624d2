// What a reader of HTTP/1.1 must take and what it must refuse, as bytes: for the codecs
// (conformance_test.cpp) and for a server or client on a socket. Sections are those of
// RFC 9112 unless another RFC is named. All hold for the default http::Limits.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace virgo::conformance {

struct Request {
  std::string method;
  std::string target;
  std::string body;

  bool operator==(const Request&) const = default;
};

// One connection to a server.
struct RequestCase {
  std::string name;
  const char* section;
  std::string raw;                // all that the client sends
  std::vector<Request> accepted;  // the requests that are handed out, in this order
  // The status of the refusal behind them, after which the connection closes; 0: none.
  int refused = 0;
};

// How the exchange ends for a client that has sent one request.
enum class Outcome {
  waiting,   // more has to come
  kept,      // the response ended, the connection takes another request
  closed,    // the response ended, the connection takes no other
  upgraded,  // HTTP ended, what follows is in `rest`
  failed,    // the client gives up, be it within, before or behind the response
};

struct ResponseCase {
  std::string name;
  const char* section;
  std::string method;  // of the request, which asks for an upgrade to "foo"
  std::string raw;     // all that the server sends
  bool eof;            // and then it closes
  Outcome outcome;
  int status = 0;    // of the response that is handed out, 0 if none is
  std::string body;  // as far as it is handed out
  std::string rest = {};
  int interim = 0;  // responses before it
};

inline std::string repeat(std::string_view text, std::size_t times) {
  std::string out;
  while (times-- > 0) out += text;
  return out;
}

// A GET with these fields, each with its line end.
inline std::string get(std::string_view fields, std::string_view body = {}) {
  return "GET /a HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

inline std::string post(std::string_view fields, std::string_view body = {}) {
  return "POST /p HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

inline std::string chunked(std::string_view chunks) {
  return post("Transfer-Encoding: chunked\r\n", chunks);
}

// What an attacker would like to be taken for a request of its own.
inline const std::string kSmuggled = "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n";

inline RequestCase accept(std::string name, const char* section, std::string raw,
                          std::vector<Request> requests) {
  return {std::move(name), section, std::move(raw), std::move(requests), 0};
}

// Refused at once: nothing is handed out, whatever follows.
inline RequestCase refuse(std::string name, const char* section, std::string raw, int status) {
  return {std::move(name), section, std::move(raw) + kSmuggled, {}, status};
}

// Refused within the body of a request that is handed out.
inline RequestCase break_off(std::string name, const char* section, std::string raw,
                             Request request, int status) {
  return {std::move(name), section, std::move(raw), {std::move(request)}, status};
}

const std::vector<RequestCase>& request_cases();
const std::vector<ResponseCase>& response_cases();

}  // namespace virgo::conformance

#include "unit/http/conformance_requests.hpp"
#include "unit/http/conformance_responses.hpp"
