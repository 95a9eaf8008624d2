// Making and reading X.509 certificates: a private authority and the server
// certificates it signs, for those who have no PKI of their own.
//
// All keys are EC P-256, all signatures ECDSA with SHA-256. Functions without
// state; thread-safe.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace virgo::crypto {

struct KeyPair {
  std::string certificate_pem;
  std::string key_pem;  // PKCS#8, not encrypted: write it with mode 0600
};

// Both ends are included. The latest year is 9999.
struct Validity {
  std::chrono::sys_seconds not_before;
  std::chrono::sys_seconds not_after;

  // From an hour before `now` (clocks differ) to `days` after it.
  static Validity for_days(std::chrono::sys_seconds now, int days);
};

// A self-signed authority that may sign server certificates but no further
// authority. `common_name`: 1 to 64 bytes of UTF-8. Fails with invalid.
Result<KeyPair> make_authority(const std::string& common_name, const Validity& validity);

// A TLS server certificate for `hosts` (at least one), signed by `authority`:
// DNS names, of which the leftmost label may be "*", or IP addresses. Fails with
// invalid and says which host or part of `authority` is wrong.
Result<KeyPair> make_server_certificate(const KeyPair& authority,
                                        std::span<const std::string> hosts,
                                        const Validity& validity);

struct CertificateInfo {
  std::string subject;             // "CN=db1.example.com,O=Example"
  std::vector<std::string> names;  // DNS names and IP addresses it is for
  std::chrono::sys_seconds not_before;
  std::chrono::sys_seconds not_after;
  bool is_authority = false;
};

// All that a program may want to know of a peer's certificate. Names are as the
// certificate has them: printable() before showing them.
struct CertificateDetails {
  using Name = std::vector<std::pair<std::string, std::string>>;  // {"CN", "db1"}, ...
  CertificateInfo info;
  Name subject;
  Name issuer;
  std::string issuer_text;        // "CN=Example CA,O=Example"
  std::string alternative_names;  // "DNS:db1, IP Address:10.0.0.1"
  std::string serial;             // hex, upper case
  std::string fingerprint_sha1;   // "0A:1B:..."
  std::string fingerprint_sha256;
  std::string pem;
};

// What the check of a server's certificate found, also where the result is only told
// (Verification::none_insecure).
struct CertificateVerdict {
  bool trusted = true;     // the chain leads to an authority that we believe
  bool name_match = true;  // it is for the server's name
  bool in_time = true;     // it and its issuers are valid now
  std::string error;       // the first thing that is wrong, as a sentence; "" if nothing is

  bool operator==(const CertificateVerdict&) const = default;
};

// A server's certificate, with all that a check of it may want to know.
struct PeerCertificate {
  CertificateDetails details;
  std::vector<CertificateInfo> chain;  // as the server sent it, its own first
  CertificateVerdict verdict;
};

// The first certificate of a PEM file, or of PEM text. Errors as in TlsContext:
// one sentence; that of the file starts with its name. Nothing is verified.
Result<CertificateInfo> inspect_certificate_file(const std::string& path);
Result<CertificateInfo> inspect_certificate_pem(std::string_view pem);

// "CN=db1 for 'db1, 10.0.0.1', valid until 2027-01-31T12:00:00Z", printable.
std::string describe(const CertificateInfo& info);

// "2027-01-31T12:00:00Z"
std::string format_utc(std::chrono::sys_seconds time);

}  // namespace virgo::crypto
