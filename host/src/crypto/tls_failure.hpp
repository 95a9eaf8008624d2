// Why a TLS conversation failed, in a sentence for a person. Internal to crypto/.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "crypto/openssl_handles.hpp"
#include "crypto/x509.hpp"

struct x509_store_ctx_st;

namespace virgo::crypto {

// What the certificate check found wrong first. OpenSSL drops the certificate
// after a failed check, so what the sentence needs is copied out during it.
struct VerifyFailure {
  int code = 0;   // X509_V_ERR_...; 0: nothing wrong
  int depth = 0;  // 0: the peer's own certificate, above: an issuer's
  CertificateInfo certificate;
  CertificateVerdict verdict;  // all that is wrong, but for the sentence
  bool tolerated = false;      // the handshake goes on (Verification::none_insecure)
};

// For SSL_CTX_set_verify; the session's app data is its VerifyFailure or null.
// Notes the first thing that is wrong.
int record_verify_failure(int ok, x509_store_ctx_st* store) noexcept;

struct FailureScene {
  bool is_client = false;
  bool handshake_done = false;
  std::string_view ca;           // where our authorities come from
  std::string_view server_name;  // client: the server's; server: what the client asked for
  std::string_view first_bytes;  // of the peer
};

// `failure`: "the certificate is for 'a', not for 'b'" and so on. denied.
Error explain_verify(const FailureScene& scene, const VerifyFailure& failure);

// `error`: what OpenSSL says about a failed handshake, read or write.
Error explain_tls(const FailureScene& scene, const OpenSslError& error);

// The transport ended without close_notify.
Error explain_end(const FailureScene& scene);

}  // namespace virgo::crypto
