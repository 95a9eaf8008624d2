// What all TLS sessions of one kind share: as a client the certificate
// authorities it believes, as a server its certificate and key.
//
// TLS 1.2 and 1.3 only, with forward-secret AEAD ciphers; no compression, no
// renegotiation, no session resumption. A client always checks the server's
// chain and name; there is no switch to turn that off.
//
// Costs about 1 MB once per process, and what the certificates take: prefer one
// CA file or a hashed directory (read on demand) to a whole bundle. Immutable
// after construction, hence thread-safe. To change certificates make a new
// context; running sessions keep the old one alive.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

struct ssl_ctx_st;
struct bio_method_st;

namespace virgo::crypto {

class TlsSession;

enum class TlsVersion { tls1_2, tls1_3 };

struct ClientOptions {
  // A PEM file of certificates, each of which is believed as an authority, or a
  // directory of certificates under their hashes ("openssl rehash").
  std::string ca;
  // The newest version offered.
  TlsVersion max_version = TlsVersion::tls1_3;
};

struct ServerOptions {
  std::string certificate_file;  // PEM: the server's certificate, then intermediates
  std::string key_file;          // PEM, without a passphrase; may be the same file
  TlsVersion max_version = TlsVersion::tls1_3;
};

class TlsContext : public std::enable_shared_from_this<TlsContext> {
 public:
  // Both read their files now (blocking, small) and fail with one sentence that
  // starts with the file's name: not_found, denied (no permission), io, or
  // invalid (no certificate in it, damaged, key of another certificate, ...).
  // What works but is unwise (a key others can read, an expired certificate) is
  // logged as a warning of component "tls".
  static Result<std::shared_ptr<TlsContext>> client(const ClientOptions& options);
  static Result<std::shared_ptr<TlsContext>> server(const ServerOptions& options);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  // A session with the server called `server_name`: a DNS name (sent as SNI) or
  // an IP address, IPv6 with or without brackets. The certificate must be for
  // exactly that. Its first flight is ready for take_ciphertext(). Fails with
  // invalid if the name cannot be one. For contexts made by client().
  Result<std::unique_ptr<TlsSession>> session(std::string_view server_name) const;
  // A session with a client that has just connected. For contexts made by server().
  Result<std::unique_ptr<TlsSession>> session() const;

  bool is_client() const { return is_client_; }
  // The CA file or directory (client), or the certificate file (server); for messages.
  const std::string& source() const { return source_; }

 private:
  friend class TlsSession;
  struct CtxFree {
    void operator()(ssl_ctx_st* ctx) const noexcept;
  };
  struct MethodFree {
    void operator()(bio_method_st* method) const noexcept;
  };

  TlsContext(bool is_client, std::string source);
  Result<void> init(TlsVersion max_version);

  const bool is_client_;
  const std::string source_;
  std::unique_ptr<bio_method_st, MethodFree> bio_method_;
  std::unique_ptr<ssl_ctx_st, CtxFree> ctx_;
};

}  // namespace virgo::crypto
