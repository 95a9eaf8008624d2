#include "crypto/hash.hpp"

#include <cstdlib>

#include "crypto/openssl_handles.hpp"

namespace virgo::crypto {
namespace {

std::string digest(const EVP_MD* kind, std::string_view bytes) {
  const QueueGuard guard;
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  // Fails only when memory is out.
  if (EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(out.data()), &size,
                 kind, nullptr) != 1)
    std::abort();
  out.resize(size);
  return out;
}

}  // namespace

std::string sha1(std::string_view bytes) {
  return digest(EVP_sha1(), bytes);
}
std::string sha256(std::string_view bytes) {
  return digest(EVP_sha256(), bytes);
}
std::string sha512(std::string_view bytes) {
  return digest(EVP_sha512(), bytes);
}

}  // namespace virgo::crypto
