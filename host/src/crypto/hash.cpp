#include "crypto/hash.hpp"

#include <openssl/hmac.h>

#include <cstdlib>

#include "crypto/openssl_handles.hpp"

namespace virgo::crypto {
namespace {

const EVP_MD* algorithm(Digest kind) {
  switch (kind) {
    case Digest::md5:
      return EVP_md5();
    case Digest::sha1:
      return EVP_sha1();
    case Digest::sha256:
      return EVP_sha256();
    default:
      return EVP_sha512();
  }
}

unsigned char* raw(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}
const unsigned char* raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

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

std::optional<Digest> digest_named(std::string_view name) {
  if (name == "md5") return Digest::md5;
  if (name == "sha1") return Digest::sha1;
  if (name == "sha256") return Digest::sha256;
  if (name == "sha512") return Digest::sha512;
  return std::nullopt;
}

std::optional<std::string> digest_of(Digest kind, std::string_view bytes) {
  const QueueGuard guard;
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), raw(out), &size, algorithm(kind), nullptr) != 1)
    return std::nullopt;
  out.resize(size);
  return out;
}

std::optional<std::string> hmac(Digest kind, std::string_view key, std::string_view bytes) {
  const QueueGuard guard;
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  // A key that is null would mean: the one of before.
  if (HMAC(algorithm(kind), key.empty() ? "" : key.data(), static_cast<int>(key.size()), raw(bytes),
           bytes.size(), raw(out), &size) == nullptr)
    return std::nullopt;
  out.resize(size);
  return out;
}

std::optional<std::string> pbkdf2(Digest kind, std::string_view password, std::string_view salt,
                                  std::uint32_t rounds, std::size_t length) {
  const QueueGuard guard;
  std::string out(length, '\0');
  if (PKCS5_PBKDF2_HMAC(password.empty() ? "" : password.data(), static_cast<int>(password.size()),
                        raw(salt), static_cast<int>(salt.size()), static_cast<int>(rounds),
                        algorithm(kind), static_cast<int>(length), raw(out)) != 1)
    return std::nullopt;
  return out;
}

}  // namespace virgo::crypto
