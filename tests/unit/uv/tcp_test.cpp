#include "uv/tcp.hpp"

#include <optional>

#include "unit/loop_fixture.hpp"

namespace virgo::uv {
namespace {

class TcpTest : public testing::LoopTest {
 protected:
  using Stream = std::unique_ptr<uv::Stream>;

  void SetUp() override {
    server = std::make_unique<TcpServer>(loop, [this](Result<Stream> stream) {
      if (stream) accepted = std::move(stream).value();
    });
    ASSERT_TRUE(server->listen("127.0.0.1", 0).ok());
  }
  void TearDown() override {
    server.reset();
    accepted.reset();
    client.reset();
    LoopTest::TearDown();
  }
  static sockaddr_storage address(std::uint16_t port) {
    sockaddr_storage storage{};
    uv_ip4_addr("127.0.0.1", port, reinterpret_cast<sockaddr_in*>(&storage));
    return storage;
  }
  Result<void> connect(TcpStream& stream, std::uint16_t port) {
    std::optional<Result<void>> done;
    const auto to = address(port);
    stream.connect(reinterpret_cast<const sockaddr*>(&to), [&](Result<void> r) { done = r; });
    EXPECT_FALSE(done.has_value()) << "called from within connect()";
    run_until([&] { return done.has_value(); });
    return *done;
  }
  void connect_pair() {
    client = std::make_unique<TcpStream>(loop);
    ASSERT_TRUE(connect(*client, server->port()).ok());
    run_until([&] { return accepted != nullptr; });
  }
  // Writes until bytes are queued; returns how many are.
  static std::size_t fill(uv::Stream& stream) {
    const std::string block(1 << 20, 'f');
    while (stream.queued() == 0) stream.write(block);
    return stream.queued();
  }
  std::uint16_t unused_port() {
    TcpServer other(loop, [](const auto&) {});
    EXPECT_TRUE(other.listen("127.0.0.1", 0).ok());
    return other.port();
  }

