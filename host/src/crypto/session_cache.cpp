#include "crypto/session_cache.hpp"

#include <openssl/ssl.h>

namespace virgo::crypto {

void SessionFree::operator()(ssl_session_st* session) const noexcept {
  SSL_SESSION_free(session);
}

void SessionCache::put(const std::string& server, SessionPtr session) {
  const std::lock_guard lock(mutex_);
  kept_.push_back({server, std::move(session)});
  std::size_t same = 0;
  for (std::size_t i = kept_.size(); i-- > 0;) {
    if (kept_[i].server != server || ++same <= kMostOfOne) continue;
    kept_.erase(kept_.begin() + static_cast<std::ptrdiff_t>(i));
    break;
  }
  if (kept_.size() > kMost) kept_.pop_front();
}

SessionPtr SessionCache::take(std::string_view server) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = kept_.size(); i-- > 0;) {
    if (kept_[i].server != server) continue;
    SSL_SESSION* session = kept_[i].session.get();
    const bool usable = SSL_SESSION_is_resumable(session) == 1;
    const bool once = SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION;
    if (usable && !once) {
      SSL_SESSION_up_ref(session);
      return SessionPtr(session);
    }
    SessionPtr taken = std::move(kept_[i].session);
    kept_.erase(kept_.begin() + static_cast<std::ptrdiff_t>(i));
    if (usable) return taken;
  }
  return nullptr;
}

std::size_t SessionCache::size() const {
  const std::lock_guard lock(mutex_);
  return kept_.size();
}

}  // namespace virgo::crypto
