// The TLS sessions a client may resume, by server. Internal to crypto/.
// Thread-safe.
#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <string_view>

#include "crypto/openssl_handles.hpp"

struct ssl_session_st;

namespace virgo::crypto {

struct SessionFree {
  void operator()(ssl_session_st* session) const noexcept;
};
using SessionPtr = std::unique_ptr<ssl_session_st, SessionFree>;

class SessionCache {
 public:
  // The oldest goes when there are more, of all servers or of one.
  static constexpr std::size_t kMost = 256;
  static constexpr std::size_t kMostOfOne = 4;

  void put(const std::string& server, SessionPtr session);
  // The newest that can be resumed, or null. A session of TLS 1.3 is given out
  // once, so that who listens cannot tell two connections to be of one client.
  SessionPtr take(std::string_view server);
  std::size_t size() const;

 private:
  struct Kept {
    std::string server;
    SessionPtr session;
  };
  mutable std::mutex mutex_;
  std::deque<Kept> kept_;  // the newest at the end
};

}  // namespace virgo::crypto
