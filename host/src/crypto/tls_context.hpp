// What all TLS sessions of one kind share: as a client the certificate
// authorities it believes, as a server its certificate and key.
//
// TLS 1.2 and 1.3 only, with forward-secret AEAD ciphers; no compression, no
// renegotiation. A client checks the server's chain and name, unless its options
// say none_insecure. Sessions are resumed only where the options say so: who
// keeps connections for days saves little by it, and keeps secrets longer.
//
// Costs about 1 MB once per process, about 60 KB each, and what the certificates
// take: prefer one CA file or a hashed directory (read on demand) to a whole
// bundle, and one context for many connections. Thread-safe: immutable but for
// the kept sessions and ticket keys, which are locked. To change certificates
// make a new context; running sessions keep the old one alive.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "crypto/tls_options.hpp"

struct ssl_ctx_st;
struct bio_method_st;

namespace virgo::crypto {

class TlsSession;
class SessionCache;  // of a client
class TicketKeys;    // of a server

class TlsContext : public std::enable_shared_from_this<TlsContext> {
 public:
  // Both read their files now (blocking, small) and fail with one sentence that
  // starts with the file's name: not_found, denied (no permission), io, or
  // invalid (no certificate in it, damaged, key of another certificate, ...).
  // What works but is unwise (a key others can read, an expired certificate) is
  // logged as a warning of component "tls". A client without authorities is
  // refused unless its verification is none_insecure.
  static Result<std::shared_ptr<TlsContext>> client(const ClientOptions& options);
  static Result<std::shared_ptr<TlsContext>> server(const ServerOptions& options);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  // A session with the server called `server_name`: a DNS name (sent as SNI) or
  // an IP address, IPv6 with or without brackets. The certificate must be for
  // exactly that. Its first flight is ready for take_ciphertext(). Fails with
  // invalid if the name cannot be one; "" is one for none_insecure only. For
  // contexts made by client(). `port` tells servers of one name apart when
  // sessions are resumed.
  Result<std::unique_ptr<TlsSession>> session(std::string_view server_name,
                                              std::uint16_t port = 0) const;
  // A session with a client that has just connected. For contexts made by server().
  Result<std::unique_ptr<TlsSession>> session() const;

  bool is_client() const { return is_client_; }
  // The CA file or directory (client), or the certificate file (server), or what
  // stands for them ("the system's authorities"); for messages.
  const std::string& source() const { return source_; }

 private:
  friend class TlsSession;
  friend struct TlsCallbacks;
  struct CtxFree {
    void operator()(ssl_ctx_st* ctx) const noexcept;
  };
  struct MethodFree {
    void operator()(bio_method_st* method) const noexcept;
  };

  explicit TlsContext(bool is_client);
  template <class Options>
  Result<void> init(const Options& options);
  template <class Options>
  Result<void> load_authorities(const Options& options);
  Result<void> ask_for_certificates(const ServerOptions& options);
  Result<void> issue_tickets();

  const bool is_client_;
  Verification verification_ = Verification::full;
  std::string source_;
  std::string authorities_;  // where they come from, for messages
  std::string alpn_;         // in ALPN's own form
  std::function<std::shared_ptr<TlsContext>(std::string_view)> choose_by_name_;
  std::unique_ptr<SessionCache> sessions_;   // of a client that resumes
  std::unique_ptr<TicketKeys> ticket_keys_;  // of a server that gives tickets
  std::unique_ptr<bio_method_st, MethodFree> bio_method_;
  std::unique_ptr<ssl_ctx_st, CtxFree> ctx_;
};

}  // namespace virgo::crypto
