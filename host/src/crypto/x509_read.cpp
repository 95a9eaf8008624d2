#include "crypto/x509_read.hpp"

#include <openssl/pem.h>

#include <ctime>

#include "base/format.hpp"
#include "base/text.hpp"
#include "crypto/host_name.hpp"
#include "crypto/pem.hpp"

namespace virgo::crypto {
namespace {

constexpr std::size_t kShownNames = 8;

std::chrono::sys_seconds time_of(const ASN1_TIME* time) {
  tm utc{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &utc) != 1) return {};
  return std::chrono::sys_seconds(std::chrono::seconds(timegm(&utc)));
}

std::string text_of(const X509_NAME* name) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  // RFC 2253 order and escapes, but UTF-8 as it is.
  constexpr unsigned long kFlags =
      XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB);
  if (bio == nullptr || X509_NAME_print_ex(bio.get(), name, 0, kFlags) < 0) return {};
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

std::string name_text(const GENERAL_NAME& name) {
  const ASN1_STRING* value = nullptr;
  if (name.type == GEN_DNS) value = name.d.dNSName;
  if (name.type == GEN_IPADD) value = name.d.iPAddress;
  if (value == nullptr) return {};
  const std::string bytes(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                          static_cast<std::size_t>(ASN1_STRING_length(value)));
  return name.type == GEN_DNS ? bytes : ip_text(bytes);
}

std::vector<std::string> names_of(const X509& certificate) {
  std::vector<std::string> texts;
  const NamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (names == nullptr) return texts;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    std::string text = name_text(*sk_GENERAL_NAME_value(names.get(), i));
    if (!text.empty()) texts.push_back(std::move(text));
  }
  return texts;
}

CertificateDetails::Name parts_of(const X509_NAME* name) {
  CertificateDetails::Name parts;
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    const int kind = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
    unsigned char* text = nullptr;
    const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));
    if (size < 0) continue;
    parts.emplace_back(
        kind == NID_undef ? "?" : OBJ_nid2sn(kind),
        std::string(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size)));
    OPENSSL_free(text);
  }
  return parts;
}

std::string hex_of(std::string_view bytes, std::string_view between) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0) text += between;
    const auto byte = static_cast<unsigned char>(bytes[i]);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string fingerprint(const X509& certificate, const EVP_MD* kind) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (X509_digest(&certificate, kind, bytes, &size) != 1) return {};
  return hex_of({reinterpret_cast<const char*>(bytes), size}, ":");
}

std::string serial_of(const X509& certificate) {
  const ASN1_INTEGER* serial = X509_get0_serialNumber(&certificate);
  return hex_of({reinterpret_cast<const char*>(ASN1_STRING_get0_data(serial)),
                 static_cast<std::size_t>(ASN1_STRING_length(serial))},
                "");
}

std::string pem_of(const X509& certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || PEM_write_bio_X509(bio.get(), &certificate) != 1) return {};
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

bool is_address(std::string_view name) {
  const auto host = parse_host_name(name, true);
  return host && host->is_ip();
}

}  // namespace

CertificateDetails certificate_details(const X509& certificate) {
  const QueueGuard guard;
  CertificateDetails details;
  details.info = certificate_info(certificate);
  details.subject = parts_of(X509_get_subject_name(&certificate));
  details.issuer = parts_of(X509_get_issuer_name(&certificate));
  details.issuer_text = text_of(X509_get_issuer_name(&certificate));
  for (const std::string& name : details.info.names) {
    if (!details.alternative_names.empty()) details.alternative_names += ", ";
    details.alternative_names += (is_address(name) ? "IP Address:" : "DNS:") + name;
  }
  details.serial = serial_of(certificate);
  details.fingerprint_sha1 = fingerprint(certificate, EVP_sha1());
  details.fingerprint_sha256 = fingerprint(certificate, EVP_sha256());
  details.pem = pem_of(certificate);
  return details;
}

CertificateInfo certificate_info(const X509& certificate) {
  const QueueGuard guard;
  CertificateInfo info;
  info.subject = text_of(X509_get_subject_name(&certificate));
  info.names = names_of(certificate);
  info.not_before = time_of(X509_get0_notBefore(&certificate));
  info.not_after = time_of(X509_get0_notAfter(&certificate));
  // OpenSSL computes and caches the extensions behind this call, hence not const.
  info.is_authority = X509_check_ca(const_cast<X509*>(&certificate)) != 0;
  return info;
}

std::string join_names(const CertificateInfo& info) {
  std::string joined;
  for (std::size_t i = 0; i < info.names.size() && i < kShownNames; ++i) {
    if (i > 0) joined += ", ";
    joined += printable(info.names[i], 253);
  }
  if (info.names.size() > kShownNames)
    joined += format(" and {} more", info.names.size() - kShownNames);
  return joined;
}

Result<CertificateInfo> inspect_certificate_pem(std::string_view pem) {
  const auto certificates = parse_certificates(pem);
  if (!certificates) return certificates.error();
  return certificate_info(*certificates->front());
}

Result<CertificateInfo> inspect_certificate_file(const std::string& path) {
  const auto pem = read_pem_file(path);
  if (!pem) return pem.error();
  auto info = inspect_certificate_pem(pem->view());
  if (!info) return info.error().context(path);
  return info;
}

std::string describe(const CertificateInfo& info) {
  std::string text =
      info.subject.empty() ? "a certificate without subject" : printable(info.subject, 256);
  if (!info.names.empty()) text += format(" for '{}'", join_names(info));
  return text + ", valid until " + format_utc(info.not_after);
}

std::string format_utc(std::chrono::sys_seconds time) {
  const std::time_t seconds = time.time_since_epoch().count();
  tm utc{};
  char text[40];
  if (gmtime_r(&seconds, &utc) == nullptr) return format("{} s", seconds);
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

}  // namespace virgo::crypto
