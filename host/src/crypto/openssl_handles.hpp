// Owners for OpenSSL's objects, and its error queue. Internal to crypto/: the
// only header here that includes OpenSSL's; include it from sources only.
//
// OpenSSL reports errors in a queue of the thread. Who calls into it and can fail
// either drains the queue with take_openssl_error() or holds a QueueGuard, so that
// no error is left to be blamed on a later call.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace virgo::crypto {

template <auto Function>
struct FreeWith {
  template <class T>
  void operator()(T* object) const noexcept {
    Function(object);
  }
};

using BioPtr = std::unique_ptr<BIO, FreeWith<BIO_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, FreeWith<X509_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, FreeWith<X509_EXTENSION_free>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, FreeWith<GENERAL_NAMES_free>>;
using NamePtr = std::unique_ptr<GENERAL_NAME, FreeWith<GENERAL_NAME_free>>;

struct OpenSslError {
  unsigned long code = 0;  // 0: the queue was empty
  std::string reason;      // "bad base64 decode", "unknown" if there is no text
};

// The most telling error of this thread's queue (TLS's own before those of the
// layers below it, then the oldest); empties the queue.
OpenSslError take_openssl_error();

// Empties the queue when it goes, and at the start.
class QueueGuard {
 public:
  QueueGuard() { ERR_clear_error(); }
  ~QueueGuard() { ERR_clear_error(); }
  QueueGuard(const QueueGuard&) = delete;
  QueueGuard& operator=(const QueueGuard&) = delete;
};

}  // namespace virgo::crypto
