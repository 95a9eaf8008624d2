#include "crypto/tls_context.hpp"

#include <openssl/ssl.h>

#include "base/format.hpp"
#include "base/text.hpp"
#include "crypto/alpn.hpp"
#include "crypto/openssl_handles.hpp"
#include "crypto/random.hpp"
#include "crypto/session_cache.hpp"
#include "crypto/ticket_keys.hpp"
#include "crypto/tls_callbacks.hpp"
#include "crypto/tls_credentials.hpp"
#include "crypto/tls_failure.hpp"
#include "crypto/tls_session.hpp"
#include "crypto/wire.hpp"

namespace virgo::crypto {
namespace {

// Forward secrecy and authenticated encryption; TLS 1.3 has nothing else anyway.
constexpr char kCiphers12[] = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!PSK";
// Sessions a client keeps are of at most this age; tickets of ours live no longer.
constexpr long kSessionSeconds = 2 * 60 * 60;

Error openssl_failure(const std::string& what) {
  return Error{Errc::failed, take_openssl_error().reason}.context(what);
}

int number_of(TlsVersion version) {
  return version == TlsVersion::tls1_2 ? TLS1_2_VERSION : TLS1_3_VERSION;
}

// A session is only resumed in a context that would have accepted it when new:
// by this OpenSSL tells contexts apart that share ticket keys (chosen by name).
Result<void> set_session_scope(SSL_CTX* ctx) {
  unsigned char scope[16];
  if (auto filled = fill_random(scope); !filled) return filled;
  if (SSL_CTX_set_session_id_context(ctx, scope, sizeof scope) != 1)
    return openssl_failure("setting up TLS");
  return {};
}

}  // namespace

void TlsContext::CtxFree::operator()(ssl_ctx_st* ctx) const noexcept {
  SSL_CTX_free(ctx);
}
void TlsContext::MethodFree::operator()(bio_method_st* method) const noexcept {
  BIO_meth_free(method);
}

TlsContext::TlsContext(bool is_client) : is_client_(is_client) {}
TlsContext::~TlsContext() = default;

template <class Options>
Result<void> TlsContext::init(const Options& options) {
  verification_ = options.verification;
  bio_method_.reset(new_wire_method());
  ctx_.reset(SSL_CTX_new(is_client_ ? TLS_client_method() : TLS_server_method()));
  SSL_CTX* ctx = ctx_.get();
  if (options.min_version > options.max_version)
    return Error{Errc::invalid, "the oldest TLS version allowed is newer than the newest"};
  if (bio_method_ == nullptr || ctx == nullptr ||
      SSL_CTX_set_min_proto_version(ctx, number_of(options.min_version)) != 1 ||
      SSL_CTX_set_max_proto_version(ctx, number_of(options.max_version)) != 1)
    return openssl_failure("setting up TLS");
  SSL_CTX_set_security_level(ctx, options.security_level);
  const char* ciphers = options.ciphers.empty() ? kCiphers12 : options.ciphers.c_str();
  if (SSL_CTX_set_cipher_list(ctx, ciphers) != 1)
    return Error{Errc::invalid, format("the list of ciphers '{}' cannot be used ({})",
                                       printable(ciphers), take_openssl_error().reason)};
  SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                               SSL_OP_CIPHER_SERVER_PREFERENCE);
  // An idle session then holds 20 KiB instead of 52.
  SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(ctx, 0);
  SSL_CTX_set_timeout(ctx, kSessionSeconds);
  auto alpn = alpn_list(options.alpn);
  if (!alpn) return alpn.error();
  alpn_ = std::move(alpn).value();
  return {};
}

