// The keys a server seals its session tickets with: made here, never stored,
// changed every hour. A ticket sealed with the key before the current one is
// still opened, so each is good for one to two hours. Internal to crypto/.
// Thread-safe.
#pragma once

#include <array>
#include <mutex>
#include <optional>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace virgo::crypto {

struct TicketKey {
  std::array<unsigned char, 16> name{};
  std::array<unsigned char, 32> cipher{};  // AES-256-CBC
  std::array<unsigned char, 32> mac{};     // HMAC-SHA-256
};

class TicketKeys {
 public:
  static constexpr Duration kLife = std::chrono::hours(1);

  explicit TicketKeys(const Clock& clock) : clock_(clock) {}
  ~TicketKeys();
  TicketKeys(const TicketKeys&) = delete;
  TicketKeys& operator=(const TicketKeys&) = delete;

  // The key to seal with now. Fails if the system has no randomness to give.
  Result<TicketKey> current();
  struct Found {
    TicketKey key;
    bool current;
  };
  // The key of that name, if it is still believed.
  std::optional<Found> find(const unsigned char (&name)[16]);

 private:
  struct Aged {
    TicketKey key;
    TimePoint made;
  };
  void forget_old(TimePoint now);
  const Clock& clock_;
  std::mutex mutex_;
  std::optional<Aged> current_;   // guarded by mutex_
  std::optional<Aged> previous_;  // guarded by mutex_
};

}  // namespace virgo::crypto
