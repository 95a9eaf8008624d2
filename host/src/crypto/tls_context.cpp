#include "crypto/tls_context.hpp"

#include <dirent.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <cctype>
#include <cerrno>
#include <cstring>

#include "base/format.hpp"
#include "base/log.hpp"
#include "crypto/pem.hpp"
#include "crypto/tls_failure.hpp"
#include "crypto/tls_session.hpp"
#include "crypto/wire.hpp"
#include "crypto/x509_read.hpp"

namespace virgo::crypto {
namespace {

// Forward secrecy and authenticated encryption; TLS 1.3 has nothing else anyway.
constexpr char kCiphers12[] = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!PSK";

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

Result<void> load_ca_directory(SSL_CTX* ctx, const std::string& path) {
  if (auto usable = check_directory(path); !usable) return usable;
  if (SSL_CTX_load_verify_dir(ctx, path.c_str()) != 1) return openssl_failure(path);
  return {};
}

Result<void> load_ca_file(SSL_CTX* ctx, const std::string& path) {
  const auto pem = read_pem_file(path);
  if (!pem) return pem.error();
  const auto certificates = parse_certificates(pem->view());
  if (!certificates) return certificates.error().context(path);
  for (const X509Ptr& certificate : *certificates)
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), certificate.get()) != 1)
      return openssl_failure(path);
  return {};
}

Result<void> use_certificates(SSL_CTX* ctx, const std::string& path) {
  const auto pem = read_pem_file(path);
  if (!pem) return pem.error();
  auto certificates = parse_certificates(pem->view());
  if (!certificates) return certificates.error().context(path);
  for (std::size_t i = 0; i < certificates->size(); ++i) {
    X509* certificate = (*certificates)[i].get();
    const int ok = i == 0 ? SSL_CTX_use_certificate(ctx, certificate)
                          : static_cast<int>(SSL_CTX_add1_chain_cert(ctx, certificate));
    if (ok != 1)
      return Error{Errc::invalid, format("{}: certificate {} cannot be used ({})", path, i + 1,
                                         take_openssl_error().reason)};
  }
  const X509& own = *certificates->front();
  if (X509_cmp_current_time(X509_get0_notAfter(&own)) < 0)
    log_warn("tls", "{}: the certificate expired on {}; clients will refuse it", path,
             format_utc(certificate_info(own).not_after));
  return {};
}

Result<void> use_key(SSL_CTX* ctx, const ServerOptions& options) {
  const auto pem = read_pem_file(options.key_file);
  if (!pem) return pem.error();
  const auto key = parse_private_key(pem->view());
  if (!key) return key.error().context(options.key_file);
  if (X509_check_private_key(SSL_CTX_get0_certificate(ctx), key->get()) != 1)
    return Error{Errc::invalid, format("{} does not belong to {} (it is another key)",
                                       options.key_file, options.certificate_file)};
  if (SSL_CTX_use_PrivateKey(ctx, key->get()) != 1) return openssl_failure(options.key_file);
  if (pem->exposed())
    log_warn("tls", "{}: other users than its owner can read this private key (chmod 600)",
             options.key_file);
  return {};
}

}  // namespace

void TlsContext::CtxFree::operator()(ssl_ctx_st* ctx) const noexcept {
  SSL_CTX_free(ctx);
}
void TlsContext::MethodFree::operator()(bio_method_st* method) const noexcept {
  BIO_meth_free(method);
}

TlsContext::TlsContext(bool is_client, std::string source)
    : is_client_(is_client), source_(std::move(source)) {}
TlsContext::~TlsContext() = default;

Result<void> TlsContext::init(TlsVersion max_version) {
  bio_method_.reset(new_wire_method());
  ctx_.reset(SSL_CTX_new(is_client_ ? TLS_client_method() : TLS_server_method()));
  SSL_CTX* ctx = ctx_.get();
  const int newest = max_version == TlsVersion::tls1_2 ? TLS1_2_VERSION : TLS1_3_VERSION;
  if (bio_method_ == nullptr || ctx == nullptr ||
      SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_max_proto_version(ctx, newest) != 1 ||
      SSL_CTX_set_cipher_list(ctx, kCiphers12) != 1)
    return openssl_failure("setting up TLS");
  SSL_CTX_set_security_level(ctx, 2);
  SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                               SSL_OP_CIPHER_SERVER_PREFERENCE);
  // An idle session then holds 20 KiB instead of 52.
  SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
  // Connections live for days: resumption would save little and keep secrets.
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(ctx, 0);
  return {};
}

Result<std::shared_ptr<TlsContext>> TlsContext::client(const ClientOptions& options) {
  const QueueGuard guard;
  if (options.ca.empty())
    return Error{Errc::invalid, "no certificate authority is given to check servers with"};
  std::shared_ptr<TlsContext> context(new TlsContext(true, options.ca));
  if (auto ready = context->init(options.max_version); !ready) return ready.error();
  SSL_CTX* ctx = context->ctx_.get();
  const auto loaded =
      is_directory(options.ca) ? load_ca_directory(ctx, options.ca) : load_ca_file(ctx, options.ca);
  if (!loaded) return loaded.error();
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, record_verify_failure);
  X509_VERIFY_PARAM* param = SSL_CTX_get0_param(ctx);
  // Whatever is in the file is believed, also an intermediate without its root.
  X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_hostflags(
      param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  return context;
}

Result<std::shared_ptr<TlsContext>> TlsContext::server(const ServerOptions& options) {
  const QueueGuard guard;
  if (options.certificate_file.empty() || options.key_file.empty())
    return Error{Errc::invalid, "a TLS server needs a certificate file and a key file"};
  std::shared_ptr<TlsContext> context(new TlsContext(false, options.certificate_file));
  if (auto ready = context->init(options.max_version); !ready) return ready.error();
  SSL_CTX* ctx = context->ctx_.get();
  if (auto used = use_certificates(ctx, options.certificate_file); !used) return used.error();
  if (auto used = use_key(ctx, options); !used) return used.error();
  return context;
}

Result<std::unique_ptr<TlsSession>> TlsContext::session(std::string_view server_name) const {
  const QueueGuard guard;
  std::unique_ptr<TlsSession> session(new TlsSession(shared_from_this()));
  if (auto ready = session->init(server_name); !ready) return ready.error();
  return session;
}

Result<std::unique_ptr<TlsSession>> TlsContext::session() const {
  return session({});
}

}  // namespace virgo::crypto
