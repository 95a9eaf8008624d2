#include "crypto/random.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>

#include "base/format.hpp"
#include "crypto/openssl_handles.hpp"

namespace virgo::crypto {

// OpenSSL counts in int.
Result<void> fill_random(std::span<unsigned char> bytes) {
  const QueueGuard guard;
  constexpr std::size_t kStep = std::size_t{1} << 30;
  while (!bytes.empty()) {
    const auto part = bytes.first(std::min(bytes.size(), kStep));
    if (RAND_bytes(part.data(), static_cast<int>(part.size())) != 1)
      return Error{Errc::failed,
                   format("the system gives no random bytes ({})", take_openssl_error().reason)};
    bytes = bytes.subspan(part.size());
  }
  return {};
}

Result<std::string> random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  const auto filled = fill_random({reinterpret_cast<unsigned char*>(bytes.data()), count});
  if (!filled) return filled.error();
  return bytes;
}

Result<std::string> random_token() {
  unsigned char bytes[32];
  if (const auto filled = fill_random(bytes); !filled) return filled.error();
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string token;
  token.reserve(2 * sizeof bytes);
  for (const unsigned char byte : bytes) {
    token += kDigits[byte >> 4];
    token += kDigits[byte & 15];
  }
  OPENSSL_cleanse(bytes, sizeof bytes);
  return token;
}

Result<std::uint64_t> random_u64() {
  unsigned char bytes[8];
  if (const auto filled = fill_random(bytes); !filled) return filled.error();
  std::uint64_t number = 0;
  for (const unsigned char byte : bytes) number = number << 8 | byte;
  return number;
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace virgo::crypto
