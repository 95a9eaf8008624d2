#include "crypto/openssl_handles.hpp"

namespace virgo::crypto {

OpenSslError take_openssl_error() {
  unsigned long chosen = 0;
  while (const unsigned long code = ERR_get_error()) {
    const bool first_of_tls =
        ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_LIB(chosen) != ERR_LIB_SSL;
    if (chosen == 0 || first_of_tls) chosen = code;
  }
  const char* reason = chosen == 0 ? nullptr : ERR_reason_error_string(chosen);
  return {chosen, reason == nullptr ? "unknown" : reason};
}

}  // namespace virgo::crypto
