// What OpenSSL calls in the middle of a session. Internal to crypto/. All find
// the TlsSession by its SSL, run inside TlsSession::feed() and do not throw.
#pragma once

struct ssl_st;
struct ssl_session_st;
struct evp_cipher_ctx_st;
struct evp_mac_ctx_st;

namespace virgo::crypto {

class TlsSession;

struct TlsCallbacks {
  static bool attach(ssl_st* ssl, TlsSession* session);

  // Client: a session that can be resumed. Takes it if it returns 1.
  static int keep_session(ssl_st* ssl, ssl_session_st* session) noexcept;

  // Server: the client's first message, before anything is decided. Switches to
  // the context for the name it wants.
  static int look_at_hello(ssl_st* ssl, int* alert, void* arg) noexcept;

  // Server: which of the client's application protocols; `list`: ours.
  static int choose_protocol(ssl_st* ssl, const unsigned char** out, unsigned char* out_size,
                             const unsigned char* in, unsigned in_size, void* list) noexcept;

  // Server: sets up sealing (`seal` 1) or opening a ticket. For opening, 0: the
  // key is not known any more, 2: open it and give a new one.
  static int ticket_key(ssl_st* ssl, unsigned char* name, unsigned char* iv,
                        evp_cipher_ctx_st* cipher, evp_mac_ctx_st* mac, int seal) noexcept;
};

}  // namespace virgo::crypto
