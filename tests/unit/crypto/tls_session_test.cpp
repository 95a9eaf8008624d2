// Two sessions that get on with each other: handshakes, data, goodbyes.
#include "crypto/tls_session.hpp"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include "tls_world.hpp"

namespace virgo::crypto {
namespace {

using namespace testing;

struct Way {
  TlsVersion version;
  std::size_t piece;  // of ciphertext fed at once
};

class TlsSessionTest : public ::testing::TestWithParam<Way> {
 protected:
  void SetUp() override {
    pair_.pump(GetParam().piece);
    ASSERT_TRUE(pair_.client->handshake_done()) << message(*pair_.client);
    ASSERT_TRUE(pair_.server->handshake_done()) << message(*pair_.server);
  }
  void TearDown() override { EXPECT_EQ(ERR_peek_error(), 0u); }

  const Pki pki_;
  Pair pair_{pki_.client(GetParam().version), pki_.server_context()};
  TlsSession& client_ = *pair_.client;
  TlsSession& server_ = *pair_.server;
};

INSTANTIATE_TEST_SUITE_P(Ways, TlsSessionTest,
                         ::testing::Values(Way{TlsVersion::tls1_2, std::string::npos},
                                           Way{TlsVersion::tls1_2, 1},
                                           Way{TlsVersion::tls1_3, std::string::npos},
                                           Way{TlsVersion::tls1_3, 1},
                                           Way{TlsVersion::tls1_3, 1000}));

TEST_P(TlsSessionTest, AgreesOnTheVersionAskedFor) {
  const std::string expected = GetParam().version == TlsVersion::tls1_2 ? "TLSv1.2" : "TLSv1.3";
  EXPECT_EQ(client_.protocol(), expected);
  EXPECT_EQ(server_.protocol(), expected);
  EXPECT_FALSE(client_.cipher().empty());
  EXPECT_EQ(client_.cipher(), server_.cipher());
}

TEST_P(TlsSessionTest, CarriesDataBothWays) {
  ASSERT_TRUE(client_.write("question").ok());
  ASSERT_TRUE(server_.write("answer").ok());
  pair_.pump(GetParam().piece);
  EXPECT_EQ(plaintext(server_), "question");
  EXPECT_EQ(plaintext(client_), "answer");
  EXPECT_EQ(client_.plaintext_size(), 0u);
}

TEST_P(TlsSessionTest, CarriesAMebibyteBothWays) {
  const std::string text = numbered(1024 * 1024);
  ASSERT_TRUE(client_.write(text).ok());
  ASSERT_TRUE(server_.write(text).ok());
  // Not by the byte: the record layer has seen that above, and it takes long.
  pair_.pump(std::max<std::size_t>(GetParam().piece, 999));
  EXPECT_EQ(server_.plaintext_size(), text.size());
  EXPECT_TRUE(plaintext(server_) == text);
  EXPECT_TRUE(plaintext(client_) == text);
}

TEST_P(TlsSessionTest, EmptyWriteAndFeedAreNothing) {
  ASSERT_TRUE(client_.write("").ok());
  ASSERT_TRUE(client_.feed({}).ok());
  std::string out;
  EXPECT_FALSE(client_.take_ciphertext(out));
  EXPECT_EQ(client_.take_plaintext(out), 0u);
  EXPECT_TRUE(out.empty());
}

TEST_P(TlsSessionTest, GoodbyeComesAfterTheData) {
  ASSERT_TRUE(client_.write("last words").ok());
  client_.close();
  client_.close();
  pair_.pump(GetParam().piece);
  EXPECT_TRUE(server_.peer_closed());
  EXPECT_FALSE(client_.peer_closed());
  EXPECT_EQ(plaintext(server_), "last words");
  EXPECT_TRUE(server_.end_of_stream().ok());
}

TEST_P(TlsSessionTest, OtherDirectionStaysOpenAfterAGoodbye) {
  client_.close();
  pair_.pump(GetParam().piece);
  ASSERT_TRUE(server_.peer_closed());
  ASSERT_TRUE(server_.write("still here").ok());
  server_.close();
  pair_.pump(GetParam().piece);
  EXPECT_EQ(plaintext(client_), "still here");
  EXPECT_TRUE(client_.peer_closed());
}

TEST_P(TlsSessionTest, WriteAfterOwnGoodbyeFailsWithoutHarm) {
  client_.close();
  const auto written = client_.write("x");
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().code, Errc::closed);
  EXPECT_EQ(client_.error(), nullptr);
  ASSERT_TRUE(server_.write("y").ok());
  pair_.pump(GetParam().piece);
  EXPECT_EQ(plaintext(client_), "y");
}

TEST_P(TlsSessionTest, EndWithoutGoodbyeIsToldApart) {
  ASSERT_TRUE(server_.write("half a mess").ok());
  pair_.pump(GetParam().piece);
  const auto end = client_.end_of_stream();
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(end.error().code, Errc::closed);
  EXPECT_HAS(end.error().message, "the server cut the connection without a TLS close");
  EXPECT_EQ(plaintext(client_), "half a mess") << "what came before the end is lost";
}

TEST_P(TlsSessionTest, CutRecordIsAnEndWithoutGoodbye) {
  ASSERT_TRUE(client_.write("whole").ok());
  client_.close();
  std::string wire;
  ASSERT_TRUE(client_.take_ciphertext(wire));
  wire.pop_back();
  ASSERT_TRUE(server_.feed(wire).ok());
  EXPECT_EQ(plaintext(server_), "whole");
  EXPECT_FALSE(server_.peer_closed());
  EXPECT_HAS(server_.end_of_stream().error().message, "the client cut the connection");
}

TEST_P(TlsSessionTest, DamagedRecordEndsItWhatCameBeforeStays) {
  ASSERT_TRUE(client_.write("good").ok());
  std::string wire;
  ASSERT_TRUE(client_.take_ciphertext(wire));
  const std::size_t good = wire.size();
  ASSERT_TRUE(client_.write("bad").ok());
  ASSERT_TRUE(client_.take_ciphertext(wire));
  wire[good + 10] = static_cast<char>(wire[good + 10] ^ 1);
  const auto fed = server_.feed(wire);
  ASSERT_FALSE(fed.ok());
  EXPECT_EQ(fed.error().code, Errc::invalid);
  EXPECT_HAS(fed.error().message, "a TLS record from the client is damaged (");
  EXPECT_EQ(plaintext(server_), "good");
  EXPECT_TRUE(server_.handshake_done());

  // The error sticks, and the peer is told.
  EXPECT_EQ(server_.write("x").error().message, fed.error().message);
  EXPECT_EQ(server_.feed(wire).error().message, fed.error().message);
  EXPECT_EQ(server_.end_of_stream().error().message, fed.error().message);
  server_.close();
  ASSERT_TRUE(carry(server_, client_));
  EXPECT_HAS(message(client_), "the server could not read what reached it");
  EXPECT_HAS(message(client_), "bad record mac");
}

TEST_P(TlsSessionTest, RepeatedRecordIsRefused) {
  ASSERT_TRUE(client_.write("pay 10").ok());
  std::string wire;
  ASSERT_TRUE(client_.take_ciphertext(wire));
  ASSERT_TRUE(server_.feed(wire).ok());
  EXPECT_FALSE(server_.feed(wire).ok());
  EXPECT_EQ(plaintext(server_), "pay 10");
}

TEST_P(TlsSessionTest, WhatFollowsAGoodbyeIsIgnored) {
  client_.close();
  pair_.pump(GetParam().piece);
  EXPECT_TRUE(server_.feed(std::string_view("anything at all")).ok());
  EXPECT_EQ(server_.plaintext_size(), 0u);
}

TEST_P(TlsSessionTest, PlaintextComesInPiecesAsAsked) {
  const std::string text = numbered(50000);
  ASSERT_TRUE(client_.write(text).ok());
  pair_.pump(GetParam().piece);
  std::string all;
  std::string piece;
  while (server_.take_plaintext(piece, 777) > 0) {
    EXPECT_LE(piece.size(), 777u);
    all += piece;
    piece.clear();
  }
  EXPECT_TRUE(all == text);
  EXPECT_EQ(server_.plaintext_size(), 0u);
}

TEST_P(TlsSessionTest, TakingAppends) {
  ASSERT_TRUE(client_.write("b").ok());
  pair_.pump(GetParam().piece);
  std::string out = "a";
  EXPECT_EQ(server_.take_plaintext(out), 1u);
  EXPECT_EQ(out, "ab");
  ASSERT_TRUE(client_.write("c").ok());
  std::string wire = "x";
  EXPECT_EQ(client_.ciphertext_size() > 0, true);
  ASSERT_TRUE(client_.take_ciphertext(wire));
  EXPECT_EQ(wire[0], 'x');
  EXPECT_EQ(client_.ciphertext_size(), 0u);
}

class EarlyTest : public ::testing::Test {
 protected:
  const Pki pki_;
  Pair pair_{pki_.client(), pki_.server_context()};
};

TEST_F(EarlyTest, WritesBeforeTheHandshakeAreHeldBack) {
  ASSERT_TRUE(pair_.client->write("early ").ok());
  ASSERT_TRUE(pair_.server->write("server, too").ok());
  ASSERT_TRUE(pair_.client->write("bird").ok());
  EXPECT_EQ(pair_.client->protocol(), "");
  EXPECT_EQ(pair_.client->cipher(), "");
  pair_.pump();
  EXPECT_EQ(plaintext(*pair_.server), "early bird");
  EXPECT_EQ(plaintext(*pair_.client), "server, too");
}

TEST_F(EarlyTest, HoldingBackIsBounded) {
  const std::string most(TlsSession::kMaxEarlyWrite, 'a');
  ASSERT_TRUE(pair_.client->write(most).ok());
  const auto more = pair_.client->write("b");
  ASSERT_FALSE(more.ok());
  EXPECT_EQ(more.error().code, Errc::limit);
  pair_.pump();
  EXPECT_TRUE(plaintext(*pair_.server) == most);
  EXPECT_TRUE(pair_.client->write("b").ok());
}

TEST_F(EarlyTest, CloseBeforeTheHandshakeWaitsForIt) {
  ASSERT_TRUE(pair_.client->write("hello").ok());
  pair_.client->close();
  EXPECT_EQ(pair_.client->write("more").error().code, Errc::closed);
  pair_.pump();
  EXPECT_EQ(plaintext(*pair_.server), "hello");
  EXPECT_TRUE(pair_.server->peer_closed());
}

TEST_F(EarlyTest, ServerWaitsForTheClient) {
  std::string out;
  EXPECT_FALSE(pair_.server->take_ciphertext(out));
  EXPECT_TRUE(pair_.client->take_ciphertext(out));
  EXPECT_EQ(out[0], '\x16');
}

TEST_F(EarlyTest, ManySessionsShareAContext) {
  const auto client = pki_.client();
  const auto server = pki_.server_context();
  std::vector<Pair> pairs;
  for (int i = 0; i < 20; ++i) pairs.emplace_back(client, server);
  for (Pair& pair : pairs) pair.pump();
  for (std::size_t i = 0; i < pairs.size(); ++i)
    ASSERT_TRUE(pairs[i].client->write(std::to_string(i)).ok());
  for (Pair& pair : pairs) pair.pump();
  for (std::size_t i = 0; i < pairs.size(); ++i)
    EXPECT_EQ(plaintext(*pairs[i].server), std::to_string(i));
}

}  // namespace
}  // namespace virgo::crypto