template <class Options>
Result<void> TlsContext::load_authorities(const Options& options) {
  SSL_CTX* ctx = ctx_.get();
  if (!options.ca.empty()) {
    if (auto loaded = load_authorities_from(ctx, options.ca); !loaded) return loaded;
    authorities_ = options.ca;
  } else {
    authorities_ = options.system_ca ? "the system's list" : "the given list";
  }
  if (auto loaded = load_authorities_pem(ctx, options.ca_pem); !loaded) return loaded;
  if (options.system_ca) {
    const auto loaded = load_system_authorities(ctx);
    if (!loaded && verification_ == Verification::full) return loaded;
  }
  X509_VERIFY_PARAM* param = SSL_CTX_get0_param(ctx);
  // Whatever is in the file is believed, also an intermediate without its root.
  X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_hostflags(
      param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  return {};
}

Result<std::shared_ptr<TlsContext>> TlsContext::client(const ClientOptions& options) {
  const QueueGuard guard;
  const bool believes_none = options.ca.empty() && options.ca_pem.empty() && !options.system_ca;
  if (believes_none && options.verification == Verification::full)
    return Error{Errc::invalid, "no certificate authority is given to check servers with"};
  if (options.certificate_pem.empty() != options.key_pem.empty())
    return Error{Errc::invalid, "a certificate and its key are given together or not at all"};
  std::shared_ptr<TlsContext> context(new TlsContext(true));
  if (auto ready = context->init(options); !ready) return ready.error();
  if (auto loaded = context->load_authorities(options); !loaded) return loaded.error();
  context->source_ = context->authorities_;
  SSL_CTX* ctx = context->ctx_.get();
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, record_verify_failure);
  if (!options.certificate_pem.empty()) {
    const std::string none;
    const auto used = use_credentials(ctx, {none, options.certificate_pem, none, options.key_pem});
    if (!used) return used.error();
  }
  const std::string& alpn = context->alpn_;
  if (!alpn.empty() &&
      SSL_CTX_set_alpn_protos(ctx, reinterpret_cast<const unsigned char*>(alpn.data()),
                              static_cast<unsigned>(alpn.size())) != 0)
    return openssl_failure("offering application protocols");
  if (options.resumption) {
    context->sessions_ = std::make_unique<SessionCache>();
    SSL_CTX_clear_options(ctx, SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx, TlsCallbacks::keep_session);
  }
  return context;
}

Result<std::shared_ptr<TlsContext>> TlsContext::server(const ServerOptions& options) {
  const QueueGuard guard;
  const bool certificate = !options.certificate_file.empty() || !options.certificate_pem.empty();
  const bool key = !options.key_file.empty() || !options.key_pem.empty();
  if (!certificate || !key)
    return Error{Errc::invalid,
                 "a TLS server needs a certificate file and a key file, or their text"};
  std::shared_ptr<TlsContext> context(new TlsContext(false));
  context->source_ =
      options.certificate_file.empty() ? "the given certificate" : options.certificate_file;
  if (auto ready = context->init(options); !ready) return ready.error();
  SSL_CTX* ctx = context->ctx_.get();
  const auto used = use_credentials(
      ctx, {options.certificate_file, options.certificate_pem, options.key_file, options.key_pem});
  if (!used) return used.error();
  if (auto asking = context->ask_for_certificates(options); !asking) return asking.error();
  if (auto scoped = set_session_scope(ctx); !scoped) return scoped.error();
  if (options.tickets)
    if (auto issuing = context->issue_tickets(); !issuing) return issuing.error();
  context->choose_by_name_ = options.choose_by_name;
  SSL_CTX_set_client_hello_cb(ctx, TlsCallbacks::look_at_hello, nullptr);
  if (!context->alpn_.empty())
    SSL_CTX_set_alpn_select_cb(ctx, TlsCallbacks::choose_protocol, &context->alpn_);
  return context;
}

Result<void> TlsContext::ask_for_certificates(const ServerOptions& options) {
  if (options.client_certificates == ClientCertificates::ignore) return {};
  const bool believes_none = options.ca.empty() && options.ca_pem.empty() && !options.system_ca;
  if (believes_none && options.verification == Verification::full)
    return Error{Errc::invalid, "no certificate authority is given to check clients with"};
  if (auto loaded = load_authorities(options); !loaded) return loaded;
  const bool require = options.client_certificates == ClientCertificates::require;
  SSL_CTX_set_verify(ctx_.get(), SSL_VERIFY_PEER | (require ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                     record_verify_failure);
  // What clients choose theirs by. A directory's are not known beforehand.
  STACK_OF(X509_OBJECT)* known = X509_STORE_get0_objects(SSL_CTX_get_cert_store(ctx_.get()));
  for (int i = 0; i < sk_X509_OBJECT_num(known); ++i)
    if (X509* authority = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(known, i)))
      SSL_CTX_add_client_CA(ctx_.get(), authority);
  return {};
}

Result<void> TlsContext::issue_tickets() {
  SSL_CTX* ctx = ctx_.get();
  ticket_keys_ = std::make_unique<TicketKeys>(system_clock());
  SSL_CTX_clear_options(ctx, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(ctx, 2);
  if (SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, TlsCallbacks::ticket_key) != 1)
    return openssl_failure("setting up TLS");
  return {};
}

Result<std::unique_ptr<TlsSession>> TlsContext::session(std::string_view server_name,
                                                        std::uint16_t port) const {
  const QueueGuard guard;
  std::unique_ptr<TlsSession> session(new TlsSession(shared_from_this()));
  if (auto ready = session->init(server_name, port); !ready) return ready.error();
  return session;
}

Result<std::unique_ptr<TlsSession>> TlsContext::session() const {
  return session({}, 0);
}

}  // namespace virgo::crypto
