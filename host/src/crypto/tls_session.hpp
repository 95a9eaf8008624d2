// One TLS conversation as a codec: bytes from the socket go in by feed(), bytes
// for the socket come out by take_ciphertext(). No I/O, no callbacks, no clock.
//
//   socket --> feed() ------------> take_plaintext() --> program
//   socket <-- take_ciphertext() <------------ write() <-- program
//
// After every feed(), write() and close(), also one that failed, send what
// take_ciphertext() has: on failure it is the alert that tells the peer why.
//
// The first fatal error sticks: every later feed(), write() and end_of_stream()
// returns it again. Its message is a whole sentence for the log. Codes:
//   denied       a certificate was not accepted, by us or by the peer
//   invalid      the peer does not speak TLS, or sends what TLS forbids
//   unsupported  no protocol version or cipher in common
//   closed       the connection ended without TLS's own goodbye
//   failed       the rest
//
// Memory: an idle session takes about 20 KiB, one in its handshake 45 KiB, and
// one that has been fed the beginning of a record 17 KiB more until it has the
// rest. Beside that only plaintext and ciphertext that have not been taken.
// Neither can exceed what was fed or written plus one record (16 KiB), so a
// caller that stops feeding while plaintext waits is bounded.
//
// Not thread-safe: one thread at a time. Made by TlsContext::session().
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "crypto/x509.hpp"

struct ssl_st;

namespace virgo::crypto {

class TlsContext;
struct Wire;           // what the BIO reads from and writes to
struct VerifyFailure;  // what the certificate check found wrong
struct FailureScene;   // what the sentence about a failure needs

class TlsSession {
 public:
  // The most plaintext write() holds back until the handshake is done.
  static constexpr std::size_t kMaxEarlyWrite = 256 * 1024;

  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // Takes all of `ciphertext`, in pieces of any size, and decrypts it at once;
  // nothing of the span is referred to afterwards. Whatever follows the peer's
  // close_notify is ignored.
  Result<void> feed(std::span<const char> ciphertext);

  // The socket reached its end. Ok if the peer had said goodbye (peer_closed());
  // otherwise closed: what was read so far may be cut short.
  Result<void> end_of_stream();

  // Appends at most `max` bytes of what the peer said to `out`; returns how many.
  // What arrived before an error stays available after it.
  std::size_t take_plaintext(std::string& out, std::size_t max = std::string::npos);
  std::size_t plaintext_size() const { return plain_.size() - plain_taken_; }

  // Encrypts `plaintext`. Before the handshake is done it is held back and sent
  // as soon as it is; holding back more than kMaxEarlyWrite fails with limit,
  // which is not fatal and takes nothing. After close(): closed, not fatal.
  Result<void> write(std::string_view plaintext);

  // Appends everything that must go to the socket to `out`; false if there is
  // nothing.
  bool take_ciphertext(std::string& out);
  std::size_t ciphertext_size() const;

  // Says goodbye (close_notify), after everything written; reading goes on.
  // During the handshake: as soon as it is done. Doing it twice is harmless.
  void close();

  // True from the moment plaintext may flow; for a client the server's
  // certificate has then been checked. Stays true after a later error.
  bool handshake_done() const { return handshake_done_; }
  // The peer said goodbye (close_notify); writing is still possible.
  bool peer_closed() const { return peer_closed_; }
  // The error that sticks, or null.
  const Error* error() const { return error_ ? &*error_ : nullptr; }

  // "TLSv1.3" and "TLS_AES_256_GCM_SHA384"; "" before the handshake is done.
  std::string protocol() const;
  std::string cipher() const;

  // The application protocol agreed on, or "".
  std::string alpn() const;
  // The name the client asked for (SNI), lower case on the server's side, or "".
  const std::string& sni() const;
  // A session of before was resumed: no certificates were exchanged, those of then
  // count.
  bool session_reused() const;
  // The peer's own certificate; nullopt before the handshake is done and when it
  // has none.
  std::optional<CertificateDetails> peer_certificate() const;
  // All certificates as a server sent them, its own first.
  std::vector<CertificateInfo> peer_chain() const;
  // With Verification::none_insecure, what is wrong with the peer's certificate, as
  // a sentence; "" if nothing is (or, on a server, it has none).
  const std::string& authorization_error() const { return verdict_.error; }
  // The same, part by part. Of a resumed session only `error` says anything.
  const CertificateVerdict& verdict() const { return verdict_; }

 private:
  friend class TlsContext;
  friend struct TlsCallbacks;
  struct SslFree {
    void operator()(ssl_st* ssl) const noexcept;
  };

  explicit TlsSession(std::shared_ptr<const TlsContext> context);
  Result<void> init(std::string_view server_name, std::uint16_t port);
  Result<void> begin_client(std::string_view server_name, std::uint16_t port);
  Result<void> set_server_name(std::string_view server_name);
  void advance_handshake();
  void after_handshake();
  void note_authorization();
  void decrypt_all();
  void encrypt(std::string_view plaintext);
  void send_close_notify();
  void note_first_bytes(std::span<const char> ciphertext);
  void settle(int result);
  void fail(Error error);
  FailureScene scene() const;
  Result<void> outcome() const;

  const TlsContext& acting_context() const { return chosen_ ? *chosen_ : *context_; }

  std::shared_ptr<const TlsContext> context_;
  std::shared_ptr<const TlsContext> chosen_;  // by the name the client wants
  std::unique_ptr<Wire> wire_;
  std::unique_ptr<VerifyFailure> verify_failure_;
  std::unique_ptr<ssl_st, SslFree> ssl_;
  std::string server_name_;
  std::string resumption_name_;  // what our sessions with this server are kept by
  CertificateVerdict verdict_;
  std::string first_bytes_;  // of the peer, until the handshake is done
  std::string early_;        // written before the handshake is done
  std::string plain_;
  std::size_t plain_taken_ = 0;
  std::optional<Error> error_;
  bool handshake_done_ = false;
  bool peer_closed_ = false;
  bool closing_ = false;
};

}  // namespace virgo::crypto
