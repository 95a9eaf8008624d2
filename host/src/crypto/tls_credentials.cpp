#include "crypto/tls_credentials.hpp"

#include <dirent.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/format.hpp"
#include "base/log.hpp"
#include "crypto/pem.hpp"
#include "crypto/x509_read.hpp"

namespace virgo::crypto {
namespace {

// Where distributions have them under their hashes, and as one file.
constexpr const char* kDirectories[] = {
    "/etc/ssl/certs", "/etc/pki/ca-trust/extracted/pem/directory-hash", "/etc/pki/tls/certs"};
constexpr const char* kBundles[] = {"/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem",
                                    "/etc/ssl/ca-bundle.pem"};

Error openssl_failure(const std::string& what) {
  return Error{Errc::failed, take_openssl_error().reason}.context(what);
}

bool is_directory(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

// "1a2b3c4d.0", as made by "openssl rehash".
bool is_hashed_name(std::string_view name) {
  if (name.size() < 10 || name[8] != '.') return false;
  for (std::size_t i = 0; i < name.size(); ++i)
    if (i != 8 && std::isxdigit(static_cast<unsigned char>(name[i])) == 0) return false;
  return true;
}

Result<void> check_directory(const std::string& path) {
  const std::unique_ptr<DIR, FreeWith<::closedir>> directory(::opendir(path.c_str()));
  if (directory == nullptr) {
    const Errc code = errno == EACCES ? Errc::denied : Errc::io;
    return Error{code, format("{}: {}", path, strerrordesc_np(errno))};
  }
  while (const dirent* entry = ::readdir(directory.get()))
    if (is_hashed_name(entry->d_name)) return {};
  return Error{
      Errc::invalid,
      format("{}: holds no certificate under its hash (run \"openssl rehash {}\")", path, path)};
}

Result<void> load_directory(SSL_CTX* ctx, const std::string& path) {
  if (auto usable = check_directory(path); !usable) return usable;
  if (SSL_CTX_load_verify_dir(ctx, path.c_str()) != 1) return openssl_failure(path);
  return {};
}

Result<void> add_authorities(SSL_CTX* ctx, std::string_view pem, const std::string& name) {
  const auto certificates = parse_certificates(pem);
  if (!certificates) return certificates.error().context(name);
  for (const X509Ptr& certificate : *certificates)
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), certificate.get()) != 1)
      return openssl_failure(name);
  return {};
}

// Text that is given, or that of a file.
Result<PemText> pem_of(const std::string& file, const std::string& text) {
  if (!file.empty()) return read_pem_file(file);
  return PemText(text, false);
}

std::string name_of(const std::string& file, const char* text_name) {
  return file.empty() ? text_name : file;
}

Result<void> use_certificates(SSL_CTX* ctx, const Credentials& credentials,
                              const std::string& name) {
  const auto pem = pem_of(credentials.certificate_file, credentials.certificate_pem);
  if (!pem) return pem.error();
  auto certificates = parse_certificates(pem->view());
  if (!certificates) return certificates.error().context(name);
  for (std::size_t i = 0; i < certificates->size(); ++i) {
    X509* certificate = (*certificates)[i].get();
    const int ok = i == 0 ? SSL_CTX_use_certificate(ctx, certificate)
                          : static_cast<int>(SSL_CTX_add1_chain_cert(ctx, certificate));
    if (ok != 1)
      return Error{Errc::invalid, format("{}: certificate {} cannot be used ({})", name, i + 1,
                                         take_openssl_error().reason)};
  }
  const X509& own = *certificates->front();
  if (X509_cmp_current_time(X509_get0_notAfter(&own)) < 0)
    log_warn("tls", "{}: the certificate expired on {}; peers will refuse it", name,
             format_utc(certificate_info(own).not_after));
  return {};
}

Result<void> use_key(SSL_CTX* ctx, const Credentials& credentials, const std::string& name,
                     const std::string& certificate_name) {
  const auto pem = pem_of(credentials.key_file, credentials.key_pem);
  if (!pem) return pem.error();
  const auto key = parse_private_key(pem->view());
  if (!key) return key.error().context(name);
  if (X509_check_private_key(SSL_CTX_get0_certificate(ctx), key->get()) != 1)
    return Error{Errc::invalid,
                 format("{} does not belong to {} (it is another key)", name, certificate_name)};
  if (SSL_CTX_use_PrivateKey(ctx, key->get()) != 1) return openssl_failure(name);
  if (pem->exposed())
    log_warn("tls", "{}: other users than its owner can read this private key (chmod 600)", name);
  return {};
}

}  // namespace

Result<void> load_authorities_from(ssl_ctx_st* ctx, const std::string& path) {
  if (is_directory(path)) return load_directory(ctx, path);
  const auto pem = read_pem_file(path);
  if (!pem) return pem.error();
  return add_authorities(ctx, pem->view(), path);
}

Result<void> load_authorities_pem(ssl_ctx_st* ctx, const std::vector<std::string>& texts) {
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string name =
        texts.size() == 1 ? "the given authority" : format("given authority {}", i + 1);
    if (auto added = add_authorities(ctx, texts[i], name); !added) return added;
  }
  return {};
}

Result<void> load_system_authorities(ssl_ctx_st* ctx) {
  const char* file = std::getenv("SSL_CERT_FILE");
  const char* directory = std::getenv("SSL_CERT_DIR");
  if (file != nullptr && *file != '\0')
    if (auto loaded = load_authorities_from(ctx, file); !loaded)
      return loaded.error().context("SSL_CERT_FILE");
  if (directory != nullptr && *directory != '\0')
    if (auto loaded = load_directory(ctx, directory); !loaded)
      return loaded.error().context("SSL_CERT_DIR");
  if ((file != nullptr && *file != '\0') || (directory != nullptr && *directory != '\0')) return {};
  for (const char* path : kDirectories)
    if (load_directory(ctx, path)) return {};
  for (const char* path : kBundles)
    if (load_authorities_from(ctx, path)) return {};
  return Error{Errc::not_found,
               format("this system has no certificate authorities in {} or where else they are "
                      "usual; install its package \"ca-certificates\", or say where they are in "
                      "SSL_CERT_FILE or SSL_CERT_DIR",
                      kDirectories[0])};
}

Result<void> use_credentials(ssl_ctx_st* ctx, const Credentials& credentials) {
  const std::string certificate = name_of(credentials.certificate_file, "the given certificate");
  const std::string key = name_of(credentials.key_file, "the given key");
  if (auto used = use_certificates(ctx, credentials, certificate); !used) return used;
  return use_key(ctx, credentials, key, certificate);
}

}  // namespace virgo::crypto
