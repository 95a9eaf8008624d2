#include "crypto/ticket_keys.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <span>

#include "crypto/random.hpp"

namespace virgo::crypto {
namespace {

void wipe(TicketKey& key) {
  OPENSSL_cleanse(&key, sizeof key);
}

Result<TicketKey> make_key() {
  TicketKey key;
  for (const std::span<unsigned char> part :
       {std::span<unsigned char>(key.name), std::span<unsigned char>(key.cipher),
        std::span<unsigned char>(key.mac)})
    if (const auto filled = fill_random(part); !filled) return filled.error();
  return key;
}

}  // namespace

TicketKeys::~TicketKeys() {
  if (current_) wipe(current_->key);
  if (previous_) wipe(previous_->key);
}

void TicketKeys::forget_old(TimePoint now) {
  if (current_ && now - current_->made >= kLife) {
    if (previous_) wipe(previous_->key);
    previous_ = current_;
    wipe(current_->key);
    current_.reset();
  }
  if (previous_ && now - previous_->made >= 2 * kLife) {
    wipe(previous_->key);
    previous_.reset();
  }
}

Result<TicketKey> TicketKeys::current() {
  const std::lock_guard lock(mutex_);
  const TimePoint now = clock_.now();
  forget_old(now);
  if (!current_) {
    auto key = make_key();
    if (!key) return key.error();
    current_ = Aged{*key, now};
  }
  return current_->key;
}

std::optional<TicketKeys::Found> TicketKeys::find(const unsigned char (&name)[16]) {
  const std::lock_guard lock(mutex_);
  forget_old(clock_.now());
  const auto is = [&](const std::optional<Aged>& key) {
    return key && std::equal(key->key.name.begin(), key->key.name.end(), name);
  };
  if (is(current_)) return Found{current_->key, true};
  if (is(previous_)) return Found{previous_->key, false};
  return std::nullopt;
}

}  // namespace virgo::crypto
