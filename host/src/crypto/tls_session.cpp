#include "crypto/tls_session.hpp"

#include <openssl/ssl.h>

#include <algorithm>

#include "base/format.hpp"
#include "crypto/host_name.hpp"
#include "crypto/session_cache.hpp"
#include "crypto/tls_callbacks.hpp"
#include "crypto/tls_context.hpp"
#include "crypto/tls_failure.hpp"
#include "crypto/wire.hpp"
#include "crypto/x509_read.hpp"

namespace virgo::crypto {
namespace {

// As much of the peer's first words as a message quotes.
constexpr std::size_t kFirstBytes = 64;
constexpr std::size_t kRecord = 16 * 1024;

// Moves if `to` is empty, so that big flights are not copied.
void hand_over(std::string& from, std::string& to) {
  if (to.empty()) {
    to.swap(from);
  } else {
    to.append(from);
  }
  from = std::string();
}

}  // namespace

void TlsSession::SslFree::operator()(ssl_st* ssl) const noexcept {
  SSL_free(ssl);
}

TlsSession::TlsSession(std::shared_ptr<const TlsContext> context)
    : context_(std::move(context)), wire_(std::make_unique<Wire>()) {}

// OpenSSL would not resume a session whose connection ends without a goodbye. That
// is told to whoever reads (end_of_stream()), and says nothing of the keys.
TlsSession::~TlsSession() {
  if (ssl_ != nullptr && handshake_done_ && !error_)
    SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

Result<void> TlsSession::init(std::string_view server_name, std::uint16_t port) {
  const bool is_client = context_->is_client();
  ssl_.reset(SSL_new(context_->ctx_.get()));
  BIO* bio = new_wire_bio(context_->bio_method_.get(), *wire_);
  if (ssl_ == nullptr || bio == nullptr) {
    BIO_free(bio);
    return Error{Errc::failed,
                 format("cannot begin a TLS session ({})", take_openssl_error().reason)};
  }
  SSL_set_bio(ssl_.get(), bio, bio);
  verify_failure_ = std::make_unique<VerifyFailure>();
  verify_failure_->tolerated = context_->verification_ == Verification::none_insecure;
  SSL_set_app_data(ssl_.get(), verify_failure_.get());
  if (!TlsCallbacks::attach(ssl_.get(), this))
    return Error{Errc::failed, "cannot begin a TLS session (out of memory)"};
  if (is_client) return begin_client(server_name, port);
  SSL_set_accept_state(ssl_.get());
  return {};
}

Result<void> TlsSession::begin_client(std::string_view server_name, std::uint16_t port) {
  if (auto named = set_server_name(server_name); !named) return named;
  if (context_->sessions_ != nullptr) {
    resumption_name_ = format("{}:{}", server_name_, port);
    // OpenSSL holds what it uses.
    if (const SessionPtr kept = context_->sessions_->take(resumption_name_))
      SSL_set_session(ssl_.get(), kept.get());
  }
  SSL_set_connect_state(ssl_.get());
  advance_handshake();
  return outcome();
}

Result<void> TlsSession::set_server_name(std::string_view server_name) {
  if (server_name.empty() && context_->verification_ == Verification::none_insecure) return {};
  const auto host = parse_host_name(server_name, false);
  if (!host) return host.error();
  server_name_ = host->text;
  X509_VERIFY_PARAM* param = SSL_get0_param(ssl_.get());
  // SNI carries DNS names only.
  const bool ok =
      host->is_ip()
          ? X509_VERIFY_PARAM_set1_ip_asc(param, server_name_.c_str()) == 1
          : X509_VERIFY_PARAM_set1_host(param, server_name_.data(), server_name_.size()) == 1 &&
                SSL_set_tlsext_host_name(ssl_.get(), server_name_.c_str()) == 1;
  if (ok) return {};
  return Error{Errc::failed, format("cannot set the server's name '{}' ({})", server_name_,
                                    take_openssl_error().reason)};
}

Result<void> TlsSession::feed(std::span<const char> ciphertext) {
  if (error_ || peer_closed_) return outcome();
  const QueueGuard guard;
  note_first_bytes(ciphertext);
  wire_->in = ciphertext;
  if (!handshake_done_) advance_handshake();
  if (handshake_done_) decrypt_all();
  wire_->in = {};
  return outcome();
}

Result<void> TlsSession::end_of_stream() {
  if (!error_ && !peer_closed_) fail(explain_end(scene()));
  return outcome();
}

void TlsSession::advance_handshake() {
  const int result = SSL_do_handshake(ssl_.get());
  if (result != 1) return settle(result);
  handshake_done_ = true;
  first_bytes_ = std::string();
  note_authorization();
  SSL_set_app_data(ssl_.get(), nullptr);
  verify_failure_.reset();
  after_handshake();
}

void TlsSession::note_authorization() {
  if (verify_failure_->code != 0) {
    verdict_ = verify_failure_->verdict;
    verdict_.error = explain_verify(scene(), *verify_failure_).message;
  } else if (const long code = SSL_get_verify_result(ssl_.get()); code != X509_V_OK) {
    // Of a resumed session only the number is left.
    verdict_.error = X509_verify_cert_error_string(code);
  }
}

void TlsSession::after_handshake() {
  encrypt(early_);
  early_ = std::string();
  if (closing_) send_close_notify();
}

// Until the span is used up; OpenSSL itself keeps the beginning of a record.
void TlsSession::decrypt_all() {
  char record[kRecord];
  while (!error_ && !peer_closed_) {
    ERR_clear_error();  // SSL_get_error() looks at the queue, also after a success left something
    const int n = SSL_read(ssl_.get(), record, sizeof record);
    if (n <= 0) return settle(n);
    plain_.append(record, static_cast<std::size_t>(n));
  }
}

std::size_t TlsSession::take_plaintext(std::string& out, std::size_t max) {
  const std::size_t size = std::min(max, plaintext_size());
  if (size == plain_.size()) {
    hand_over(plain_, out);
    return size;
  }
  out.append(plain_, plain_taken_, size);
  plain_taken_ += size;
  if (plain_taken_ == plain_.size()) {
    plain_ = std::string();
    plain_taken_ = 0;
  }
  return size;
}

Result<void> TlsSession::write(std::string_view plaintext) {
  if (error_) return *error_;
  if (closing_) return Error{Errc::closed, "this side has closed the TLS session"};
  if (handshake_done_) {
    const QueueGuard guard;
    encrypt(plaintext);
    return outcome();
  }
  if (plaintext.size() > kMaxEarlyWrite - early_.size())
    return Error{Errc::limit, format("more than {} bytes written before the TLS handshake is done",
                                     kMaxEarlyWrite)};
  early_.append(plaintext);
  return {};
}

void TlsSession::encrypt(std::string_view plaintext) {
  if (plaintext.empty()) return;
  ERR_clear_error();
  std::size_t written = 0;
  // The wire takes everything, so this either writes all or fails for good.
  if (SSL_write_ex(ssl_.get(), plaintext.data(), plaintext.size(), &written) != 1) settle(0);
}

bool TlsSession::take_ciphertext(std::string& out) {
  if (wire_->out.empty()) return false;
  hand_over(wire_->out, out);
  return true;
}

std::size_t TlsSession::ciphertext_size() const {
  return wire_->out.size();
}

void TlsSession::close() {
  if (error_ || closing_) return;
  closing_ = true;
  if (handshake_done_) send_close_notify();
}

void TlsSession::send_close_notify() {
  const QueueGuard guard;
  if (!error_) SSL_shutdown(ssl_.get());
}

void TlsSession::note_first_bytes(std::span<const char> ciphertext) {
  if (handshake_done_ || first_bytes_.size() >= kFirstBytes) return;
  first_bytes_.append(ciphertext.data(),
                      std::min(ciphertext.size(), kFirstBytes - first_bytes_.size()));
}

// Sorts out a result of OpenSSL that is no success: a dry wire is no failure.
void TlsSession::settle(int result) {
  const int kind = SSL_get_error(ssl_.get(), result);
  if (kind == SSL_ERROR_WANT_READ) return;
  if (kind == SSL_ERROR_ZERO_RETURN) {
    // A goodbye instead of a handshake is no orderly end.
    if (!handshake_done_) return fail(explain_end(scene()));
    peer_closed_ = true;
    return;
  }
  const OpenSslError error = take_openssl_error();
  const bool verify =
      verify_failure_ != nullptr && verify_failure_->code != 0 && !verify_failure_->tolerated;
  fail(verify ? explain_verify(scene(), *verify_failure_) : explain_tls(scene(), error));
}

void TlsSession::fail(Error error) {
  error_ = std::move(error);
}

FailureScene TlsSession::scene() const {
  return {context_->is_client(), handshake_done_, acting_context().authorities_, server_name_,
          first_bytes_};
}

Result<void> TlsSession::outcome() const {
  if (error_) return *error_;
  return {};
}

std::string TlsSession::protocol() const {
  return handshake_done_ ? SSL_get_version(ssl_.get()) : "";
}

std::string TlsSession::cipher() const {
  return handshake_done_ ? SSL_get_cipher_name(ssl_.get()) : "";
}

std::string TlsSession::alpn() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  return size == 0 ? "" : std::string(reinterpret_cast<const char*>(name), size);
}

const std::string& TlsSession::sni() const {
  static const std::string none;
  const bool sent = !context_->is_client() ||
                    SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name) != nullptr;
  return sent ? server_name_ : none;
}

bool TlsSession::session_reused() const {
  return handshake_done_ && SSL_session_reused(ssl_.get()) == 1;
}

std::optional<CertificateDetails> TlsSession::peer_certificate() const {
  const X509* certificate = handshake_done_ ? SSL_get0_peer_certificate(ssl_.get()) : nullptr;
  if (certificate == nullptr) return std::nullopt;
  return certificate_details(*certificate);
}

std::vector<CertificateInfo> TlsSession::peer_chain() const {
  std::vector<CertificateInfo> chain;
  const STACK_OF(X509)* sent = handshake_done_ ? SSL_get_peer_cert_chain(ssl_.get()) : nullptr;
  for (int i = 0; i < sk_X509_num(sent); ++i)
    chain.push_back(certificate_info(*sk_X509_value(sent, i)));
  return chain;
}

}  // namespace virgo::crypto
