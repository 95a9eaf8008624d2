// What a certificate says, from OpenSSL's object. Internal to crypto/.
#pragma once

#include "crypto/openssl_handles.hpp"
#include "crypto/x509.hpp"

namespace virgo::crypto {

// The strings are as the certificate has them: printable() before showing them.
CertificateInfo certificate_info(const X509& certificate);

CertificateDetails certificate_details(const X509& certificate);

// "db1, 10.0.0.1 and 3 more", printable.
std::string join_names(const CertificateInfo& info);

}  // namespace virgo::crypto
