#include "net/connection.hpp"

#include "unit/net/net_world.hpp"

namespace virgo::net {
namespace {

const std::string kMoreThanTheSystemTakes(16u << 20, 'm');

using namespace testing;
using crypto::testing::numbered;

// Each test twice: in clear and in TLS.
class ConnectionTest : public NetTest, public ::testing::WithParamInterface<bool> {
 protected:
  bool tls() const { return GetParam(); }
  void connect_pair() { NetTest::connect_pair(tls()); }
  // Keeps a string that shows when the function that captured it was destroyed.
  const std::string text = "captured by value, so that a destroyed function shows";
};
INSTANTIATE_TEST_SUITE_P(, ConnectionTest, ::testing::Bool(),
                         [](const auto& which) { return which.param ? "Tls" : "Clear"; });

TEST_P(ConnectionTest, CarriesBytesBothWays) {
  connect_pair();
  a.attach();
  b.attach();
  EXPECT_TRUE(a.connection->write("ping").ok());
  EXPECT_TRUE(b.connection->write("pong").ok());
  EXPECT_TRUE(a.connection->write("").ok());
  run_until([&] { return b.data == "ping" && a.data == "pong"; });
  EXPECT_EQ(a.connection->peer(), listener->address());
  EXPECT_EQ(b.connection->peer(), a.connection->local());
  EXPECT_EQ(a.connection->protocol(), tls() ? "TLSv1.3" : "");
}

TEST_P(ConnectionTest, BytesSentAtOnceAreNotLost) {
  connect_pair();
  b.attach();
  ASSERT_TRUE(b.connection->write("early").ok());
  turn();
  a.attach();  // only now
  run_until([&] { return a.data == "early"; });
}

TEST_P(ConnectionTest, TheEndComesOnceAndAfterTheData) {
  connect_pair();
  a.attach();
  b.attach();
  ASSERT_TRUE(a.connection->write("last words").ok());
  bool gone = false;
  Connection::finish(std::move(a.connection), 2s, [&] { gone = true; });
  EXPECT_FALSE(gone);
  run_until([&] { return b.closed.has_value(); });
  EXPECT_EQ(b.data, "last words");
  EXPECT_EQ(b.closed->code, Errc::closed);
  EXPECT_EQ(b.closed->message, "the other side closed the connection");
  EXPECT_EQ(b.connection->write("x").error().code, Errc::closed);
  turn();
  EXPECT_FALSE(gone) << "the other side has not closed yet";
  Connection::finish(std::move(b.connection));
  run_until([&] { return gone; });
}

TEST_P(ConnectionTest, AnEndWithoutGoodbyeIsToldApart) {
  connect_pair();
  b.attach();
  ASSERT_TRUE(a.connection->write("cut sh").ok());
  run_until([&] { return b.data == "cut sh"; });
  a.connection.reset();
  run_until([&] { return b.closed.has_value(); });
  EXPECT_EQ(b.closed->code, Errc::closed);
  EXPECT_EQ(b.closed->message == "the other side closed the connection", !tls())
      << b.closed->message;
}

TEST_P(ConnectionTest, FinishDeliversAllThatIsQueued) {
  connect_pair();
  const std::string big = numbered(6u << 20);
  ASSERT_TRUE(a.connection->write(big).ok());
  Connection::finish(std::move(a.connection), 20s);
  turn();
  b.attach();
  run_until([&] { return b.closed.has_value(); });
  EXPECT_EQ(b.data.size(), big.size());
  EXPECT_EQ(b.data, big);
  EXPECT_EQ(b.closed->message, "the other side closed the connection");
}

// Closing a socket with unread bytes in it sends a reset, which would destroy
// what we have sent.
TEST_P(ConnectionTest, FinishDeliversAlsoToAPeerThatTalksOn) {
  connect_pair();
  b.attach();
  ASSERT_TRUE(b.connection->write(std::string(100'000, 'x')).ok());
  turn();
  ASSERT_TRUE(a.connection->write("refused, because").ok());
  Connection::finish(std::move(a.connection), 20s);
  for (int i = 0; i < 20; ++i) {
    (void)b.connection->write(std::string(10'000, 'y'));
    turn(2);
  }
  run_until([&] { return b.closed.has_value(); });
  EXPECT_EQ(b.data, "refused, because");
  EXPECT_EQ(b.closed->message, "the other side closed the connection");
}

TEST_P(ConnectionTest, FinishDoesNotListenForEver) {
  connect_pair();
  bool gone = false;
  Connection::finish(std::move(a.connection), 20s, [&] { gone = true; });
  b.connection->set_max_queued(SIZE_MAX);
  ASSERT_TRUE(b.connection->write(std::string(16u << 20, 'x')).ok());
  run_until([&] { return gone; });  // 4 MiB are enough
}

TEST_P(ConnectionTest, FinishLosesPatience) {
  connect_pair();
  ASSERT_TRUE(a.connection->write(std::string(8u << 20, 'x')).ok());  // more than the system takes
  bool gone = false;
  const TimePoint begin = system_clock().now();
  Connection::finish(std::move(a.connection), 30ms, [&] { gone = true; });
  run_until([&] { return gone; });
  EXPECT_GE(system_clock().now() - begin, Duration(30ms));
}

TEST_P(ConnectionTest, FinishAfterThePeerHasGoneIsQuick) {
  connect_pair();
  a.attach();
  b.connection.reset();
  run_until([&] { return a.closed.has_value(); });
  bool gone = false;
  const TimePoint begin = system_clock().now();
  Connection::finish(std::move(a.connection), 10s, [&] { gone = true; });
  EXPECT_FALSE(gone);
  run_until([&] { return gone; });
  EXPECT_LT(system_clock().now() - begin, Duration(5s));
}

TEST_P(ConnectionTest, FinishOfNothingIsHarmless) {
  Connection::finish(nullptr);
  bool gone = false;
  connect_pair();
  Connection::finish(std::move(a.connection), 10s, [&] { gone = true; });
  // The loop ends in the middle of it: no handle stays open, see TearDown().
  EXPECT_FALSE(gone);
}

TEST_P(ConnectionTest, WritingBeyondTheLimitIsRefused) {
  connect_pair();
  a.connection->set_max_queued(1000);
  EXPECT_EQ(a.connection->max_queued(), 1000u);
  // Until the system takes no more.
  Result<void> r;
  std::size_t sent = 0;
  run_until([&] {
    while ((r = a.connection->write(std::string(100'000, 'x'))).ok()) sent += 100'000;
    const std::size_t before = a.connection->queued();
    turn(3);
    return a.connection->queued() == before;
  });
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().code, Errc::limit);
  EXPECT_NE(r.error().message.find(a.connection->peer() + " does not read: "), std::string::npos)
      << r.error().message;
  EXPECT_GT(a.connection->queued(), 1000u);
  // It is no end: once the peer reads, there is room again.
  b.attach();
  run_until([&] { return b.data.size() == sent; });
  run_until([&] { return a.connection->queued() == 0; });
  EXPECT_TRUE(a.connection->write("x").ok());
}

TEST_P(ConnectionTest, TheWriteLimitIsExact) {
  connect_pair();
  // What the system does not take stays queued within one turn.
  ASSERT_TRUE(a.connection->write(kMoreThanTheSystemTakes).ok());
  const std::size_t queued = a.connection->queued();
  EXPECT_GE(queued, 1000u);
  a.connection->set_max_queued(queued - 1);
  EXPECT_FALSE(a.connection->write("x").ok());
  a.connection->set_max_queued(queued);
  EXPECT_TRUE(a.connection->write("x").ok());
  EXPECT_FALSE(a.connection->write("x").ok());
}

TEST_P(ConnectionTest, BackPressureHoldsThirtyTwoMegabytesBack) {
  connect_pair();
  constexpr std::size_t kTotal = 32u << 20;
  constexpr std::size_t kChunk = 128 * 1024;
  const std::string all = numbered(kTotal);
  std::size_t sent = 0;
  std::size_t most_queued = 0;
  auto send = [&] {
    while (sent < kTotal && a.connection->queued() == 0) {
      ASSERT_TRUE(a.connection->write(std::string_view(all).substr(sent, kChunk)).ok());
      sent += std::min(kChunk, kTotal - sent);
      most_queued = std::max(most_queued, a.connection->queued());
    }
  };
  a.connection->set_handlers({{}, {}, send});
  std::size_t received = 0;
  bool same = true;
  bool paused = false;
  b.connection->set_handlers({.data =
                                  [&](std::string_view bytes) {
                                    EXPECT_FALSE(paused) << "delivered while paused";
                                    same = same && all.compare(received, bytes.size(), bytes) == 0;
                                    received += bytes.size();
                                    if (received / (1u << 20) % 4 == 3) {
                                      paused = true;
                                      b.connection->pause();
                                    }
                                  },
                              .closed = {},
                              .drained = {}});
  send();
  int pauses = 0;
  run_until([&] {
    if (paused && pauses++ % 3 == 0) {
      paused = false;
      b.connection->resume();
    }
    return received == kTotal;
  });
  EXPECT_TRUE(same);
  EXPECT_GT(pauses, 8);
  EXPECT_LE(most_queued, kChunk + 16'384);
}

TEST_P(ConnectionTest, PausedNothingIsDelivered) {
  connect_pair();
  b.attach();
  b.connection->pause();
  ASSERT_TRUE(a.connection->write("waits").ok());
  Connection::finish(std::move(a.connection));
  turn(50);
  EXPECT_EQ(b.data, "");
  EXPECT_FALSE(b.closed.has_value());
  b.connection->resume();
  b.connection->resume();
  run_until([&] { return b.closed.has_value(); });
  EXPECT_EQ(b.data, "waits");
}

TEST_P(ConnectionTest, PausedInTheMiddleOfDeliveryTheRestWaits) {
  connect_pair();
  const std::string all = numbered(200'000);
  std::string got;
  bool paused = false;
  std::optional<Error> closed;
  b.connection->set_handlers({.data =
                                  [&](std::string_view bytes) {
                                    EXPECT_FALSE(paused);
                                    got += bytes;
                                    paused = true;
                                    b.connection->pause();
                                  },
                              .closed = [&](const Error& e) { closed = e; },
                              .drained = {}});
  ASSERT_TRUE(a.connection->write(all).ok());
  Connection::finish(std::move(a.connection), 20s);
  run_until([&] {
    if (paused) {
      turn(2);
      paused = false;
      b.connection->resume();
    }
    return closed.has_value();
  });
  EXPECT_EQ(got, all);
  EXPECT_EQ(closed->message, "the other side closed the connection");
}

// Who pauses until its own writes have drained must hear that they never will.
TEST_P(ConnectionTest, PausedItHearsNeverthelessThatWritingFailed) {
  connect_pair();
  b.attach();
  b.connection->pause();
  a.connection.reset();
  run_until([&] {
    (void)b.connection->write("anybody there?");
    return b.closed.has_value();
  });
  EXPECT_EQ(b.closed->code, Errc::closed);
}

TEST_P(ConnectionTest, AnEndBeforeAnybodyListenedIsToldLater) {
  connect_pair();
  a.connection.reset();
  run_until([&] { return !b.connection->write("x").ok(); });
  b.attach();
  EXPECT_FALSE(b.closed.has_value()) << "called from within set_handlers()";
  run_until([&] { return b.closed.has_value(); });
  EXPECT_EQ(b.closed->code, Errc::closed);
}

TEST_P(ConnectionTest, DestructionInTheDataHandler) {
  connect_pair();
  std::string seen;
  b.connection->set_handlers({.data =
                                  [&, copy = text](std::string_view bytes) {
                                    b.connection.reset();
                                    seen = copy + std::to_string(bytes.size() > 0);
                                  },
                              .closed = [&](const Error&) { ADD_FAILURE(); },
                              .drained = [&] { ADD_FAILURE(); }});
  ASSERT_TRUE(a.connection->write(std::string(300'000, 'x')).ok());
  run_until([&] { return !seen.empty(); });
  EXPECT_EQ(seen, text + "1");
  turn();
}

TEST_P(ConnectionTest, DestructionInTheClosedHandler) {
  for (const bool politely : {true, false}) {
    connect_pair();
    std::string seen;
    b.connection->set_handlers({.data = {},
                                .closed =
                                    [&, copy = text](const Error& why) {
                                      b.connection.reset();
                                      seen = copy + why.message;
                                    },
                                .drained = [&] { ADD_FAILURE(); }});
    if (politely)
      Connection::finish(std::move(a.connection));
    else
      a.connection.reset();
    run_until([&] { return !seen.empty(); });
    EXPECT_EQ(seen.rfind(text, 0), 0u);
    EXPECT_GT(seen.size(), text.size());
  }
}

TEST_P(ConnectionTest, DestructionInTheDrainedHandler) {
  connect_pair();
  std::string seen;
  b.connection->set_handlers({.data = {},
                              .closed = [&](const Error&) { ADD_FAILURE(); },
                              .drained =
                                  [&, copy = text] {
                                    b.connection.reset();
                                    seen = copy;
                                  }});
  ASSERT_TRUE(b.connection->write(kMoreThanTheSystemTakes).ok());
  a.attach();
  run_until([&] { return !seen.empty(); });
  EXPECT_EQ(seen, text);
}

TEST_P(ConnectionTest, FinishInEachHandler) {
  for (int which = 0; which < 3; ++which) {
    connect_pair();
    std::string seen;
    auto finish = [&, copy = text] {
      Connection::finish(std::move(b.connection));
      seen = copy;
    };
    b.connection->set_handlers({.data =
                                    [&, finish](std::string_view) {
                                      if (which == 0) finish();
                                    },
                                .closed =
                                    [&, finish](const Error&) {
                                      if (which == 1) finish();
                                    },
                                .drained =
                                    [&, finish] {
                                      if (which == 2) finish();
                                    }});
    a.attach();
    if (which == 0) (void)a.connection->write("x");
    if (which == 1) Connection::finish(std::move(a.connection));
    if (which == 2) (void)b.connection->write(kMoreThanTheSystemTakes);
    run_until([&] { return !seen.empty(); });
    EXPECT_EQ(seen, text);
    turn();
  }
}

TEST_P(ConnectionTest, HandlersMayReplaceThemselves) {
  connect_pair();
  std::string first;
  std::string second;
  b.connection->set_handlers({.data =
                                  [&, copy = text](std::string_view bytes) {
                                    b.connection->set_handlers(
                                        {.data = [&](std::string_view more) { second += more; },
                                         .closed = {},
                                         .drained = {}});
                                    first = copy + std::string(bytes);
                                  },
                              .closed = {},
                              .drained = {}});
  ASSERT_TRUE(a.connection->write("1").ok());
  run_until([&] { return first == text + "1"; });
  ASSERT_TRUE(a.connection->write("2").ok());
  run_until([&] { return second == "2"; });
}

class ClearConnection : public NetTest {};

// A peer that has closed its own side only may still read.
TEST_F(ClearConnection, FinishServesAPeerThatHasHalfClosed) {
  listen();
  uv::TcpStream client(loop);
  sockaddr_storage to{};
  uv_ip4_addr("127.0.0.1", listener->port(), reinterpret_cast<sockaddr_in*>(&to));
  std::string got;
  client.set_handlers({[&](std::string_view bytes) { got += bytes; }, {}, {}});
  client.connect(reinterpret_cast<const sockaddr*>(&to),
                 [&](const auto&) { client.shutdown([] {}); });
  run_until([&] { return !accepted.empty(); });
  b.connection = std::move(accepted.front());
  b.attach();
  run_until([&] { return b.closed.has_value(); });
  accepted.clear();

  // Finished before the half-close was seen, with more queued than the system takes.
  uv::TcpStream other(loop);
  std::string more;
  other.set_handlers({[&](std::string_view bytes) { more += bytes; }, {}, {}});
  other.connect(reinterpret_cast<const sockaddr*>(&to),
                [&](const auto&) { other.shutdown([] {}); });
  run_until([&] { return !accepted.empty(); });
  ASSERT_TRUE(accepted.front()->write(std::string(7u << 20, 'x')).ok());
  Connection::finish(std::move(accepted.front()), 20s);
  turn(20);
  other.read_start();
  run_until([&] { return more.size() == 7u << 20; });
}

}  // namespace
}  // namespace virgo::net
