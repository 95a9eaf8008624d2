#include "crypto/tls_failure.hpp"

#include <openssl/ssl.h>

#include "base/format.hpp"
#include "base/text.hpp"
#include "crypto/x509_read.hpp"

namespace virgo::crypto {
namespace {

enum class FirstBytes { none, tls, ssl2, other };

FirstBytes classify(std::string_view bytes) {
  if (bytes.empty()) return FirstBytes::none;
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const bool record_type = at(0) >= SSL3_RT_CHANGE_CIPHER_SPEC && at(0) <= SSL3_RT_APPLICATION_DATA;
  if (record_type && (bytes.size() < 2 || at(1) == SSL3_VERSION_MAJOR)) return FirstBytes::tls;
  // A hello in SSL 2's own framing: two bytes of length, then 1 (client hello) or
  // 4 (server hello).
  const bool hello = bytes.size() >= 3 && (at(2) == 1 || at(2) == 4);
  if ((at(0) & 0x80) != 0 && hello) return FirstBytes::ssl2;
  return FirstBytes::other;
}

const char* peer(const FailureScene& scene) {
  return scene.is_client ? "server" : "client";
}

Error not_tls(const FailureScene& scene) {
  return {Errc::invalid, format("the {} does not speak TLS (it sent \"{}\")", peer(scene),
                                printable(scene.first_bytes))};
}

Error no_common_version(const FailureScene& scene, std::string_view reason) {
  return {Errc::unsupported,
          format("no TLS version in common with the {} ({}); at least TLS 1.2 is needed",
                 peer(scene), reason)};
}

// What the peer thinks of us, by the number of its alert.
Error explain_alert(const FailureScene& scene, int alert) {
  const std::string name = SSL_alert_desc_string_long(alert);
  const auto say = [&](Errc code, std::string_view what) {
    return Error{code, format("the {} {} ({})", peer(scene), what, name)};
  };
  switch (alert) {
    case SSL_AD_UNKNOWN_CA:
      return {Errc::denied,
              format("the {} does not trust our certificate (unknown ca)", peer(scene))};
    case SSL_AD_BAD_CERTIFICATE:
      return say(Errc::denied,
                 "does not accept our certificate; the usual causes are a host name that is not "
                 "in it and a validity that has not begun");
    case SSL_AD_CERTIFICATE_EXPIRED:
      return say(Errc::denied, "does not accept our certificate, which to its clock has expired");
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
      return say(Errc::denied, "does not accept our certificate");
    case SSL_AD_CERTIFICATE_REQUIRED:
    case SSL_AD_NO_CERTIFICATE:
      return say(Errc::denied, "wants a certificate of ours, and we have none");
    case SSL_AD_UNRECOGNIZED_NAME:
      return say(Errc::denied, format("does not answer to the name '{}'", scene.server_name));
    case SSL_AD_NO_APPLICATION_PROTOCOL:
      return say(Errc::unsupported, "speaks none of the application protocols that we offer");
    case SSL_AD_ACCESS_DENIED:
      return say(Errc::denied, "refused us");
    case SSL_AD_PROTOCOL_VERSION:
      return no_common_version(scene, name);
    case SSL_AD_HANDSHAKE_FAILURE:
    case SSL_AD_INSUFFICIENT_SECURITY:
      if (scene.handshake_done) return say(Errc::failed, "refused");
      return say(Errc::unsupported, "refused: nothing it offers and we accept is the same");
    case SSL_AD_BAD_RECORD_MAC:
    case SSL_AD_DECODE_ERROR:
    case SSL_AD_DECRYPT_ERROR:
      return say(Errc::invalid,
                 "could not read what reached it; something on the way changes data");
    default:
      return say(Errc::failed, "refused");
  }
}

Error explain_reason(const FailureScene& scene, const OpenSslError& error) {
  switch (ERR_GET_REASON(error.code)) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_VERSION_TOO_HIGH:
    case SSL_R_WRONG_SSL_VERSION:
      return no_common_version(scene, error.reason);
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SHARED_GROUPS:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
    case SSL_R_NO_SUITABLE_GROUPS:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_WRONG_CIPHER_RETURNED:
      return {Errc::unsupported,
              format("no cipher in common with the {} ({})", peer(scene), error.reason)};
    case SSL_R_NO_APPLICATION_PROTOCOL:
      return {Errc::unsupported,
              format("no application protocol (ALPN) in common with the {}", peer(scene))};
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return {Errc::denied,
              format("the {} has given no certificate, and one is required", peer(scene))};
    case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC:
    case SSL_R_BAD_RECORD_TYPE:
    case SSL_R_WRONG_VERSION_NUMBER:
      return {Errc::invalid,
              format("a TLS record from the {} is damaged ({})", peer(scene), error.reason)};
    default:
      return {Errc::invalid,
              format("the {} sends what TLS forbids ({})", peer(scene), error.reason)};
  }
}

void note(int code, CertificateVerdict& verdict) {
  switch (code) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      verdict.name_match = false;
      break;
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
    case X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD:
    case X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD:
      verdict.in_time = false;
      break;
    default:
      verdict.trusted = false;
  }
}

}  // namespace

