// Peers that do not speak TLS, speak it too old, or speak it wrong.
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <random>

#include "tls_world.hpp"

namespace virgo::crypto {
namespace {

using namespace testing;

// Bytes to a client and to a server.
class StrangerTest : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(ERR_peek_error(), 0u); }
  // Feeds `bytes` at once and by the byte; both must fail alike.
  Error to(const Context& context, std::string_view bytes) {
    const auto fresh = [&] {
      return (context->is_client() ? context->session("localhost") : context->session()).value();
    };
    const Session slow = fresh();
    for (const char c : bytes) static_cast<void>(slow->feed({&c, 1}));
    const auto slow_end = slow->end_of_stream();
    const Session session = fresh();
    static_cast<void>(session->feed(bytes));
    const auto end = session->end_of_stream();
    EXPECT_FALSE(slow_end.ok());
    EXPECT_FALSE(end.ok());
    if (slow_end.ok() || end.ok()) return {};
    EXPECT_EQ(slow_end.error().code, end.error().code);
    return end.error();
  }

  const Pki pki_;
  const Context client_ = pki_.client();
  const Context server_ = pki_.server_context();
};

using namespace std::string_view_literals;

TEST_F(StrangerTest, Http) {
  const Error client = to(client_, "HTTP/1.1 400 Bad Request\r\n\r\n");
  EXPECT_EQ(client.code, Errc::invalid);
  EXPECT_EQ(
      client.message,
      "the server does not speak TLS (it sent \"HTTP/1.1 400 Bad Request\\x0d\\x0a\\x0d\\x0a\")");
  for (const char* method : {"GET", "POST", "PUT", "HEAD", "CONNECT", "OPTIONS"}) {
    const std::string request = std::string(method) + " / HTTP/1.1\r\nHost: a\r\n\r\n";
    EXPECT_HAS(to(server_, request).message,
               "the client does not speak TLS (it sent \"" + std::string(method) + " /");
  }
}

TEST_F(StrangerTest, OtherProtocols) {
  for (const auto greeting :
       {"SSH-2.0-OpenSSH_9.2p1\r\n"sv, "220 mail ESMTP\r\n"sv, "{\"v\":\"1\"}\n"sv,
        "\0\0\0\0\0\0\0\0"sv, "\xff\xff\xff\xff\xff\xff"sv}) {
    EXPECT_HAS(to(client_, greeting).message, "the server does not speak TLS (it sent \"");
    EXPECT_HAS(to(server_, greeting).message, "the client does not speak TLS (it sent \"");
  }
}

TEST_F(StrangerTest, LongAnswersAreQuotedInPart) {
  const Error error = to(client_, std::string(10000, 'A'));
  EXPECT_HAS(error.message, "AAAA");
  EXPECT_LT(error.message.size(), 200u);
}

TEST_F(StrangerTest, TooShortToTell) {
  EXPECT_HAS(to(client_, "HT").message, "the server does not speak TLS (it sent \"HT\")");
}

TEST_F(StrangerTest, Nothing) {
  EXPECT_EQ(to(client_, "").message,
            "the server closed the connection before the TLS handshake (it sent nothing)");
  EXPECT_EQ(to(server_, "").code, Errc::closed);
  EXPECT_HAS(to(server_, "").message, "the client closed the connection before");
}

TEST_F(StrangerTest, HalfAHandshake) {
  std::string hello;
  ASSERT_TRUE(client_->session("localhost").value()->take_ciphertext(hello));
  const Error error = to(server_, std::string_view(hello).substr(0, 50));
  EXPECT_EQ(error.code, Errc::closed);
  EXPECT_EQ(error.message, "the client closed the connection during the TLS handshake");
}

TEST_F(StrangerTest, GoodbyeInsteadOfAHandshake) {
  const auto close_notify = "\x15\x03\x03\x00\x02\x01\x00"sv;
  const Error error = to(client_, close_notify);
  EXPECT_EQ(error.code, Errc::closed);
  EXPECT_EQ(error.message, "the server closed the connection during the TLS handshake");
  EXPECT_HAS(to(server_, close_notify).message, "the client sends what TLS forbids");
}

