#include <openssl/pem.h>
#include <openssl/rand.h>

#include <initializer_list>

#include "base/format.hpp"
#include "base/text.hpp"
#include "crypto/host_name.hpp"
#include "crypto/openssl_handles.hpp"
#include "crypto/pem.hpp"
#include "crypto/x509.hpp"

namespace virgo::crypto {
namespace {

// X.520's bound on a common name.
constexpr std::size_t kMaxCommonName = 64;
// 9999-12-31T23:59:59Z, the last moment X.509 can write.
constexpr std::chrono::sys_seconds kEndOfTime{std::chrono::seconds(253402300799)};

struct ExtensionText {
  int nid;
  const char* value;
};

Error openssl_failure(const char* doing) {
  return {Errc::failed, format("{} failed ({})", doing, take_openssl_error().reason)};
}

Result<std::string> text_of(const BioPtr& bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  if (size <= 0) return openssl_failure("writing PEM");
  return std::string(text, static_cast<std::size_t>(size));
}

Result<KeyPair> to_pem(X509& certificate, EVP_PKEY& key) {
  const BioPtr certificate_bio(BIO_new(BIO_s_mem()));
  const BioPtr key_bio(BIO_new(BIO_s_secmem()));
  if (certificate_bio == nullptr || key_bio == nullptr ||
      PEM_write_bio_X509(certificate_bio.get(), &certificate) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(key_bio.get(), &key, nullptr, nullptr, 0, nullptr, nullptr) !=
          1)
    return openssl_failure("writing PEM");
  auto certificate_pem = text_of(certificate_bio);
  if (!certificate_pem) return certificate_pem.error();
  auto key_pem = text_of(key_bio);
  if (!key_pem) return key_pem.error();
  return KeyPair{*std::move(certificate_pem), *std::move(key_pem)};
}

Result<void> check(const Validity& validity) {
  if (validity.not_after <= validity.not_before)
    return Error{Errc::invalid,
                 format("a certificate cannot end ({}) before it begins ({})",
                        format_utc(validity.not_after), format_utc(validity.not_before))};
  if (validity.not_before.time_since_epoch().count() < 0 || validity.not_after > kEndOfTime)
    return Error{Errc::invalid, "a certificate's years lie between 1970 and 9999"};
  return {};
}

// 126 random bits and a leading 1: positive, never short, never guessed.
bool set_random_serial(X509& certificate) {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof bytes) != 1) return false;
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x3f) | 0x40);
  BIGNUM* number = BN_bin2bn(bytes, sizeof bytes, nullptr);
  const bool ok = number != nullptr &&
                  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(&certificate)) != nullptr;
  BN_free(number);
  return ok;
}

bool set_subject(X509& certificate, const std::string& common_name) {
  X509_NAME* name = X509_get_subject_name(&certificate);
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(common_name.data()),
                                    static_cast<int>(common_name.size()), -1, 0) == 1;
}

// A certificate with everything but extensions and signature.
Result<X509Ptr> begin_certificate(const std::string& common_name, const Validity& validity,
                                  EVP_PKEY& key) {
  if (const auto valid = check(validity); !valid) return valid.error();
  X509Ptr certificate(X509_new());
  if (certificate == nullptr || X509_set_version(certificate.get(), X509_VERSION_3) != 1 ||
      !set_random_serial(*certificate) || !set_subject(*certificate, common_name) ||
      ASN1_TIME_set(X509_getm_notBefore(certificate.get()),
                    validity.not_before.time_since_epoch().count()) == nullptr ||
      ASN1_TIME_set(X509_getm_notAfter(certificate.get()),
                    validity.not_after.time_since_epoch().count()) == nullptr ||
      X509_set_pubkey(certificate.get(), &key) != 1)
    return openssl_failure("making a certificate");
  return certificate;
}

// The values are constants of this file: they are a small language in which data
// from outside could say more than it should.
bool add_extensions(X509& certificate, X509& issuer, std::initializer_list<ExtensionText> list) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  for (const auto& [nid, value] : list) {
    const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
    if (extension == nullptr || X509_add_ext(&certificate, extension.get(), -1) != 1) return false;
  }
  return true;
}

bool add_host(GENERAL_NAMES& names, const HostName& host) {
  const std::string& value = host.is_ip() ? host.ip_bytes : host.text;
  ASN1_STRING* string = ASN1_STRING_type_new(host.is_ip() ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);
  NamePtr name(GENERAL_NAME_new());
  if (string == nullptr || name == nullptr ||
      ASN1_STRING_set(string, value.data(), static_cast<int>(value.size())) != 1) {
    ASN1_STRING_free(string);
    return false;
  }
  GENERAL_NAME_set0_value(name.get(), host.is_ip() ? GEN_IPADD : GEN_DNS, string);
  if (sk_GENERAL_NAME_push(&names, name.get()) <= 0) return false;
  static_cast<void>(name.release());
  return true;
}

