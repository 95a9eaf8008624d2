#include "crypto/pem.hpp"

#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include "base/file.hpp"
#include "base/format.hpp"

namespace virgo::crypto {
namespace {

constexpr std::size_t kMaxFile = 4 * 1024 * 1024;

// Says what to look at, where the system's words do not.
Error file_error(const std::string& path, const Error& error) {
  switch (error.code) {
    case Errc::not_found:
      return {error.code, format("{}: no such file", path)};
    case Errc::denied:
      return {error.code, format("{}: permission denied for the user virgo runs as", path)};
    case Errc::invalid:
      return {error.code, format("{}: is not a regular file", path)};
    case Errc::limit:
      return {error.code, format("{}: is larger than 4 MiB", path)};
    default:
      return error.context(path);
  }
}

bool holds(std::string_view pem, std::string_view label) {
  return pem.find(label) != std::string_view::npos;
}

BioPtr bio_on(std::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

int refuse_passphrase(char*, int, int, void* asked) noexcept {
  *static_cast<bool*>(asked) = true;
  return -1;
}

Error no_certificate(std::string_view pem) {
  if (pem.empty()) return {Errc::invalid, "holds no certificate (it is empty)"};
  if (holds(pem, "PRIVATE KEY-----"))
    return {Errc::invalid, "holds no certificate (it holds a private key)"};
  if (pem.starts_with("\x30\x82"))
    return {Errc::invalid,
            "holds no certificate in PEM (it looks like DER: \"openssl x509 -inform "
            "der\" turns it into PEM)"};
  return {Errc::invalid, "holds no certificate (no line -----BEGIN CERTIFICATE-----)"};
}

}  // namespace

PemText::~PemText() {
  OPENSSL_cleanse(text_.data(), text_.size());
}

Result<PemText> read_pem_file(const std::string& path) {
  mode_t mode = 0;
  auto text = read_regular_file(path, kMaxFile, &mode);
  if (!text) return file_error(path, text.error());
  return PemText(std::move(text).value(), (mode & (S_IRGRP | S_IROTH)) != 0);
}

Result<std::vector<X509Ptr>> parse_certificates(std::string_view pem) {
  const QueueGuard guard;
  const BioPtr bio = bio_on(pem);
  std::vector<X509Ptr> certificates;
  while (X509Ptr certificate{PEM_read_bio_X509_AUX(bio.get(), nullptr, nullptr, nullptr)})
    certificates.push_back(std::move(certificate));
  const unsigned long last = ERR_peek_last_error();
  const bool at_end =
      ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
  if (!at_end)
    return Error{Errc::invalid, format("certificate {} is damaged ({})", certificates.size() + 1,
                                       take_openssl_error().reason)};
  if (certificates.empty()) return no_certificate(pem);
  return certificates;
}

Result<KeyPtr> parse_private_key(std::string_view pem) {
  const QueueGuard guard;
  const BioPtr bio = bio_on(pem);
  bool asked = false;
  KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, refuse_passphrase, &asked));
  if (key != nullptr) return key;
  if (asked)
    return Error{Errc::invalid,
                 "the private key has a passphrase, and nobody is there to type it "
                 "(\"openssl pkey\" writes it without one)"};
  if (!holds(pem, "PRIVATE KEY-----")) return Error{Errc::invalid, "holds no private key"};
  return Error{Errc::invalid,
               format("the private key is damaged ({})", take_openssl_error().reason)};
}

}  // namespace virgo::crypto