TEST_F(StrangerTest, SslTwo) {
  // A client hello of SSL 2: length, 1, version 0.2, lengths, one cipher, challenge.
  std::string hello("\x80\x1c\x01\x00\x02\x00\x03\x00\x00\x00\x10\x01\x00\x80"sv);
  hello.append(16, 'c');
  const Error error = to(server_, hello);
  EXPECT_EQ(error.code, Errc::unsupported);
  EXPECT_HAS(error.message, "no TLS version in common with the client (it speaks SSL 2)");
  EXPECT_HAS(error.message, "TLS 1.2");
}

TEST_F(StrangerTest, GarbageInsideARecord) {
  EXPECT_HAS(to(server_, "\x16\x03\x01\x00\x05hello"sv).message,
             "the client sends what TLS forbids (");
  EXPECT_HAS(to(client_, "\x17\x03\x03\x00\x05hello"sv).message, "the server ");
  EXPECT_FALSE(to(client_, "\x16\x03\x03\xff\xff too long"sv).message.empty());
}

TEST_F(StrangerTest, AlertsOfTheServerAreSpelledOut) {
  const auto alert = [&](unsigned char number) {
    const char bytes[] = {'\x15', 3, 3, 0, 2, 2, static_cast<char>(number)};
    return to(client_, {bytes, sizeof bytes});
  };
  EXPECT_HAS(alert(40).message, "the server refused: nothing it offers and we accept is the same");
  EXPECT_EQ(alert(40).code, Errc::unsupported);
  EXPECT_HAS(alert(70).message, "no TLS version in common with the server");
  EXPECT_HAS(alert(112).message,
             "the server does not answer to the name 'localhost' (unrecognized name)");
  EXPECT_HAS(alert(116).message, "wants a certificate of ours");
  EXPECT_HAS(alert(80).message, "the server refused (internal error)");
  EXPECT_HAS(alert(200).message, "the server refused (unknown)");
}

// ---- a peer with settings we do not have

// OpenSSL with all doors open, on memory BIOs.
class RawPeer {
 public:
  RawPeer(bool client, const std::string& certificate, const std::string& key, int min, int max)
      : ctx_(SSL_CTX_new(client ? TLS_client_method() : TLS_server_method())) {
    SSL_CTX_set_security_level(ctx_.get(), 0);
    SSL_CTX_set_cipher_list(ctx_.get(), "ALL:@SECLEVEL=0");
    SSL_CTX_set_min_proto_version(ctx_.get(), min);
    SSL_CTX_set_max_proto_version(ctx_.get(), max);
    if (!client) {
      SSL_CTX_use_certificate_chain_file(ctx_.get(), certificate.c_str());
      SSL_CTX_use_PrivateKey_file(ctx_.get(), key.c_str(), SSL_FILETYPE_PEM);
    }
    ssl_.reset(SSL_new(ctx_.get()));
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    client ? SSL_set_connect_state(ssl_.get()) : SSL_set_accept_state(ssl_.get());
  }

  SSL* ssl() { return ssl_.get(); }
  // Of the last error it had.
  int last_reason() const { return last_reason_; }
  // Lets both talk until neither has anything to say.
  void talk(TlsSession& session) {
    for (bool moved = true; moved;) {
      char bytes[4096];
      SSL_do_handshake(ssl());
      SSL_read(ssl(), bytes, sizeof bytes);
      if (ERR_peek_error() != 0) last_reason_ = ERR_GET_REASON(ERR_peek_error());
      ERR_clear_error();
      moved = false;
      for (int n; (n = BIO_read(SSL_get_wbio(ssl()), bytes, sizeof bytes)) > 0; moved = true)
        static_cast<void>(session.feed({bytes, static_cast<std::size_t>(n)}));
      std::string wire;
      if (!session.take_ciphertext(wire)) continue;
      BIO_write(SSL_get_rbio(ssl()), wire.data(), static_cast<int>(wire.size()));
      moved = true;
    }
  }

 private:
  std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>> ctx_;
  std::unique_ptr<SSL, FreeWith<SSL_free>> ssl_;
  int last_reason_ = 0;
};

class RawPeerTest : public StrangerTest {
 protected:
  RawPeer raw(bool client, int min, int max) {
    return {client, pki_.dir.file("cert.pem"), pki_.dir.file("key.pem"), min, max};
  }
  const Session client_session_ = client_->session("localhost").value();
  const Session server_session_ = server_->session().value();
};

