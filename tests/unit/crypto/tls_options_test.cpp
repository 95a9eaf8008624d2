// What contexts can be told beside their files: ALPN, client certificates, names,
// resumption, and no verification. Each in TLS 1.2 and 1.3.
#include <gtest/gtest.h>
#include <openssl/err.h>

#include <map>

#include "tls_world.hpp"

namespace virgo::crypto {
namespace {

using namespace testing;

class TlsOptionsTest : public ::testing::TestWithParam<TlsVersion> {
 protected:
  void TearDown() override { EXPECT_EQ(ERR_peek_error(), 0u) << "the error queue is not drained"; }

  ClientOptions client_options() const {
    ClientOptions options;
    options.ca_pem = {pki_.authority.certificate_pem};
    options.max_version = GetParam();
    return options;
  }
  ServerOptions server_options() const { return server_options(pki_.server); }
  static ServerOptions server_options(const KeyPair& pair) {
    ServerOptions options;
    options.certificate_pem = pair.certificate_pem;
    options.key_pem = pair.key_pem;
    return options;
  }
  static Context make(const ClientOptions& options) {
    auto context = TlsContext::client(options);
    EXPECT_TRUE(context.ok()) << context.error().message;
    return context.value();
  }
  static Context make(const ServerOptions& options) {
    auto context = TlsContext::server(options);
    EXPECT_TRUE(context.ok()) << context.error().message;
    return context.value();
  }
  // A pair whose handshake is over, one way or the other.
  static Pair shake_hands(const Context& client, const Context& server,
                          const std::string& name = "localhost") {
    Pair pair(client, server, name);
    pair.pump();
    return pair;
  }
  static bool done(const Pair& pair) {
    return pair.client->handshake_done() && pair.server->handshake_done() &&
           pair.client->error() == nullptr && pair.server->error() == nullptr;
  }

  static KeyPair own_certificate(const char* name) {
    return self_signed(name, EVP_EC_gen("P-256"));
  }

