// PEM files and what is in them. Internal to crypto/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "crypto/openssl_handles.hpp"

namespace virgo::crypto {

// The text of a file that may hold a private key: wiped when it goes.
class PemText {
 public:
  PemText(std::string text, bool exposed) : text_(std::move(text)), exposed_(exposed) {}
  ~PemText();
  PemText(PemText&& other) noexcept : exposed_(other.exposed_) { text_.swap(other.text_); }
  PemText& operator=(PemText&&) = delete;

  std::string_view view() const { return text_; }
  // Whether users other than the owner could read the file.
  bool exposed() const { return exposed_; }

 private:
  std::string text_;
  bool exposed_;
};

// Reads a regular file of at most 4 MiB. The error starts with the path: not_found,
// denied, io, limit (too large), invalid (not a regular file).
Result<PemText> read_pem_file(const std::string& path);

// All certificates in `pem`, at least one. Other PEM blocks are passed over. Fails
// with invalid: "holds no certificate", "certificate 2 is damaged (...)".
Result<std::vector<X509Ptr>> parse_certificates(std::string_view pem);

// The first private key in `pem`. Fails with invalid: "holds no private key",
// "the private key has a passphrase ...", "the private key is damaged (...)".
Result<KeyPtr> parse_private_key(std::string_view pem);

}  // namespace virgo::crypto