  std::unique_ptr<TcpServer> server;
  Stream accepted;
  std::unique_ptr<TcpStream> client;
};

TEST_F(TcpTest, CarriesBytesBothWays) {
  connect_pair();
  std::string at_server;
  std::string at_client;
  accepted->set_handlers({[&](std::string_view b) { at_server += b; }, {}, {}});
  client->set_handlers({[&](std::string_view b) { at_client += b; }, {}, {}});
  accepted->read_start();
  client->read_start();
  client->write("ping");
  accepted->write("pong");
  run_until([&] { return at_server == "ping" && at_client == "pong"; });
  EXPECT_EQ(client->peer_name(), server->local_name());
  EXPECT_EQ(client->local_name(), accepted->peer_name());
}

TEST_F(TcpTest, ReportsARefusedConnection) {
  client = std::make_unique<TcpStream>(loop);
  const auto r = connect(*client, unused_port());
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().code, Errc::io);
  EXPECT_EQ(r.error().message, "connection refused");
}

TEST_F(TcpTest, EndOfStreamComesOnceAndAfterTheData) {
  connect_pair();
  std::string data;
  std::vector<Error> ends;
  accepted->set_handlers({[&](std::string_view b) {
                            EXPECT_TRUE(ends.empty());
                            data += b;
                          },
                          [&](const Error& e) { ends.push_back(e); },
                          {}});
  accepted->read_start();
  client->write("last words");
  client->shutdown([] {});
  run_until([&] { return !ends.empty(); });
  EXPECT_EQ(data, "last words");
  EXPECT_EQ(ends[0].code, Errc::closed);
  EXPECT_TRUE(accepted->ended());
  accepted->read_start();  // harmless
  turn();
  EXPECT_EQ(ends.size(), 1u);
}

TEST_F(TcpTest, CanStillWriteAfterThePeersEndOfStream) {
  connect_pair();
  bool ended = false;
  std::string data;
  accepted->set_handlers({{}, [&](const Error&) { ended = true; }, {}});
  client->set_handlers({[&](std::string_view b) { data += b; }, {}, {}});
  accepted->read_start();
  client->read_start();
  client->shutdown([] {});
  run_until([&] { return ended; });
  accepted->write("reply");
  run_until([&] { return data == "reply"; });
}

TEST_F(TcpTest, WhatTheSystemTakesIsNotQueued) {
  connect_pair();
  std::string data;
  client->set_handlers({{}, {}, [] { ADD_FAILURE() << "nothing was queued"; }});
  accepted->set_handlers({[&](std::string_view b) { data += b; }, {}, {}});
  accepted->read_start();
  client->write("");
  client->write("abc");
  const std::string_view pieces[] = {"d", "", "ef"};
  client->write(pieces);
  EXPECT_EQ(client->queued(), 0u);
  run_until([&] { return data == "abcdef"; });
}

TEST_F(TcpTest, TellsWhenTheQueueIsEmpty) {
  connect_pair();
  int drained = 0;
  client->set_handlers({{}, {}, [&] { ++drained; }});
  const std::size_t size = fill(*client);
  client->write("abc");
  EXPECT_EQ(client->queued(), size + 3);
  turn();
  EXPECT_EQ(drained, 0) << "nobody reads yet";
  accepted->read_start();
  run_until([&] { return drained == 1; });
  EXPECT_EQ(client->queued(), 0u);
}

TEST_F(TcpTest, OrderIsKeptHoweverTheBytesAreWritten) {
  connect_pair();
  std::string sent;
  std::string got;
  accepted->set_handlers({[&](std::string_view b) { got += b; }, {}, {}});
  unsigned number = 0;
  for (std::size_t size = 1; sent.size() < (24u << 20); size = size * 7 % 300'007 + 1) {
    std::string text;
    while (text.size() < size) text += std::to_string(++number) + ";";
    const std::string_view all = text;
    const std::string_view pieces[] = {all.substr(0, size / 3), {}, all.substr(size / 3)};
    client->write(pieces);
    sent += text;
  }
  bool shut = false;
  client->shutdown([&] { shut = true; });
  accepted->read_start();
  run_until([&] { return got.size() == sent.size() && shut; });
  EXPECT_TRUE(got == sent);
  EXPECT_EQ(client->queued(), 0u);
}

TEST_F(TcpTest, ManyPiecesGoByTheQueue) {
  connect_pair();
  std::string got;
  accepted->set_handlers({[&](std::string_view b) { got += b; }, {}, {}});
  accepted->read_start();
  const std::vector<std::string_view> pieces(3000, "0123456789");
  client->write(pieces);
  run_until([&] { return got.size() == 30'000; });
}

TEST_F(TcpTest, TheLoopMayBeTurnedFromADataCallback) {
  connect_pair();
  auto second = std::make_unique<TcpStream>(loop);
  Stream first_accepted = std::move(accepted);
  ASSERT_TRUE(connect(*second, server->port()).ok());
  run_until([&] { return accepted != nullptr; });
  std::string outer;
  std::string inner;
  accepted->set_handlers({[&](std::string_view b) { inner += b; }, {}, {}});
  first_accepted->set_handlers({[&](std::string_view b) {
                                  second->write("inner");
                                  accepted->read_start();
                                  while (inner.empty()) loop.run_once(true);
                                  outer += b;
                                },
                                {},
                                {}});
  first_accepted->read_start();
  client->write("outer");
  run_until([&] { return !outer.empty(); });
  EXPECT_EQ(outer, "outer");
  EXPECT_EQ(inner, "inner");
}

TEST_F(TcpTest, AWriteThatFailsIsTheEndAndNoDataFollows) {
  connect_pair();
  bool data_after_end = false;
  std::vector<Error> ends;
  client->set_handlers({[&](std::string_view) { data_after_end = !ends.empty(); },
                        [&](const Error& e) { ends.push_back(e); },
                        {}});
  client->write("unread, so that closing sends a reset");
  accepted->write("to be read after the end");
  run_until([&] { return client->queued() == 0; });
  accepted.reset();
  run_until([&] {
    client->write("y");
    return !ends.empty();
  });
  client->read_start();
  turn();
  EXPECT_EQ(ends.size(), 1u);
  EXPECT_FALSE(data_after_end);
  EXPECT_EQ(ends[0].code, Errc::closed);
}

TEST_F(TcpTest, MisuseIsReportedFromTheLoopAndNotAtOnce) {
  client = std::make_unique<TcpStream>(loop);  // not connected
  std::vector<Error> ends;
  bool shut = false;
  client->set_handlers({{}, [&](const Error& e) { ends.push_back(e); }, {}});
  client->read_start();
  client->write("x");
  client->shutdown([&] { shut = true; });
  EXPECT_TRUE(ends.empty());
  EXPECT_FALSE(shut);
  run_until([&] { return shut && !ends.empty(); });
  EXPECT_EQ(ends.size(), 1u);
  EXPECT_EQ(client->queued(), 0u);
}

TEST_F(TcpTest, MisuseLeaksNothingWhenTheLoopClosesFirst) {
  client = std::make_unique<TcpStream>(loop);
  client->write("x");
  client->shutdown([] {});
  sockaddr_storage nowhere{};
  nowhere.ss_family = AF_UNIX;
  client->connect(reinterpret_cast<const sockaddr*>(&nowhere), [](const auto&) {});
}

TEST_F(TcpTest, NothingFollowsDestruction) {
  connect_pair();
  int calls = 0;
  client->set_handlers(
      {[&](std::string_view) { ++calls; }, [&](const Error&) { ++calls; }, [&] { ++calls; }});
  client->read_start();
  fill(*client);
  client->write("more");
  client->shutdown([&] { ++calls; });
  accepted->write("data");
  client.reset();
  auto other = std::make_unique<TcpStream>(loop);
  const auto to = address(server->port());
  other->connect(reinterpret_cast<const sockaddr*>(&to), [&](const auto&) { ++calls; });
  other.reset();
  turn(50);
  EXPECT_EQ(calls, 0);
}

TEST_F(TcpTest, MayBeDestroyedInEachCallback) {
  const std::string text = "captured by value, so that a destroyed function shows";
  std::string seen;
  auto destroy = [&, text] {
    client.reset();
    seen += text;
  };
  const auto to = address(server->port());
  client = std::make_unique<TcpStream>(loop);
  client->connect(reinterpret_cast<const sockaddr*>(&to), [destroy](const auto&) { destroy(); });
  run_until([&] { return client == nullptr; });
  accepted.reset();

  connect_pair();
  client->set_handlers({[destroy](std::string_view) { destroy(); }, {}, {}});
  client->read_start();
  accepted->write("data");
  run_until([&] { return client == nullptr; });

  accepted.reset();
  connect_pair();
  client->set_handlers({{}, [destroy](const Error&) { destroy(); }, {}});
  client->read_start();
  accepted.reset();
  run_until([&] { return client == nullptr; });

  connect_pair();
  client->set_handlers({{}, {}, [destroy] { destroy(); }});
  fill(*client);
  accepted->read_start();
  run_until([&] { return client == nullptr; });

  accepted.reset();
  connect_pair();
  client->shutdown(destroy);
  run_until([&] { return client == nullptr; });
  EXPECT_EQ(seen.size(), 5 * text.size());
}

TEST_F(TcpTest, HandlersMayReplaceThemselves) {
  connect_pair();
  std::string first;
  std::string second;
  client->set_handlers(
      {[&, text = std::string("captured by value, long enough for the heap")](std::string_view b) {
         client->set_handlers({[&](std::string_view c) { second += c; }, {}, {}});
         first += b;
         EXPECT_EQ(text.size(), 43u);
       },
       {},
       {}});
  client->read_start();
  accepted->write("1");
  run_until([&] { return first == "1"; });
  accepted->write("2");
  run_until([&] { return second == "2"; });
}

TEST_F(TcpTest, TheServerMayBeDestroyedByANewConnection) {
  const std::string text = "captured by value, so that a destroyed function shows";
  std::string seen;
  std::unique_ptr<TcpServer> once;
  once = std::make_unique<TcpServer>(loop, [&, text](const Result<Stream>&) {
    once.reset();
    seen = text;
  });
  ASSERT_TRUE(once->listen("127.0.0.1", 0).ok());
  client = std::make_unique<TcpStream>(loop);
  const auto to = address(once->port());
  client->connect(reinterpret_cast<const sockaddr*>(&to), [](const auto&) {});
  run_until([&] { return !seen.empty(); });
  EXPECT_EQ(seen, text);
}

TEST_F(TcpTest, ListenSaysWhatIsWrong) {
  TcpServer bad(loop, [](const auto&) {});
  const auto name = bad.listen("localhost", 0);
  ASSERT_FALSE(name.ok());
  EXPECT_EQ(name.error().message, "'localhost' is not an IP address to listen on");
  TcpServer taken(loop, [](const auto&) {});
  const auto r = taken.listen("127.0.0.1", server->port());
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().message,
            "cannot listen on " + server->local_name() + ": address already in use");
}

TEST_F(TcpTest, AddressNames) {
  EXPECT_EQ(server->local_name(), "127.0.0.1:" + std::to_string(server->port()));
  TcpServer six(loop, [](const auto&) {});
  if (!six.listen("::1", 0)) GTEST_SKIP() << "no IPv6 here";
  EXPECT_EQ(six.local_name(), "[::1]:" + std::to_string(six.port()));
}

}  // namespace
}  // namespace virgo::uv
