#include "crypto/pem.hpp"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/format.hpp"

namespace virgo::crypto {
namespace {

constexpr std::size_t kMaxFile = 4 * 1024 * 1024;

struct File {
  int fd;
  ~File() {
    if (fd >= 0) ::close(fd);
  }
};

Error system_error(const std::string& path, int number) {
  if (number == ENOENT || number == ENOTDIR)
    return {Errc::not_found, format("{}: no such file", path)};
  if (number == EACCES || number == EPERM)
    return {Errc::denied, format("{}: permission denied for the user virgo runs as", path)};
  return {Errc::io, format("{}: {}", path, strerrordesc_np(number))};
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
  // O_NONBLOCK: opening a FIFO must not wait for somebody to write to it.
  const File file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
  struct stat status {};
  if (file.fd < 0 || ::fstat(file.fd, &status) != 0) return system_error(path, errno);
  if (!S_ISREG(status.st_mode))
    return Error{Errc::invalid, format("{}: is not a regular file", path)};
  if (static_cast<std::size_t>(status.st_size) > kMaxFile)
    return Error{Errc::limit, format("{}: is larger than 4 MiB", path)};

  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t n = ::read(file.fd, text.data() + size, text.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error(path, errno);
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  text.resize(size);
  return PemText(std::move(text), (status.st_mode & (S_IRGRP | S_IROTH)) != 0);
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
