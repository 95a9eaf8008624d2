#include "crypto/x509.hpp"

#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include <set>

#include "crypto/pem.hpp"
#include "tls_world.hpp"

namespace virgo::crypto {
namespace {

using namespace testing;
using std::chrono::seconds;
using std::chrono::sys_seconds;

const std::vector<std::string> kHosts{"db1.example.com", "*.example.org", "10.0.0.1", "::1"};

X509Ptr open(const KeyPair& pair) {
  return std::move(parse_certificates(pair.certificate_pem).value().front());
}

TEST(Authority, MaySignServersButNoAuthorities) {
  const X509Ptr ca = open(make_authority("Virgo CA", valid_now()).value());
  EXPECT_EQ(X509_check_ca(ca.get()), 1);
  EXPECT_EQ(X509_get_pathlen(ca.get()), 0);
  EXPECT_EQ(X509_get_key_usage(ca.get()), static_cast<unsigned>(KU_KEY_CERT_SIGN | KU_CRL_SIGN));
  const int at = X509_get_ext_by_NID(ca.get(), NID_basic_constraints, -1);
  EXPECT_EQ(X509_EXTENSION_get_critical(X509_get_ext(ca.get(), at)), 1);
  EXPECT_EQ(X509_verify(ca.get(), X509_get0_pubkey(ca.get())), 1);
}

TEST(ServerCertificate, IsSignedForServersAndNothingElse) {
  const KeyPair authority = make_authority("Virgo CA", valid_now()).value();
  const X509Ptr ca = open(authority);
  const X509Ptr cert = open(make_server_certificate(authority, kHosts, valid_now()).value());
  EXPECT_EQ(X509_verify(cert.get(), X509_get0_pubkey(ca.get())), 1);
  EXPECT_EQ(X509_check_issued(ca.get(), cert.get()), X509_V_OK);
  EXPECT_EQ(X509_check_ca(cert.get()), 0);
  EXPECT_EQ(X509_get_key_usage(cert.get()), static_cast<unsigned>(KU_DIGITAL_SIGNATURE));
  EXPECT_EQ(X509_get_extended_key_usage(cert.get()), static_cast<unsigned>(XKU_SSL_SERVER));
}

TEST(ServerCertificate, NamesItsHosts) {
  const KeyPair authority = make_authority("Virgo CA", valid_now()).value();
  const auto pair = make_server_certificate(authority, kHosts, valid_now()).value();
  EXPECT_EQ(inspect_certificate_pem(pair.certificate_pem)->names, kHosts);
  EXPECT_EQ(inspect_certificate_pem(pair.certificate_pem)->subject, "CN=db1.example.com");
}

TEST(ServerCertificate, KeyIsItsOwnAndNotEncrypted) {
  const KeyPair authority = make_authority("Virgo CA", valid_now()).value();
  const auto pair = make_server_certificate(authority, kHosts, valid_now()).value();
  EXPECT_TRUE(pair.key_pem.starts_with("-----BEGIN PRIVATE KEY-----"));
  const KeyPtr key = parse_private_key(pair.key_pem).value();
  EXPECT_EQ(X509_check_private_key(open(pair).get(), key.get()), 1);
}

TEST(ServerCertificate, SerialsAreLongPositiveAndDiffer) {
  const KeyPair authority = make_authority("Virgo CA", valid_now()).value();
  std::set<std::string> seen;
  for (int i = 0; i < 20; ++i) {
    const X509Ptr cert = open(make_server_certificate(authority, kHosts, valid_now()).value());
    const ASN1_INTEGER* serial = X509_get0_serialNumber(cert.get());
    EXPECT_EQ(ASN1_STRING_length(serial), 16);
    EXPECT_EQ(ASN1_STRING_type(serial), V_ASN1_INTEGER);
    EXPECT_TRUE(
        seen.insert({reinterpret_cast<const char*>(ASN1_STRING_get0_data(serial)), 16}).second);
  }
}

TEST(ServerCertificate, KeepsTheValidityToTheSecond) {
  // 2049-12-31T23:59:59Z is the last that X.509 writes in its short form.
  const Validity validity{sys_seconds(seconds(2524607999)), sys_seconds(seconds(253402300799))};
  const auto authority = make_authority("Virgo CA", validity).value();
  const auto info = inspect_certificate_pem(authority.certificate_pem).value();
  EXPECT_EQ(info.not_before, validity.not_before);
  EXPECT_EQ(info.not_after, validity.not_after);
  EXPECT_EQ(format_utc(info.not_before), "2049-12-31T23:59:59Z");
  EXPECT_EQ(format_utc(info.not_after), "9999-12-31T23:59:59Z");
}

TEST(ServerCertificate, RefusesAValidityThatCannotBe) {
  const auto at = [](std::int64_t s) { return sys_seconds(seconds(s)); };
  const auto backwards = make_authority("CA", {at(1000), at(999)});
  EXPECT_HAS(backwards.error().message, "cannot end");
  EXPECT_FALSE(make_authority("CA", {at(1000), at(1000)}).ok());
  EXPECT_HAS(make_authority("CA", {at(-1), at(1000)}).error().message, "1970");
  EXPECT_HAS(make_authority("CA", {at(0), at(253402300800)}).error().message, "9999");
  EXPECT_TRUE(make_authority("CA", {at(0), at(253402300799)}).ok());
}

TEST(ServerCertificate, RefusesBadHosts) {
  const KeyPair authority = make_authority("CA", valid_now()).value();
  EXPECT_HAS(make_server_certificate(authority, {}, valid_now()).error().message, "at least one");
  const std::vector<std::string> sly{"good.example.com", "a,DNS:evil.example.com"};
  const auto made = make_server_certificate(authority, sly, valid_now());
  EXPECT_HAS(made.error().message, "'a,DNS:evil.example.com' is neither");
}

TEST(ServerCertificate, TakesAHostTooLongForASubject) {
  const KeyPair authority = make_authority("CA", valid_now()).value();
  const std::vector<std::string> hosts{std::string(60, 'a') + ".example.com"};
  const auto pair = make_server_certificate(authority, hosts, valid_now()).value();
  EXPECT_EQ(inspect_certificate_pem(pair.certificate_pem)->names, hosts);
}

TEST(ServerCertificate, RefusesAnAuthorityThatIsNone) {
  const KeyPair authority = make_authority("CA", valid_now()).value();
  const KeyPair other = make_authority("CA", valid_now()).value();
  const KeyPair server = make_server_certificate(authority, kHosts, valid_now()).value();
  const auto why = [](const KeyPair& with) {
    return make_server_certificate(with, kHosts, valid_now()).error().message;
  };
  EXPECT_HAS(why({authority.certificate_pem, other.key_pem}), "does not belong to its certificate");
  EXPECT_HAS(why(server), "may not sign others");
  EXPECT_HAS(why({"", authority.key_pem}), "the authority's certificate: holds no certificate");
  EXPECT_HAS(why({authority.certificate_pem, ""}), "the authority's key: holds no private key");
}

TEST(Authority, NameHasItsBounds) {
  EXPECT_FALSE(make_authority("", valid_now()).ok());
  EXPECT_TRUE(make_authority(std::string(64, 'a'), valid_now()).ok());
  EXPECT_FALSE(make_authority(std::string(65, 'a'), valid_now()).ok());
  EXPECT_FALSE(make_authority("bad \xff utf-8", valid_now()).ok());
}

TEST(Inspect, ReadsAFileAndDescribesIt) {
  const Pki pki;
  const auto info = inspect_certificate_file(pki.dir.file("cert.pem")).value();
  EXPECT_FALSE(info.is_authority);
  EXPECT_EQ(describe(info),
            "CN=localhost for 'localhost, 127.0.0.1', valid until " + format_utc(info.not_after));
  const auto ca = inspect_certificate_file(pki.dir.file("ca.pem")).value();
  EXPECT_TRUE(ca.is_authority);
  EXPECT_EQ(ca.subject, "CN=Test CA");
  EXPECT_TRUE(ca.names.empty());
}

TEST(Inspect, FailsWithTheFileAndTheReason) {
  const Pki pki;
  const auto missing = inspect_certificate_file(pki.dir.file("none.pem"));
  EXPECT_EQ(missing.error().code, Errc::not_found);
  EXPECT_EQ(missing.error().message, pki.dir.file("none.pem") + ": no such file");
  const auto key = inspect_certificate_file(pki.dir.file("key.pem"));
  EXPECT_HAS(key.error().message, "key.pem: holds no certificate (it holds a private key)");
}

TEST(Inspect, ShowsControlCharactersHarmless) {
  const auto pair = make_authority("evil\n2026 INFO", valid_now()).value();
  const std::string text = describe(inspect_certificate_pem(pair.certificate_pem).value());
  EXPECT_EQ(text.find('\n'), std::string::npos) << text;
}

TEST(Inspect, ListsNamesUpToAPoint) {
  const KeyPair authority = make_authority("CA", valid_now()).value();
  std::vector<std::string> hosts;
  for (int i = 1; i <= 11; ++i) hosts.push_back("h" + std::to_string(i));
  const auto pair = make_server_certificate(authority, hosts, valid_now()).value();
  const std::string text = describe(inspect_certificate_pem(pair.certificate_pem).value());
  EXPECT_HAS(text, "h1, h2, h3, h4, h5, h6, h7, h8 and 3 more'");
}

}  // namespace
}  // namespace virgo::crypto
