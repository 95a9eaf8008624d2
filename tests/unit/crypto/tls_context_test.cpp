#include "crypto/tls_context.hpp"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <mutex>

#include "base/log.hpp"
#include "crypto/pem.hpp"
#include "tls_world.hpp"

namespace virgo::crypto {
namespace {

using namespace testing;

// Every test here also sees to it that no error is left for a later call.
class TlsContextTest : public ::testing::Test {
 protected:
  void SetUp() override {
    set_log_sink([this](LogLevel level, std::string_view component, std::string_view text) {
      if (level == LogLevel::warn && component == "tls") warnings_.emplace_back(text);
    });
  }
  void TearDown() override {
    set_log_sink(nullptr);
    EXPECT_EQ(ERR_peek_error(), 0u) << "the error queue is not drained";
  }

  Error client_error(const std::string& ca) { return TlsContext::client({ca}).error(); }
  Error server_error(const std::string& cert, const std::string& key) {
    return TlsContext::server({cert, key}).error();
  }

  const Pki pki_;
  const TempDir& dir_ = pki_.dir;
  std::vector<std::string> warnings_;
};

TEST_F(TlsContextTest, ServerIsReadyAndSilent) {
  const auto context = TlsContext::server({dir_.file("cert.pem"), dir_.file("key.pem")});
  ASSERT_TRUE(context.ok()) << context.error().message;
  EXPECT_FALSE((*context)->is_client());
  EXPECT_TRUE(warnings_.empty()) << warnings_.front();
}

TEST_F(TlsContextTest, MissingFilesAreNamed) {
  EXPECT_EQ(client_error(dir_.file("no.pem")).message, dir_.file("no.pem") + ": no such file");
  EXPECT_EQ(client_error(dir_.file("no.pem")).code, Errc::not_found);
  EXPECT_HAS(client_error(dir_.file("ca.pem/x")).message, "no such file");
  EXPECT_HAS(server_error(dir_.file("no.pem"), dir_.file("key.pem")).message, "no.pem: no such");
  EXPECT_HAS(server_error(dir_.file("cert.pem"), dir_.file("no.key")).message, "no.key: no such");
}

TEST_F(TlsContextTest, EmptyOptionsAreRefused) {
  EXPECT_HAS(client_error("").message, "no certificate authority is given");
  EXPECT_HAS(server_error("", dir_.file("key.pem")).message, "needs a certificate file and a key");
}

TEST_F(TlsContextTest, UnreadableFileSaysPermissionDenied) {
  const std::string path = dir_.write("secret.pem", pki_.server.key_pem, 0000);
  const bool root = ::geteuid() == 0;
  if (root) {
    ASSERT_EQ(::seteuid(65534), 0);
  }
  const Error error = client_error(path);
  if (root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  EXPECT_EQ(error.code, Errc::denied);
  EXPECT_HAS(error.message, "secret.pem: permission denied");
}

TEST_F(TlsContextTest, FilesWithoutCertificateAreRefused) {
  EXPECT_HAS(client_error(dir_.write("e.pem", "")).message,
             "e.pem: holds no certificate (it is empty)");
  EXPECT_HAS(client_error(dir_.write("t.pem", "hello\n")).message, "t.pem: holds no certificate");
  EXPECT_HAS(client_error(dir_.write("d.pem", "\x30\x82\x01\x02 binary")).message,
             "looks like DER");
  EXPECT_HAS(client_error(dir_.file("key.pem")).message, "it holds a private key");
  EXPECT_HAS(server_error(dir_.file("key.pem"), dir_.file("key.pem")).message,
             "key.pem: holds no certificate (it holds a private key)");
}

TEST_F(TlsContextTest, DamagedCertificatesAreCounted) {
  std::string broken = pki_.authority.certificate_pem;
  broken[broken.size() / 2] = '!';
  EXPECT_HAS(client_error(dir_.write("b.pem", broken)).message,
             "b.pem: certificate 1 is damaged (");
  const std::string second = pki_.authority.certificate_pem + broken;
  EXPECT_HAS(client_error(dir_.write("b2.pem", second)).message, "certificate 2 is damaged");
  const std::string cut = pki_.authority.certificate_pem.substr(0, 300);
  EXPECT_HAS(client_error(dir_.write("c.pem", cut)).message, "c.pem: certificate 1 is damaged");
}

TEST_F(TlsContextTest, WhatIsNoFileIsRefused) {
  EXPECT_HAS(client_error("/dev/zero").message, "/dev/zero: is not a regular file");
  const std::string fifo = dir_.file("fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_HAS(client_error(fifo).message, "is not a regular file");
}

TEST_F(TlsContextTest, SizeOfFilesIsBounded) {
  const std::size_t limit = 4 * 1024 * 1024;
  std::string text = pki_.authority.certificate_pem;
  text.resize(limit, '\n');
  EXPECT_TRUE(TlsContext::client({dir_.write("most.pem", text)}).ok());
  const Error error = client_error(dir_.write("more.pem", text + "\n"));
  EXPECT_EQ(error.code, Errc::limit);
  EXPECT_HAS(error.message, "more.pem: is larger than 4 MiB");
}

TEST_F(TlsContextTest, KeyOfAnotherCertificateIsRefused) {
  const std::string other = dir_.write("other.pem", Pki().server.key_pem);
  const Error error = server_error(dir_.file("cert.pem"), other);
  EXPECT_EQ(error.code, Errc::invalid);
  EXPECT_HAS(error.message, "other.pem does not belong to " + dir_.file("cert.pem"));
}

TEST_F(TlsContextTest, BadKeysAreRefused) {
  const std::string cert = dir_.file("cert.pem");
  EXPECT_HAS(server_error(cert, cert).message, "cert.pem: holds no private key");
  std::string broken = pki_.server.key_pem;
  broken[60] = '!';
  EXPECT_HAS(server_error(cert, dir_.write("b.key", broken)).message,
             "b.key: the private key is damaged");
}

TEST_F(TlsContextTest, KeyWithPassphraseIsRefusedAndNobodyIsAsked) {
  const KeyPtr key = parse_private_key(pki_.server.key_pem).value();
  const BioPtr bio(BIO_new(BIO_s_mem()));
  char passphrase[] = "secret";
  ASSERT_EQ(PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), EVP_aes_128_cbc(), passphrase, 6,
                                          nullptr, nullptr),
            1);
  const std::string path = dir_.write("locked.key", text_in(*bio));
  EXPECT_HAS(server_error(dir_.file("cert.pem"), path).message,
             "locked.key: the private key has a passphrase");
}

TEST_F(TlsContextTest, OneFileMayHoldCertificateAndKey) {
  const std::string both =
      dir_.write("both.pem", pki_.server.key_pem + pki_.server.certificate_pem);
  EXPECT_TRUE(TlsContext::server({both, both}).ok());
}

TEST_F(TlsContextTest, KeyInTheOldFormatWithItsParametersIsRead) {
  const KeyPtr key = parse_private_key(pki_.server.key_pem).value();
  const BioPtr bio(BIO_new(BIO_s_mem()));
  // What "openssl ecparam -name prime256v1 -genkey" puts before the key.
  BIO_puts(bio.get(),
           "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n");
  ASSERT_EQ(PEM_write_bio_PrivateKey_traditional(bio.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                                 nullptr),
            1);
  const std::string path = dir_.write("old.key", text_in(*bio));
  const auto context = TlsContext::server({dir_.file("cert.pem"), path});
  EXPECT_TRUE(context.ok()) << context.error().message;
}

TEST_F(TlsContextTest, KeyThatOthersCanReadIsWarnedAbout) {
  for (const mode_t mode : {0640, 0604}) {
    warnings_.clear();
    const std::string key = dir_.write("open.key", pki_.server.key_pem, mode);
    ASSERT_TRUE(TlsContext::server({dir_.file("cert.pem"), key}).ok());
    ASSERT_EQ(warnings_.size(), 1u);
    EXPECT_HAS(warnings_[0], "open.key: other users");
  }
}

TEST_F(TlsContextTest, ExpiredServerCertificateIsWarnedAbout) {
  const Pki old({"localhost"}, expired());
  const auto info = inspect_certificate_file(old.dir.file("cert.pem")).value();
  ASSERT_NE(old.server_context(), nullptr);
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_HAS(warnings_[0], "the certificate expired on " + format_utc(info.not_after));
}

TEST_F(TlsContextTest, WeakKeyIsRefused) {
  const KeyPair pair = self_signed("localhost", EVP_RSA_gen(1024));
  const std::string weak = dir_.write("weak.pem", pair.certificate_pem + pair.key_pem);
  EXPECT_HAS(server_error(weak, weak).message,
             "weak.pem: certificate 1 cannot be used (ee key too small)");
}

TEST_F(TlsContextTest, DirectoryOfHashedCertificatesIsRead) {
  const X509Ptr ca = std::move(parse_certificates(pki_.authority.certificate_pem).value().front());
  const std::string hashed = dir_.file("certs");
  std::filesystem::create_directory(hashed);
  EXPECT_HAS(client_error(hashed).message, "certs: holds no certificate under its hash");
  dir_.write("certs/readme.txt", "not a certificate");
  EXPECT_EQ(client_error(hashed).code, Errc::invalid);

  char name[32];
  std::snprintf(name, sizeof name, "certs/%08lx.0",
                X509_NAME_hash_ex(X509_get_subject_name(ca.get()), nullptr, nullptr, nullptr));
  dir_.write(name, pki_.authority.certificate_pem);
  const auto context = TlsContext::client({hashed});
  ASSERT_TRUE(context.ok()) << context.error().message;
  Pair pair(*context, pki_.server_context());
  pair.pump();
  EXPECT_TRUE(pair.client->handshake_done()) << message(*pair.client);
}

TEST_F(TlsContextTest, SessionNeedsANameItCanCheck) {
  const auto context = pki_.client();
  for (const char* name : {"", ".example.com", "a b", "http://localhost", "*.example.com"}) {
    const auto session = context->session(name);
    ASSERT_FALSE(session.ok()) << name;
    EXPECT_EQ(session.error().code, Errc::invalid);
    EXPECT_HAS(session.error().message, "neither a host name nor an IP address");
  }
}

TEST_F(TlsContextTest, SessionOutlivesTheHandleOfItsContext) {
  Pair pair(pki_.client(), pki_.server_context());
  pair.pump();
  EXPECT_TRUE(pair.client->handshake_done());
}

}  // namespace
}  // namespace virgo::crypto
