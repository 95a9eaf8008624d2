// What a TLS context is made of: credentials, authorities, versions and the
// rest. Plain data; the texts are PEM.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace virgo::crypto {

class TlsContext;

enum class TlsVersion : std::uint8_t { tls1_2, tls1_3 };

enum class Verification : std::uint8_t {
  full,  // chain, validity, purpose, and as a client the name of the server
  // The peer may be anybody: what is wrong with its certificate is only told
  // (TlsSession::authorization_error()). Nothing protects from a man in the middle.
  none_insecure,
};

enum class ClientCertificates : std::uint8_t {
  ignore,   // none is asked for
  request,  // a client may have none; one it has is verified
  require,  // a client without one is refused
};

struct ClientOptions {
  // A PEM file of certificates, each of which is believed as an authority, or a
  // directory of certificates under their hashes ("openssl rehash").
  std::string ca = {};
  // The newest version offered.
  TlsVersion max_version = TlsVersion::tls1_3;
  TlsVersion min_version = TlsVersion::tls1_2;
  // More authorities, as text; several in one text are well.
  std::vector<std::string> ca_pem = {};
  // Also the authorities of the system: $SSL_CERT_FILE and $SSL_CERT_DIR, or
  // else the distribution's directory, each certificate of which is read when a
  // chain needs it.
  bool system_ca = false;
  // For servers that ask: our certificate and the intermediates, and its key.
  // Both or none.
  std::string certificate_pem = {};
  std::string key_pem = {};
  // Application protocols offered (ALPN), the preferred first: "h2", "http/1.1".
  std::vector<std::string> alpn = {};
  Verification verification = Verification::full;
  // Sessions are kept, in memory, and resumed with the same server (by name and
  // port): a shorter handshake. A resumed session was verified when it was new.
  bool resumption = false;
  // OpenSSL's: 2 wants keys of at least 112 bits of strength (RSA 2048), 1 of 80
  // (RSA 1024).
  int security_level = 2;
  // For TLS 1.2, in OpenSSL's words; "" for forward-secret AEAD ciphers.
  std::string ciphers = {};
};

struct ServerOptions {
  std::string certificate_file = {};  // PEM: the server's certificate, then intermediates
  std::string key_file = {};          // PEM, without a passphrase; may be the same file
  TlsVersion max_version = TlsVersion::tls1_3;
  TlsVersion min_version = TlsVersion::tls1_2;
  std::string certificate_pem = {};  // as text instead of the files
  std::string key_pem = {};
  // Authorities of client certificates; as in ClientOptions.
  std::string ca = {};
  std::vector<std::string> ca_pem = {};
  bool system_ca = false;
  ClientCertificates client_certificates = ClientCertificates::ignore;
  Verification verification = Verification::full;
  // The protocols spoken (ALPN), the preferred first. A client that offers some
  // but none of these is refused; empty: ALPN is not answered.
  std::vector<std::string> alpn = {};
  // The context for the name that the client wants (SNI; lower case), or null for
  // this one. Called in each handshake whose client gives a name, on the thread
  // that feeds the session; must not throw. What counts of the other context: its
  // certificate, versions, ALPN, and what it wants of client certificates.
  std::function<std::shared_ptr<TlsContext>(std::string_view name)> choose_by_name = {};
  // Clients get tickets to resume with. Their keys are in this context only and
  // change every hour; a ticket is good for two hours at most.
  bool tickets = false;
  int security_level = 2;
  std::string ciphers = {};
};

}  // namespace virgo::crypto