TEST_F(RawPeerTest, OldClient) {
  RawPeer peer = raw(true, TLS1_VERSION, TLS1_1_VERSION);
  peer.talk(*server_session_);
  EXPECT_HAS(message(*server_session_), "no TLS version in common with the client (");
  EXPECT_HAS(message(*server_session_), "at least TLS 1.2 is needed");
}

TEST_F(RawPeerTest, OldServer) {
  RawPeer peer = raw(false, TLS1_VERSION, TLS1_1_VERSION);
  peer.talk(*client_session_);
  EXPECT_HAS(message(*client_session_), "no TLS version in common with the server (");
}

TEST_F(RawPeerTest, WeakCiphersOnly) {
  RawPeer peer = raw(true, TLS1_2_VERSION, TLS1_2_VERSION);
  SSL_set_cipher_list(peer.ssl(), "ECDHE-ECDSA-AES128-SHA");
  peer.talk(*server_session_);
  EXPECT_HAS(message(*server_session_), "no cipher in common with the client (no shared cipher)");
  EXPECT_EQ(server_session_->error()->code, Errc::unsupported);
}

TEST_F(RawPeerTest, RenegotiationIsNotHad) {
  RawPeer peer = raw(true, TLS1_2_VERSION, TLS1_2_VERSION);
  peer.talk(*server_session_);
  ASSERT_TRUE(server_session_->handshake_done());
  SSL_renegotiate(peer.ssl());
  peer.talk(*server_session_);
  EXPECT_EQ(peer.last_reason(), SSL_R_NO_RENEGOTIATION);
  // OpenSSL as a client takes that for the end.
  EXPECT_EQ(message(*server_session_), "the client refused (handshake failure)");
}

TEST_F(RawPeerTest, NewKeysInMidStream) {
  RawPeer peer = raw(true, TLS1_3_VERSION, TLS1_3_VERSION);
  peer.talk(*server_session_);
  ASSERT_TRUE(server_session_->handshake_done());
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(SSL_key_update(peer.ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
    ASSERT_EQ(SSL_write(peer.ssl(), "x", 1), 1);
    peer.talk(*server_session_);
  }
  EXPECT_EQ(plaintext(*server_session_), "xxxxx");
  EXPECT_EQ(server_session_->error(), nullptr) << message(*server_session_);
}

TEST_F(RawPeerTest, NoSessionIsKeptForResumption) {
  RawPeer peer = raw(true, TLS1_2_VERSION, TLS1_2_VERSION);
  peer.talk(*server_session_);
  EXPECT_EQ(SSL_SESSION_has_ticket(SSL_get0_session(peer.ssl())), 0);
}

// ---- any byte of the handshake changed on the way

// A byte of the server's flight is changed: the client must never end up with a
// finished handshake, for the transcript is signed; and never crash.
TEST_F(StrangerTest, NoChangedByteOfTheServersFlightIsAccepted) {
  for (const TlsVersion version : {TlsVersion::tls1_2, TlsVersion::tls1_3}) {
    const Context client = pki_.client(version);
    std::size_t length = 1;
    for (std::size_t at = 0; at < length; at += 3) {
      Pair pair(client, server_);
      carry(*pair.client, *pair.server);
      std::string flight;
      ASSERT_TRUE(pair.server->take_ciphertext(flight));
      length = flight.size();
      if (at >= length) break;
      flight[at] = static_cast<char>(flight[at] ^ (1 << (at % 8)));
      static_cast<void>(pair.client->feed(flight));
      pair.pump();
      const bool both = pair.client->handshake_done() && pair.server->handshake_done();
      // The version of a TLS 1.3 record is ignored by definition.
      if (!both) continue;
      EXPECT_TRUE(version == TlsVersion::tls1_3 && pair.client->error() == nullptr) << at;
    }
    EXPECT_GT(length, 500u);
  }
}

TEST_F(StrangerTest, RandomBytesNeverHarm) {
  std::mt19937 random(20260131);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(random() % 300, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    // Half of them with a plausible header, to get past the first check.
    if (round % 2 == 0 && bytes.size() > 5)
      bytes.replace(0, 5, std::string("\x16\x03\x03\x00", 4) + static_cast<char>(bytes.size() - 5));
    const Session session =
        (round % 4 < 2 ? client_->session("localhost") : server_->session()).value();
    static_cast<void>(session->feed(bytes));
    EXPECT_FALSE(session->end_of_stream().ok());
    EXPECT_FALSE(session->handshake_done());
  }
}

}  // namespace
}  // namespace virgo::crypto