Result<NamesPtr> alternative_names(std::span<const std::string> hosts) {
  if (hosts.empty())
    return Error{Errc::invalid, "a server certificate needs at least one host name or address"};
  NamesPtr names(sk_GENERAL_NAME_new_null());
  for (const std::string& text : hosts) {
    const auto host = parse_host_name(text, true);
    if (!host) return host.error();
    if (names == nullptr || !add_host(*names, *host)) return openssl_failure("naming hosts");
  }
  return names;
}

struct Authority {
  X509Ptr certificate;
  KeyPtr key;
};

Result<Authority> open_authority(const KeyPair& pair) {
  auto certificates = parse_certificates(pair.certificate_pem);
  if (!certificates) return certificates.error().context("the authority's certificate");
  auto key = parse_private_key(pair.key_pem);
  if (!key) return key.error().context("the authority's key");
  Authority authority{std::move(certificates->front()), *std::move(key)};
  if (X509_check_private_key(authority.certificate.get(), authority.key.get()) != 1)
    return Error{Errc::invalid, "the authority's key does not belong to its certificate"};
  if (X509_check_ca(authority.certificate.get()) == 0)
    return Error{Errc::invalid, "the authority's certificate may not sign others (CA:FALSE)"};
  return authority;
}

// What has to be in the subject though nobody reads it: the first host if it fits.
std::string subject_for(const std::string& host) {
  return host.size() <= kMaxCommonName ? host : "virgo server";
}

}  // namespace

Validity Validity::for_days(std::chrono::sys_seconds now, int days) {
  return {now - std::chrono::hours(1), now + std::chrono::hours(24) * days};
}

Result<KeyPair> make_authority(const std::string& common_name, const Validity& validity) {
  const QueueGuard guard;
  if (common_name.empty() || common_name.size() > kMaxCommonName)
    return Error{Errc::invalid, format("an authority's name has 1 to {} bytes, not {}",
                                       kMaxCommonName, common_name.size())};
  const KeyPtr key(EVP_EC_gen("P-256"));
  if (key == nullptr) return openssl_failure("making a key");
  const auto made = begin_certificate(common_name, validity, *key);
  if (!made) return made.error();
  X509& certificate = **made;
  if (X509_set_issuer_name(&certificate, X509_get_subject_name(&certificate)) != 1 ||
      !add_extensions(certificate, certificate,
                      {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                       {NID_key_usage, "critical,keyCertSign,cRLSign"},
                       {NID_subject_key_identifier, "hash"},
                       {NID_authority_key_identifier, "keyid:always"}}) ||
      X509_sign(&certificate, key.get(), EVP_sha256()) == 0)
    return openssl_failure("making an authority's certificate");
  return to_pem(certificate, *key);
}

Result<KeyPair> make_server_certificate(const KeyPair& authority,
                                        std::span<const std::string> hosts,
                                        const Validity& validity) {
  const QueueGuard guard;
  const auto names = alternative_names(hosts);
  if (!names) return names.error();
  const auto signer = open_authority(authority);
  if (!signer) return signer.error();
  const KeyPtr key(EVP_EC_gen("P-256"));
  if (key == nullptr) return openssl_failure("making a key");
  const auto made = begin_certificate(subject_for(hosts.front()), validity, *key);
  if (!made) return made.error();
  X509& certificate = **made;
  X509& issuer = *signer->certificate;
  if (X509_set_issuer_name(&certificate, X509_get_subject_name(&issuer)) != 1 ||
      !add_extensions(certificate, issuer,
                      {{NID_basic_constraints, "critical,CA:FALSE"},
                       {NID_key_usage, "critical,digitalSignature"},
                       {NID_ext_key_usage, "serverAuth"},
                       {NID_subject_key_identifier, "hash"},
                       {NID_authority_key_identifier, "keyid:always"}}) ||
      X509_add1_ext_i2d(&certificate, NID_subject_alt_name, names->get(), 0, X509V3_ADD_DEFAULT) !=
          1 ||
      X509_sign(&certificate, signer->key.get(), EVP_sha256()) == 0)
    return openssl_failure("making a server's certificate");
  return to_pem(certificate, *key);
}

}  // namespace virgo::crypto
