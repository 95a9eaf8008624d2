// One HTTP request and its response, by a connection of its own: what a check asks a
// server. Follows redirects, measures each phase, bounds time and body. Loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "crypto/x509.hpp"
#include "uv/loop.hpp"

namespace virgo::crypto {
class TlsContext;
}

namespace virgo::net {

struct HttpRequest {
  using Fields = std::vector<std::pair<std::string, std::string>>;
  using GetTls = std::function<Result<std::shared_ptr<crypto::TlsContext>>()>;

  std::string method = "GET";
  std::string url;  // http: or https:, may have "user:password@"
  Fields headers;   // User-Agent and Accept are added unless they are here
  std::string body;
  // For basic authentication; they win over those of the URL. Not sent to another origin.
  std::string user;
  std::string password;
  std::string unix_path;    // connect to this socket; the URL says what to ask it
  std::string server_name;  // whose certificate it must be; "" = the URL's host
  GetTls tls;               // called when an https: address is met
  Duration timeout = std::chrono::seconds(10);  // all together
  std::uint64_t max_body = 1u << 20;
  bool truncate = false;  // a longer body is cut; otherwise it is an error (Errc::limit)
  unsigned follow = 0;    // redirects; the next one is the response if this is 0
};

// Of the last connection; a phase there was not is 0.
struct HttpPhases {
  Duration dns{};
  Duration connect{};
  Duration tls{};
  Duration first_byte{};  // from the request's being written to the response's beginning
  Duration total{};       // of everything, redirects included
};

struct HttpResponse {
  int status = 0;
  std::string reason;
  int minor = 1;                // of HTTP/1.minor
  HttpRequest::Fields headers;  // as they came, in order
  std::string body;
  bool truncated = false;
  std::string url;  // that answered, without user and password
  std::string peer;
  unsigned redirects = 0;
  HttpPhases phases;
  std::string tls_version;  // "" without TLS
  std::optional<crypto::PeerCertificate> certificate;
};

class HttpExchange {
 public:
  // The error's message begins with method and URL. Errc::invalid (the request, or a
  // response that is no HTTP), limit (the body, or redirects), timeout, closed, denied
  // (certificate), io, not_found (name).
  using Done = std::function<void(Result<HttpResponse>)>;
  // `done` is called once, from the loop, never from the constructor; it may destroy this.
  // Destroying it before gives up.
  HttpExchange(uv::Loop& loop, HttpRequest request, Done done);
  ~HttpExchange();
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace virgo::net
