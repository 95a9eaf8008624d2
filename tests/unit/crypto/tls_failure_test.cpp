// Certificates that must not be accepted, and what is then said to whom.
#include "crypto/tls_failure.hpp"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include "base/log.hpp"
#include "tls_world.hpp"

namespace virgo::crypto {
namespace {

using namespace testing;

class TlsFailureTest : public ::testing::TestWithParam<TlsVersion> {
 protected:
  void SetUp() override { set_log_level(LogLevel::error); }
  void TearDown() override {
    set_log_level(LogLevel::info);
    EXPECT_EQ(ERR_peek_error(), 0u);
  }

  // The client's error; the server has been told by then.
  Error refuse(const Pki& trusted, const Pki& serving, const std::string& name = "localhost") {
    pair_ = std::make_unique<Pair>(trusted.client(GetParam()), serving.server_context(), name);
    pair_->pump();
    EXPECT_FALSE(pair_->client->handshake_done());
    if (pair_->client->error() == nullptr) return {};
    EXPECT_EQ(pair_->client->error()->code, Errc::denied);
    EXPECT_NE(pair_->server->error(), nullptr) << "the server was not told";
    return *pair_->client->error();
  }
  void accept(const Pki& pki, const std::string& name) {
    Pair pair(pki.client(GetParam()), pki.server_context(), name);
    pair.pump();
    EXPECT_TRUE(pair.client->handshake_done()) << name << ": " << message(*pair.client);
  }
  std::string server_message() const { return message(*pair_->server); }

  std::unique_ptr<Pair> pair_;
};

INSTANTIATE_TEST_SUITE_P(Versions, TlsFailureTest,
                         ::testing::Values(TlsVersion::tls1_2, TlsVersion::tls1_3));

TEST_P(TlsFailureTest, AnotherAuthority) {
  const Pki ours;
  const Pki theirs;
  const Error error = refuse(ours, theirs);
  EXPECT_HAS(error.message,
             "the server's certificate is not signed by a certificate authority in " +
                 ours.dir.file("ca.pem") + " (");
  EXPECT_EQ(server_message(), "the client does not trust our certificate (unknown ca)");
}

TEST_P(TlsFailureTest, AuthorityOfAnotherNameThatTheServerSendsAlong) {
  const Pki ours;
  const Pki theirs;
  theirs.dir.write("cert.pem", theirs.server.certificate_pem + theirs.authority.certificate_pem);
  EXPECT_HAS(refuse(ours, theirs).message, "is not signed by a certificate authority in");
}

TEST_P(TlsFailureTest, SelfSigned) {
  const Pki ours;
  const Pki theirs;
  const KeyPair own = self_signed("localhost", EVP_EC_gen("P-256"));
  theirs.dir.write("cert.pem", own.certificate_pem);
  theirs.dir.write("key.pem", own.key_pem);
  EXPECT_HAS(refuse(ours, theirs).message, "is not signed by a certificate authority in");
}

TEST_P(TlsFailureTest, PinnedServerCertificateIsEnough) {
  const Pki pki;
  pki.dir.write("ca.pem", pki.server.certificate_pem);
  accept(pki, "localhost");
}

TEST_P(TlsFailureTest, AnotherHostName) {
  const Pki pki({"a.example.com", "b.example.com", "10.0.0.1"});
  EXPECT_EQ(refuse(pki, pki, "c.example.com").message,
            "the certificate is for 'a.example.com, b.example.com, 10.0.0.1', not for "
            "'c.example.com'");
  EXPECT_HAS(server_message(), "the client does not accept our certificate");
  EXPECT_HAS(server_message(), "bad certificate");
  accept(pki, "b.example.com");
  accept(pki, "B.Example.COM");
  accept(pki, "b.example.com.");
}

TEST_P(TlsFailureTest, Addresses) {
  const Pki pki({"localhost", "127.0.0.1", "::1"});
  accept(pki, "127.0.0.1");
  accept(pki, "::1");
  accept(pki, "[::1]");
  accept(pki, "0:0:0:0:0:0:0:1");
  EXPECT_HAS(refuse(pki, pki, "127.0.0.2").message, "not for '127.0.0.2'");
  EXPECT_HAS(refuse(pki, pki, "::2").message, "not for '::2'");
}

TEST_P(TlsFailureTest, AddressIsNotMatchedByAName) {
  const Pki pki({"localhost"});
  EXPECT_HAS(refuse(pki, pki, "127.0.0.1").message, "is for 'localhost', not for '127.0.0.1'");
}

TEST_P(TlsFailureTest, WildcardStandsForOneLabel) {
  const Pki pki({"*.example.com"});
  accept(pki, "a.example.com");
  for (const char* name : {"example.com", "a.b.example.com", "a.example.org"})
    EXPECT_HAS(refuse(pki, pki, name).message, "the certificate is for '*.example.com', not for '");
}

TEST_P(TlsFailureTest, CommonNameIsNoHostName) {
  const Pki pki;
  const KeyPair own = self_signed("localhost", EVP_EC_gen("P-256"));
  for (const char* file : {"ca.pem", "cert.pem"}) pki.dir.write(file, own.certificate_pem);
  pki.dir.write("key.pem", own.key_pem);
  EXPECT_HAS(refuse(pki, pki).message, "the certificate names no host (it has no subjectAltName)");
}

TEST_P(TlsFailureTest, Expired) {
  const Validity validity = expired();
  const Pki pki({"localhost"}, validity);
  EXPECT_EQ(refuse(pki, pki).message,
            "the server's certificate expired on " + format_utc(validity.not_after));
  EXPECT_HAS(server_message(), "which to its clock has expired");
}

TEST_P(TlsFailureTest, NotYetValid) {
  const Validity validity = not_yet_valid();
  const Pki pki({"localhost"}, validity);
  EXPECT_HAS(refuse(pki, pki).message,
             "the server's certificate is not valid before " + format_utc(validity.not_before));
  EXPECT_HAS(server_message(), "a validity that has not begun");
}

TEST_P(TlsFailureTest, ExpiredAuthority) {
  const Pki pki({"localhost"}, valid_now(), expired());
  EXPECT_HAS(refuse(pki, pki).message, "the authority's certificate 'CN=Test CA' expired on ");
}

TEST_P(TlsFailureTest, ErrorSticksAndNoDataFlows) {
  const Pki ours;
  const Pki theirs;
  const Error error = refuse(ours, theirs);
  TlsSession& client = *pair_->client;
  EXPECT_EQ(client.write("secret").error().message, error.message);
  EXPECT_EQ(client.feed({}).error().message, error.message);
  EXPECT_EQ(client.end_of_stream().error().message, error.message);
  client.close();
  EXPECT_EQ(client.ciphertext_size(), 0u);
  EXPECT_EQ(client.protocol(), "");
}

TEST_P(TlsFailureTest, EarlyDataNeverLeavesBeforeTheServerIsProven) {
  const Pki ours;
  const Pki theirs;
  Pair pair(ours.client(GetParam()), theirs.server_context());
  ASSERT_TRUE(pair.client->write("secret").ok());
  pair.pump();
  EXPECT_EQ(plaintext(*pair.server), "");
}

}  // namespace
}  // namespace virgo::crypto