int record_verify_failure(int ok, x509_store_ctx_st* store) noexcept {
  if (ok == 1) return 1;
  const auto* ssl = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* failure = static_cast<VerifyFailure*>(SSL_get_app_data(ssl));
  if (failure == nullptr) return 0;
  note(X509_STORE_CTX_get_error(store), failure->verdict);
  if (failure->code != 0) return failure->tolerated ? 1 : 0;
  failure->code = X509_STORE_CTX_get_error(store);
  failure->depth = X509_STORE_CTX_get_error_depth(store);
  if (const X509* certificate = X509_STORE_CTX_get_current_cert(store))
    failure->certificate = certificate_info(*certificate);
  return failure->tolerated ? 1 : 0;
}

Error explain_verify(const FailureScene& scene, const VerifyFailure& failure) {
  const CertificateInfo& certificate = failure.certificate;
  const std::string whose = failure.depth == 0 ? format("the {}'s certificate", peer(scene))
                                               : format("the authority's certificate '{}'",
                                                        printable(certificate.subject, 256));
  const char* reason = X509_verify_cert_error_string(failure.code);
  const auto denied = [](std::string message) { return Error{Errc::denied, std::move(message)}; };
  switch (failure.code) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_CERT_UNTRUSTED:
      return denied(
          format("the {}'s certificate is not signed by a certificate authority in {} ({})",
                 peer(scene), scene.ca, reason));
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      if (certificate.names.empty())
        return denied(
            format("the certificate names no host (it has no subjectAltName), so it is "
                   "not for '{}'",
                   scene.server_name));
      return denied(format("the certificate is for '{}', not for '{}'", join_names(certificate),
                           scene.server_name));
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return denied(format("{} expired on {}", whose, format_utc(certificate.not_after)));
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return denied(format("{} is not valid before {}; is the clock of this host right?", whose,
                           format_utc(certificate.not_before)));
    case X509_V_ERR_INVALID_PURPOSE:
      return denied(format("{} is not made for TLS {}s ({})", whose, peer(scene), reason));
    default:
      return denied(format("{} is not acceptable ({})", whose, reason));
  }
}

Error explain_tls(const FailureScene& scene, const OpenSslError& error) {
  if (!scene.handshake_done) {
    const FirstBytes first = classify(scene.first_bytes);
    if (first == FirstBytes::other) return not_tls(scene);
    if (first == FirstBytes::ssl2) return no_common_version(scene, "it speaks SSL 2");
  }
  if (ERR_GET_LIB(error.code) != ERR_LIB_SSL)
    return {Errc::failed, format("TLS with the {} failed ({})", peer(scene), error.reason)};
  // OpenSSL's code for a received alert is the alert's number plus an offset.
  const int alert = ERR_GET_REASON(error.code) - SSL_AD_REASON_OFFSET;
  if (alert >= 0) return explain_alert(scene, alert);
  return explain_reason(scene, error);
}

Error explain_end(const FailureScene& scene) {
  if (scene.handshake_done)
    return {Errc::closed,
            format("the {} cut the connection without a TLS close; what it sent may be incomplete",
                   peer(scene))};
  switch (classify(scene.first_bytes)) {
    case FirstBytes::none:
      return {Errc::closed, format("the {} closed the connection before the TLS handshake (it sent "
                                   "nothing)",
                                   peer(scene))};
    case FirstBytes::other:
      return not_tls(scene);
    default:
      return {Errc::closed,
              format("the {} closed the connection during the TLS handshake", peer(scene))};
  }
}

}  // namespace virgo::crypto
