#include "crypto/random.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "base/format.hpp"
#include "crypto/openssl_handles.hpp"

namespace virgo::crypto {
namespace {

Result<void> fill(unsigned char* bytes, int size) {
  const QueueGuard guard;
  if (RAND_bytes(bytes, size) == 1) return {};
  return Error{Errc::failed,
               format("the system gives no random bytes ({})", take_openssl_error().reason)};
}

}  // namespace

Result<std::string> random_token() {
  unsigned char bytes[32];
  if (const auto filled = fill(bytes, sizeof bytes); !filled) return filled.error();
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
  if (const auto filled = fill(bytes, sizeof bytes); !filled) return filled.error();
  std::uint64_t number = 0;
  for (const unsigned char byte : bytes) number = number << 8 | byte;
  return number;
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace virgo::crypto
