// Putting certificates, keys and authorities into an SSL_CTX. Internal to
// crypto/. Errors start with the file, or say which text is meant.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

struct ssl_ctx_st;

namespace virgo::crypto {

// Each certificate of the file, or of the directory under their hashes.
Result<void> load_authorities_from(ssl_ctx_st* ctx, const std::string& path);
Result<void> load_authorities_pem(ssl_ctx_st* ctx, const std::vector<std::string>& texts);
// The system's; fails with not_found where it has none.
Result<void> load_system_authorities(ssl_ctx_st* ctx);

// PEM, from the file or, when that is "", the text.
struct Credentials {
  const std::string& certificate_file;
  const std::string& certificate_pem;
  const std::string& key_file;
  const std::string& key_pem;
};

// Our own certificate with its chain, and its key.
Result<void> use_credentials(ssl_ctx_st* ctx, const Credentials& credentials);

}  // namespace virgo::crypto