  const Pki pki_;
};

INSTANTIATE_TEST_SUITE_P(Versions, TlsOptionsTest,
                         ::testing::Values(TlsVersion::tls1_2, TlsVersion::tls1_3));

TEST_P(TlsOptionsTest, CertificatesAreTakenAsText) {
  const Pair pair = shake_hands(make(client_options()), make(server_options()));
  EXPECT_TRUE(done(pair)) << message(*pair.client);
}

TEST_P(TlsOptionsTest, BadTextIsNamedWithoutAFile) {
  ClientOptions client = client_options();
  client.ca_pem.emplace_back("rubbish");
  EXPECT_HAS(TlsContext::client(client).error().message, "given authority 2: holds no certificate");
  ServerOptions server = server_options();
  server.key_pem = Pki().server.key_pem;
  EXPECT_EQ(TlsContext::server(server).error().message,
            "the given key does not belong to the given certificate (it is another key)");
  server.key_pem = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
  EXPECT_HAS(TlsContext::server(server).error().message,
             "the given key: the private key is damaged");
  client = client_options();
  client.certificate_pem = pki_.server.certificate_pem;
  EXPECT_HAS(TlsContext::client(client).error().message, "given together or not at all");
}

TEST_P(TlsOptionsTest, SeveralAuthoritiesAreBelieved) {
  const Pki other;
  ClientOptions options = client_options();
  options.ca_pem = {other.authority.certificate_pem + pki_.authority.certificate_pem};
  const Context client = make(options);
  EXPECT_TRUE(done(shake_hands(client, make(server_options()))));
  EXPECT_TRUE(done(shake_hands(client, make(server_options(other.server)))));
}

TEST_P(TlsOptionsTest, TheSystemsAuthoritiesDoNotKnowOurs) {
  const TempDir empty;
  ::setenv("SSL_CERT_DIR", empty.file("").c_str(), 1);
  ClientOptions options;
  options.system_ca = true;
  EXPECT_HAS(TlsContext::client(options).error().message, "SSL_CERT_DIR: ");
  options.verification = Verification::none_insecure;
  EXPECT_TRUE(TlsContext::client(options).ok());
  ::unsetenv("SSL_CERT_DIR");
  ::setenv("SSL_CERT_FILE", pki_.dir.file("ca.pem").c_str(), 1);
  options.verification = Verification::full;
  const Context ours = make(options);
  ::unsetenv("SSL_CERT_FILE");
  EXPECT_TRUE(done(shake_hands(ours, make(server_options()))));
  ::setenv("SSL_CERT_FILE", Pki().dir.file("ca.pem").c_str(), 1);
  EXPECT_HAS(TlsContext::client(options).error().message, "SSL_CERT_FILE: ");  // it is gone
  ::unsetenv("SSL_CERT_FILE");
}

TEST_P(TlsOptionsTest, VersionsAndCiphersAreHeldToTheOptions) {
  ClientOptions client = client_options();
  client.min_version = TlsVersion::tls1_3;
  client.max_version = TlsVersion::tls1_2;
  EXPECT_HAS(TlsContext::client(client).error().message, "is newer than the newest");
  ServerOptions server = server_options();
  server.min_version = TlsVersion::tls1_3;
  const Pair pair = shake_hands(make(client_options()), make(server));
  EXPECT_EQ(done(pair), GetParam() == TlsVersion::tls1_3);
  client = client_options();
  client.ciphers = "NO-SUCH-CIPHER";
  EXPECT_HAS(TlsContext::client(client).error().message, "'NO-SUCH-CIPHER' cannot be used");
}

TEST_P(TlsOptionsTest, TheServerChoosesTheProtocol) {
  ClientOptions client = client_options();
  client.alpn = {"http/1.1", "h2"};
  ServerOptions server = server_options();
  server.alpn = {"spdy/1", "h2", "http/1.1"};
  const Pair pair = shake_hands(make(client), make(server));
  ASSERT_TRUE(done(pair)) << message(*pair.client);
  EXPECT_EQ(pair.client->alpn(), "h2");
  EXPECT_EQ(pair.server->alpn(), "h2");
}

TEST_P(TlsOptionsTest, NoProtocolInCommonIsRefused) {
  ClientOptions client = client_options();
  client.alpn = {"imap"};
  ServerOptions server = server_options();
  server.alpn = {"h2"};
  const Pair pair = shake_hands(make(client), make(server));
  EXPECT_HAS(message(*pair.server), "no application protocol (ALPN) in common with the client");
  EXPECT_HAS(message(*pair.client), "speaks none of the application protocols that we offer");
  EXPECT_EQ(pair.client->error()->code, Errc::unsupported);
}

TEST_P(TlsOptionsTest, WhoDoesNotSpeakAlpnIsServedWithout) {
  ServerOptions server = server_options();
  server.alpn = {"h2"};
  EXPECT_EQ(shake_hands(make(client_options()), make(server)).server->alpn(), "");
  ClientOptions client = client_options();
  client.alpn = {"h2"};
  const Pair pair = shake_hands(make(client), make(server_options()));
  EXPECT_TRUE(done(pair));
  EXPECT_EQ(pair.client->alpn(), "");
  client.alpn = {""};
  EXPECT_HAS(TlsContext::client(client).error().message, "1 to 255 bytes");
  client.alpn = {std::string(256, 'x')};
  EXPECT_FALSE(TlsContext::client(client).ok());
  client.alpn = {std::string(255, 'x')};
  EXPECT_TRUE(TlsContext::client(client).ok());
}

// ---- client certificates

class MutualTest : public TlsOptionsTest {
 protected:
  ServerOptions asking(ClientCertificates how, Verification verification = Verification::full) {
    ServerOptions options = server_options();
    options.ca_pem = {known_.certificate_pem};
    options.client_certificates = how;
    options.verification = verification;
    return options;
  }
  ClientOptions with(const KeyPair& own) {
    ClientOptions options = client_options();
    options.certificate_pem = own.certificate_pem;
    options.key_pem = own.key_pem;
    return options;
  }
  const KeyPair known_ = own_certificate("known client");
  const KeyPair stranger_ = own_certificate("stranger");
};

INSTANTIATE_TEST_SUITE_P(Versions, MutualTest,
                         ::testing::Values(TlsVersion::tls1_2, TlsVersion::tls1_3));

TEST_P(MutualTest, AKnownClientIsLetInAndNamed) {
  const Pair pair = shake_hands(make(with(known_)), make(asking(ClientCertificates::require)));
  ASSERT_TRUE(done(pair)) << message(*pair.server);
  const auto certificate = pair.server->peer_certificate();
  ASSERT_TRUE(certificate.has_value());
  EXPECT_EQ(certificate->subject, (CertificateDetails::Name{{"CN", "known client"}}));
  EXPECT_EQ(certificate->pem, known_.certificate_pem);
  EXPECT_EQ(pair.server->authorization_error(), "");
}

TEST_P(MutualTest, AStrangerIsRefused) {
  for (const auto how : {ClientCertificates::require, ClientCertificates::request}) {
    const Pair pair = shake_hands(make(with(stranger_)), make(asking(how)));
    ASSERT_NE(pair.server->error(), nullptr);
    EXPECT_EQ(pair.server->error()->code, Errc::denied);
    EXPECT_HAS(message(*pair.server), "the client's certificate is not signed by");
    EXPECT_HAS(message(*pair.client), "the server ");
  }
}

TEST_P(MutualTest, WithoutACertificateItDependsOnWhetherItIsRequired) {
  const Pair refused =
      shake_hands(make(client_options()), make(asking(ClientCertificates::require)));
  EXPECT_EQ(message(*refused.server), "the client has given no certificate, and one is required");
  const Pair fine = shake_hands(make(client_options()), make(asking(ClientCertificates::request)));
  EXPECT_TRUE(done(fine)) << message(*fine.server);
  EXPECT_FALSE(fine.server->peer_certificate().has_value());
}

TEST_P(MutualTest, AStrangerMayBeLetInAndToldApart) {
  const Pair pair =
      shake_hands(make(with(stranger_)),
                  make(asking(ClientCertificates::request, Verification::none_insecure)));
  ASSERT_TRUE(done(pair)) << message(*pair.server);
  EXPECT_HAS(pair.server->authorization_error(), "the client's certificate is not signed by");
  EXPECT_TRUE(pair.server->peer_certificate().has_value());
}

TEST_P(MutualTest, CheckingClientsNeedsAnAuthority) {
  ServerOptions options = server_options();
  options.client_certificates = ClientCertificates::require;
  EXPECT_HAS(TlsContext::server(options).error().message, "to check clients with");
}

// ---- verification off

TEST_P(TlsOptionsTest, NothingIsBelievedByDefault) {
  ClientOptions options;
  EXPECT_HAS(TlsContext::client(options).error().message, "no certificate authority is given");
}

TEST_P(TlsOptionsTest, WithoutVerificationTheResultIsStillTold) {
  ClientOptions options = client_options();
  options.verification = Verification::none_insecure;
  const Context client = make(options);
  EXPECT_EQ(shake_hands(client, make(server_options())).client->authorization_error(), "");

  const Pair other_name = shake_hands(client, make(server_options()), "example.com");
  ASSERT_TRUE(done(other_name));
  EXPECT_EQ(other_name.client->authorization_error(),
            "the certificate is for 'localhost, 127.0.0.1', not for 'example.com'");
  const Pair other_authority = shake_hands(client, make(server_options(Pki().server)));
  ASSERT_TRUE(done(other_authority));
  EXPECT_HAS(other_authority.client->authorization_error(), "is not signed by");
  const Pair nameless = shake_hands(client, make(server_options()), "");
  ASSERT_TRUE(done(nameless));
  EXPECT_EQ(nameless.client->sni(), "");
  EXPECT_FALSE(make(client_options())->session("").ok());
}

// ---- names

class SniTest : public TlsOptionsTest {
 protected:
  Context server_with(std::map<std::string, Context> others) {
    ServerOptions options = server_options();
    options.choose_by_name = [this, others](std::string_view name) {
      asked_.emplace_back(name);
      const auto it = others.find(std::string(name));
      return it == others.end() ? nullptr : it->second;
    };
    return make(options);
  }
  KeyPair for_host(const std::string& host) const {
    const std::vector<std::string> hosts{host};
    return make_server_certificate(pki_.authority, hosts, valid_now()).value();
  }
  std::vector<std::string> asked_;
};

INSTANTIATE_TEST_SUITE_P(Versions, SniTest,
                         ::testing::Values(TlsVersion::tls1_2, TlsVersion::tls1_3));

TEST_P(SniTest, EachNameGetsItsCertificate) {
  const Context server = server_with({{"a.example", make(server_options(for_host("a.example")))}});
  const Context client = make(client_options());
  const Pair a = shake_hands(client, server, "A.example");
  ASSERT_TRUE(done(a)) << message(*a.client);
  EXPECT_EQ(a.server->sni(), "a.example");
  EXPECT_EQ(a.client->peer_certificate()->info.names, std::vector<std::string>{"a.example"});
  const Pair rest = shake_hands(client, server, "localhost");
  EXPECT_TRUE(done(rest));
  EXPECT_EQ(rest.client->peer_certificate()->info.names.front(), "localhost");
  EXPECT_EQ(asked_, (std::vector<std::string>{"a.example", "localhost"}));
}

TEST_P(SniTest, AnAddressIsNoName) {
  const Pair pair = shake_hands(make(client_options()), server_with({}), "127.0.0.1");
  EXPECT_TRUE(done(pair));
  EXPECT_TRUE(asked_.empty());
  EXPECT_EQ(pair.server->sni(), "");
  EXPECT_EQ(pair.client->sni(), "");
}

TEST_P(SniTest, TheChosenContextsRulesCount) {
  ServerOptions strict = server_options(for_host("strict.example"));
  strict.ca_pem = {own_certificate("x").certificate_pem};
  strict.client_certificates = ClientCertificates::require;
  ServerOptions modern = server_options(for_host("modern.example"));
  modern.min_version = TlsVersion::tls1_3;
  modern.alpn = {"h2"};
  const Context server =
      server_with({{"strict.example", make(strict)}, {"modern.example", make(modern)}});
  ClientOptions options = client_options();
  options.alpn = {"h2"};
  const Context client = make(options);
  EXPECT_HAS(message(*shake_hands(client, server, "strict.example").server), "one is required");
  EXPECT_TRUE(done(shake_hands(client, server, "localhost")));
  const Pair pair = shake_hands(client, server, "modern.example");
  EXPECT_EQ(done(pair), GetParam() == TlsVersion::tls1_3);
  if (done(pair)) {
    EXPECT_EQ(pair.server->alpn(), "h2");
  }
}

TEST_P(SniTest, AClientsContextIsNotChosen) {
  const Context server = server_with({{"localhost", make(client_options())}});
  EXPECT_TRUE(done(shake_hands(make(client_options()), server)));
}

// ---- resumption

class ResumptionTest : public TlsOptionsTest {
 protected:
  ResumptionTest() {
    resuming_ = client_options();
    resuming_.resumption = true;
    ticketing_ = server_options();
    ticketing_.tickets = true;
  }
  static bool reused(const Context& client, const Context& server,
                     const std::string& name = "localhost", std::uint16_t port = 0) {
    auto c = client->session(name, port).value();
    auto s = server->session().value();
    pump(*c, *s);
    EXPECT_TRUE(c->handshake_done() && s->handshake_done()) << message(*c);
    EXPECT_EQ(c->session_reused(), s->session_reused());
    EXPECT_TRUE(c->write("data").ok());
    pump(*c, *s);
    EXPECT_EQ(plaintext(*s), "data");
    return c->session_reused();
  }
  ClientOptions resuming_;
  ServerOptions ticketing_;
};

INSTANTIATE_TEST_SUITE_P(Versions, ResumptionTest,
                         ::testing::Values(TlsVersion::tls1_2, TlsVersion::tls1_3));

TEST_P(ResumptionTest, TheSecondHandshakeIsShort) {
  const Context client = make(resuming_);
  const Context server = make(ticketing_);
  EXPECT_FALSE(reused(client, server));
  EXPECT_TRUE(reused(client, server));
  EXPECT_TRUE(reused(client, server)) << "a resumed session brings the next ticket";
}

TEST_P(ResumptionTest, OnlyWithTheSameNameAndPort) {
  const Context client = make(resuming_);
  const Context server = make(ticketing_);
  EXPECT_FALSE(reused(client, server, "localhost", 443));
  EXPECT_FALSE(reused(client, server, "127.0.0.1", 443));
  EXPECT_FALSE(reused(client, server, "localhost", 444));
  EXPECT_TRUE(reused(client, server, "localhost", 443));
}

TEST_P(ResumptionTest, OnlyWhereBothWantIt) {
  const Context client = make(resuming_);
  const Context plain_client = make(client_options());
  const Context server = make(ticketing_);
  const Context plain_server = make(server_options());
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(reused(plain_client, server));
    EXPECT_FALSE(reused(client, plain_server));
  }
}

TEST_P(ResumptionTest, ATicketOfAnotherServerIsNoHarm) {
  const Context client = make(resuming_);
  EXPECT_FALSE(reused(client, make(ticketing_)));
  EXPECT_FALSE(reused(client, make(ticketing_)));
}

// Otherwise a client could get around what the other context demands.
TEST_P(ResumptionTest, ATicketOfOneNamesContextIsNotGoodForAnother) {
  ServerOptions strict = ticketing_;
  const KeyPair own = own_certificate("client");
  strict.ca_pem = {own.certificate_pem};
  strict.client_certificates = ClientCertificates::require;
  const Context strict_context = make(strict);
  bool be_strict = false;
  ServerOptions options = ticketing_;
  options.choose_by_name = [&](std::string_view) -> Context {
    return be_strict ? strict_context : nullptr;
  };
  const Context server = make(options);
  const Context client = make(resuming_);
  EXPECT_FALSE(reused(client, server));
  be_strict = true;
  Pair pair(client, server);
  pair.pump();
  EXPECT_HAS(message(*pair.server), "one is required");
}

TEST_P(ResumptionTest, WhoIsKnownByACertificateStaysSo) {
  const KeyPair own = own_certificate("client");
  ServerOptions asking = ticketing_;
  asking.ca_pem = {own.certificate_pem};
  asking.client_certificates = ClientCertificates::require;
  resuming_.certificate_pem = own.certificate_pem;
  resuming_.key_pem = own.key_pem;
  const Context client = make(resuming_);
  const Context server = make(asking);
  EXPECT_FALSE(reused(client, server));
  auto c = client->session("localhost").value();
  auto s = server->session().value();
  pump(*c, *s);
  ASSERT_TRUE(s->session_reused());
  EXPECT_TRUE(s->peer_certificate().has_value());
  EXPECT_TRUE(c->peer_certificate().has_value());
}

TEST_P(ResumptionTest, WhatWasWrongIsToldAgain) {
  resuming_.ca_pem = {Pki().authority.certificate_pem};
  resuming_.verification = Verification::none_insecure;
  const Context client = make(resuming_);
  const Context server = make(ticketing_);
  EXPECT_FALSE(reused(client, server));
  auto c = client->session("localhost").value();
  auto s = server->session().value();
  pump(*c, *s);
  ASSERT_TRUE(c->session_reused());
  EXPECT_NE(c->authorization_error(), "");
}

}  // namespace
}  // namespace virgo::crypto
