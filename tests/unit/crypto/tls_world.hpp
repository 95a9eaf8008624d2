// What the TLS tests stand on: a directory with an authority and certificates,
// and two sessions wired to each other in memory.
#pragma once

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "crypto/openssl_handles.hpp"
#include "crypto/tls_context.hpp"
#include "crypto/tls_session.hpp"
#include "crypto/x509.hpp"

namespace virgo::crypto::testing {

using Session = std::unique_ptr<TlsSession>;
using Context = std::shared_ptr<TlsContext>;

inline std::chrono::sys_seconds now() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}
inline Validity valid_now() {
  return Validity::for_days(now(), 1);
}
inline Validity expired() {
  return {now() - std::chrono::hours(48), now() - std::chrono::hours(24)};
}
inline Validity not_yet_valid() {
  return {now() + std::chrono::hours(24), now() + std::chrono::hours(48)};
}

class TempDir {
 public:
  TempDir() {
    char name[] = "/tmp/virgo-crypto-XXXXXX";
    path_ = ::mkdtemp(name);
    // So that a test can drop privileges and still reach its files.
    ::chmod(path_.c_str(), 0755);
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  TempDir(const TempDir&) = delete;

  std::string file(const std::string& name) const { return path_ + "/" + name; }
  std::string write(const std::string& name, const std::string& text, mode_t mode = 0600) const {
    FILE* f = std::fopen(file(name).c_str(), "w");
    EXPECT_NE(f, nullptr);
    std::fwrite(text.data(), 1, text.size(), f);
    std::fclose(f);
    EXPECT_EQ(::chmod(file(name).c_str(), mode), 0);
    return file(name);
  }

 private:
  std::string path_;
};

inline std::string text_in(BIO& bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(&bio, &text);
  return {text, static_cast<std::size_t>(size)};
}

// A certificate as make_authority() would never make it: version 3 but without
// any extension, of whatever key. Takes `key`.
inline KeyPair self_signed(const char* common_name, EVP_PKEY* key) {
  const KeyPtr owned(key);
  const X509Ptr cert(X509_new());
  X509_set_version(cert.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(cert.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(cert.get()), 3600);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(cert.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(common_name), -1, -1, 0);
  X509_set_issuer_name(cert.get(), X509_get_subject_name(cert.get()));
  X509_set_pubkey(cert.get(), key);
  EXPECT_GT(X509_sign(cert.get(), key, EVP_sha256()), 0);
  const BioPtr cert_bio(BIO_new(BIO_s_mem()));
  const BioPtr key_bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(cert_bio.get(), cert.get());
  PEM_write_bio_PrivateKey(key_bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return {text_in(*cert_bio), text_in(*key_bio)};
}

// An authority, and a server's certificate it signed for `hosts`.
struct Pki {
  explicit Pki(std::vector<std::string> hosts = {"localhost", "127.0.0.1"},
               Validity server_validity = valid_now(), Validity ca_validity = valid_now())
      : authority(make_authority("Test CA", ca_validity).value()),
        server(make_server_certificate(authority, hosts, server_validity).value()) {
    dir.write("ca.pem", authority.certificate_pem);
    dir.write("cert.pem", server.certificate_pem);
    dir.write("key.pem", server.key_pem);
  }

  Context client(TlsVersion max = TlsVersion::tls1_3) const {
    return TlsContext::client({dir.file("ca.pem"), max}).value();
  }
  Context server_context(TlsVersion max = TlsVersion::tls1_3) const {
    return TlsContext::server({dir.file("cert.pem"), dir.file("key.pem"), max}).value();
  }

  TempDir dir;
  KeyPair authority;
  KeyPair server;
};

// Carries what `from` has to say to `to`, in pieces. False if there was nothing.
inline bool carry(TlsSession& from, TlsSession& to, std::size_t piece = std::string::npos) {
  std::string wire;
  if (!from.take_ciphertext(wire)) return false;
  for (std::size_t at = 0; at < wire.size();) {
    const std::size_t size = std::min(piece, wire.size() - at);
    // A heap block of exactly this size, so that a sanitizer sees any look beyond it.
    const std::vector<char> exact(wire.data() + at, wire.data() + at + size);
    static_cast<void>(to.feed(exact));  // the test looks at error()
    at += size;
  }
  return true;
}

// Until both are silent.
inline void pump(TlsSession& a, TlsSession& b, std::size_t piece = std::string::npos) {
  bool moved = true;
  while (moved) {
    moved = carry(a, b, piece);
    moved = carry(b, a, piece) || moved;
  }
}

struct Pair {
  Pair(const Context& client_context, const Context& server_context,
       const std::string& name = "localhost")
      : client(client_context->session(name).value()), server(server_context->session().value()) {}
  void pump(std::size_t piece = std::string::npos) { testing::pump(*client, *server, piece); }

  Session client;
  Session server;
};

inline std::string plaintext(TlsSession& session) {
  std::string out;
  session.take_plaintext(out);
  return out;
}

inline std::string message(const TlsSession& session) {
  return session.error() == nullptr ? "" : session.error()->message;
}

// Text in which no run repeats, so that lost or swapped pieces show.
inline std::string numbered(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i) text += std::to_string(i) + ";";
  text.resize(size);
  return text;
}

}  // namespace virgo::crypto::testing

#define EXPECT_HAS(text, part) \
  EXPECT_NE(std::string(text).find(part), std::string::npos) << "in: " << (text)
