#include "endpoint/client.hpp"

#include "unit/endpoint/endpoint_world.hpp"

namespace virgo::endpoint {
namespace {

using namespace testing;
using virgo::testing::LogCapture;

class ClientTest : public net::testing::NetTest {
 protected:
  void TearDown() override {
    client.reset();
    peers.clear();
    NetTest::TearDown();
  }
  void make_client(bool tls, Duration backoff_max = 1ms) {
    if (listener == nullptr) listen(tls ? tls_listen() : net::ListenOptions{});
    ClientOptions options;
    options.connect = to_listener(tls);
    options.names = {"web-1", "endpoint"};
    options.backoff_min = 1ms;
    options.backoff_max = backoff_max;
    client = std::make_unique<Client>(loop, options, conversation);
    client->start();
  }
  // The next connection that arrived.
  HandPeer& next_peer() {
    run_until([&] { return !accepted.empty(); });
    peers.push_back(std::make_unique<HandPeer>());
    peers.back()->attach(std::move(accepted.front()));
    accepted.erase(accepted.begin());
    return *peers.back();
  }
  void stop() {
    bool stopped = false;
    client->stop([&] { stopped = true; });
    EXPECT_FALSE(stopped) << "called from within stop()";
    run_until([&] {
      for (auto& p : peers)
        if (p->closed) p->connection.reset();
      accepted.clear();
      return stopped;
    });
  }

  const LogCapture log;
  ScriptedConversation conversation;
  std::vector<std::unique_ptr<HandPeer>> peers;
  std::unique_ptr<Client> client;
};

TEST_F(ClientTest, ConnectsAndOpensTheConversation) {
  conversation.on_opened = [](Link& link) {
    link.request("handshake.hello", "", 20s, [](const Reply&) {});
  };
  make_client(true);
  HandPeer& peer = next_peer();
  run_until([&] { return peer.lines.size() == 1; });
  EXPECT_EQ(peer.message(0).method, "handshake.hello");
  EXPECT_EQ(log.count("connected to " + listener->address() + " (TLSv1.3)"), 1u);
  stop();
  EXPECT_EQ(conversation.closes.at(0).message, "the agent stops");
}

TEST_F(ClientTest, ConnectsAgainForEver) {
  make_client(false);
  for (int i = 1; i <= 10; ++i) {
    HandPeer& peer = next_peer();
    run_until([&] { return conversation.opened_count == i; });
    net::Connection::finish(std::move(peer.connection));
    run_until([&] { return conversation.closes.size() == static_cast<std::size_t>(i); });
  }
  EXPECT_EQ(log.count("the connection to the endpoint has ended: "), 10u);
  stop();
}

TEST_F(ClientTest, TriesAgainWhenNobodyListens) {
  listen();
  const std::uint16_t port = listener->port();
  make_client(false);
  next_peer();
  listener.reset();
  peers.clear();
  run_until([&] { return log.count("cannot connect to the endpoint: 127.0.0.1:") >= 3; });
  EXPECT_GE(log.count("connection refused; next try in "), 3u);
  EXPECT_NE(client->trouble().find("connection refused"), std::string::npos) << client->trouble();
  net::ListenOptions same;
  same.port = port;
  listen(same);
  next_peer();
  stop();
}

TEST_F(ClientTest, OnlyAnAcceptedAgentStartsItsBackoffAnew) {
  // Delays are drawn up to a ceiling that doubles. What the log tells of them
  // cannot be foreseen, but it is bounded by the ceiling: 1 ms after a reset.
  auto delays = [&] {
    std::vector<std::string> out;
    for (const std::string& line : log.lines()) {
      const auto at = line.find("next try in ");
      if (at != std::string::npos) out.push_back(line.substr(at + 12));
    }
    return out;
  };
  conversation.on_opened = [](Link& link) { link.set_ready(); };
  make_client(false, 1h);
  for (std::size_t i = 1; i <= 25; ++i) {  // without a reset the ceiling would be hours
    net::Connection::finish(std::move(next_peer().connection));
    run_until([&] { return conversation.closes.size() == i; });
  }
  for (const std::string& delay : delays()) EXPECT_TRUE(delay == "0s" || delay == "1ms") << delay;
  stop();
}

TEST_F(ClientTest, ARefusedAgentWaitsLongerAndLonger) {
  make_client(false, 1h);
  std::size_t ends = 0;
  // Twelve in a row: a ceiling of 4 s at the end, of which at least one of the
  // last few delays is more than 1 ms with all but certainty.
  const TimePoint begin = system_clock().now();
  bool waited = false;
  while (!waited && system_clock().now() - begin < 15s) {
    net::Connection::finish(std::move(next_peer().connection));
    ++ends;
    run_until([&] { return conversation.closes.size() == ends; });
    for (const std::string& line : log.lines()) {
      const auto at = line.find("next try in ");
      if (at == std::string::npos) continue;
      const std::string delay = line.substr(at + 12);
      waited = waited || (delay != "0s" && delay != "1ms");
    }
  }
  EXPECT_TRUE(waited);
  stop();
}

TEST_F(ClientTest, StopsAtAnyMoment) {
  for (int turns = 0; turns < 15; ++turns) {
    make_client(true);
    turn(turns);
    stop();
    client.reset();
    peers.clear();
  }
}

TEST_F(ClientTest, StopsWhileItWaitsToTryAgain) {
  listen();
  net::ConnectOptions nowhere = to_listener(false);
  listener.reset();
  ClientOptions options;
  options.connect = nowhere;
  options.backoff_min = options.backoff_max = 1h;
  client = std::make_unique<Client>(loop, options, conversation);
  client->start();
  run_until([&] { return log.count("next try in") == 1; });
  stop();
  EXPECT_EQ(conversation.opened_count, 0);
}

TEST_F(ClientTest, WhatWasSentBeforeStopArrives) {
  make_client(true);
  HandPeer& peer = next_peer();
  run_until([&] { return conversation.opened_count == 1; });
  conversation.on_closed = nullptr;
  std::size_t sent = 0;
  conversation.on_request = [&](Link& link, const Message& m) {
    link.respond(m.id, "\"" + std::string(900'000, 'x') + "\"");
    ++sent;
  };
  for (int i = 0; i < 4; ++i) peer.send(R"({"v":"1","id":1,"method":"m"})");
  run_until([&] { return sent == 4; });
  stop();
  EXPECT_EQ(peer.lines.size(), 4u);
  EXPECT_EQ(peer.closed->message, "the other side closed the connection");
}

TEST_F(ClientTest, StopFromWithinTheConversation) {
  bool stopped = false;
  conversation.on_opened = [&](Link&) { client->stop([&] { stopped = true; }); };
  make_client(false);
  HandPeer& peer = next_peer();
  run_until([&] {
    if (peer.closed) peer.connection.reset();
    return stopped;
  });
  EXPECT_EQ(conversation.closes.size(), 1u);
}

TEST_F(ClientTest, StopWithoutACallback) {
  make_client(false);
  client->stop(nullptr);
  turn();
  make_client(false);
  next_peer();
  run_until([&] { return conversation.opened_count == 1; });
  client->stop(nullptr);
  run_until([&] { return conversation.closes.size() == 1; });
}

TEST_F(ClientTest, DestructionAtAnyMomentIsSilent) {
  for (int turns = 0; turns < 15; ++turns) {
    make_client(true);
    turn(turns);
    client.reset();
    const auto closes = conversation.closes.size();
    turn();
    EXPECT_EQ(conversation.closes.size(), closes);
    accepted.clear();
  }
}

}  // namespace
}  // namespace virgo::endpoint
