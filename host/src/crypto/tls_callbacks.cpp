#include "crypto/tls_callbacks.hpp"

#include <openssl/core_names.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "crypto/alpn.hpp"
#include "crypto/openssl_handles.hpp"
#include "crypto/random.hpp"
#include "crypto/session_cache.hpp"
#include "crypto/ticket_keys.hpp"
#include "crypto/tls_context.hpp"
#include "crypto/tls_failure.hpp"
#include "crypto/tls_session.hpp"

namespace virgo::crypto {
namespace {

constexpr std::size_t kMaxName = 255;

int session_slot() {
  static const int slot = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return slot;
}

TlsSession* session_of(const SSL* ssl) {
  return static_cast<TlsSession*>(SSL_get_ex_data(ssl, session_slot()));
}

// The host name in a server_name extension (RFC 6066): two bytes of list length,
// then a type (0), two bytes of length, and the name. OpenSSL itself refuses a
// damaged one later.
std::string_view name_in(const unsigned char* bytes, std::size_t size) {
  if (size < 5 || bytes[2] != 0) return {};
  const std::size_t length = static_cast<std::size_t>(bytes[3]) << 8 | bytes[4];
  if (length > size - 5 || length > kMaxName) return {};
  return {reinterpret_cast<const char*>(bytes + 5), length};
}

std::string lower(std::string_view name) {
  std::string text(name);
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

bool use_key(const TicketKey& key, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
             bool seal) {
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY,
                                        const_cast<unsigned char*>(key.mac.data()), key.mac.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>("sha256"), 0),
      OSSL_PARAM_construct_end()};
  return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv,
                           seal ? 1 : 0) == 1 &&
         EVP_MAC_CTX_set_params(mac, params) == 1;
}

}  // namespace

bool TlsCallbacks::attach(ssl_st* ssl, TlsSession* session) {
  return SSL_set_ex_data(ssl, session_slot(), session) == 1;
}

int TlsCallbacks::keep_session(ssl_st* ssl, ssl_session_st* session) noexcept {
  const TlsSession* self = session_of(ssl);
  if (self == nullptr || self->context_->sessions_ == nullptr) return 0;
  self->context_->sessions_->put(self->resumption_name_, SessionPtr(session));
  return 1;
}

int TlsCallbacks::look_at_hello(ssl_st* ssl, int*, void*) noexcept {
  TlsSession* self = session_of(ssl);
  const unsigned char* bytes = nullptr;
  std::size_t size = 0;
  if (self == nullptr ||
      SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &bytes, &size) != 1)
    return SSL_CLIENT_HELLO_SUCCESS;
  self->server_name_ = lower(name_in(bytes, size));
  const auto& choose = self->context_->choose_by_name_;
  if (self->server_name_.empty() || !choose) return SSL_CLIENT_HELLO_SUCCESS;
  auto chosen = choose(self->server_name_);
  if (chosen == nullptr || chosen->is_client() || chosen == self->context_)
    return SSL_CLIENT_HELLO_SUCCESS;
  SSL_CTX* ctx = chosen->ctx_.get();
  SSL_set_SSL_CTX(ssl, ctx);
  // These are copied when an SSL is made, and not by the switch.
  SSL_set_verify(ssl, SSL_CTX_get_verify_mode(ctx), SSL_CTX_get_verify_callback(ctx));
  SSL_set_min_proto_version(ssl, static_cast<int>(SSL_CTX_get_min_proto_version(ctx)));
  SSL_set_max_proto_version(ssl, static_cast<int>(SSL_CTX_get_max_proto_version(ctx)));
  SSL_set_security_level(ssl, SSL_CTX_get_security_level(ctx));
  X509_VERIFY_PARAM_set1(SSL_get0_param(ssl), SSL_CTX_get0_param(ctx));
  self->chosen_ = std::move(chosen);
  self->verify_failure_->tolerated = self->chosen_->verification_ == Verification::none_insecure;
  return SSL_CLIENT_HELLO_SUCCESS;
}

int TlsCallbacks::choose_protocol(ssl_st*, const unsigned char** out, unsigned char* out_size,
                                  const unsigned char* in, unsigned in_size, void* list) noexcept {
  const std::string_view chosen = choose_alpn(*static_cast<const std::string*>(list),
                                              {reinterpret_cast<const char*>(in), in_size});
  if (chosen.empty()) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = reinterpret_cast<const unsigned char*>(chosen.data());
  *out_size = static_cast<unsigned char>(chosen.size());
  return SSL_TLSEXT_ERR_OK;
}

int TlsCallbacks::ticket_key(ssl_st* ssl, unsigned char* name, unsigned char* iv,
                             evp_cipher_ctx_st* cipher, evp_mac_ctx_st* mac, int seal) noexcept {
  const TlsSession* self = session_of(ssl);
  TicketKeys* keys = self == nullptr ? nullptr : self->context_->ticket_keys_.get();
  if (keys == nullptr) return 0;
  if (seal == 1) {
    const auto key = keys->current();
    constexpr std::size_t kIv = 16;  // of AES-CBC
    if (!key || !fill_random({iv, kIv}) || !use_key(*key, iv, cipher, mac, true)) return -1;
    std::memcpy(name, key->name.data(), key->name.size());
    return 1;
  }
  const auto found = keys->find(*reinterpret_cast<const unsigned char(*)[16]>(name));
  if (!found) return 0;
  if (!use_key(found->key, iv, cipher, mac, false)) return -1;
  return found->current ? 1 : 2;
}

}  // namespace virgo::crypto
