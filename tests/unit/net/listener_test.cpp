#include "net/listener.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "unit/net/net_world.hpp"

namespace virgo::net {
namespace {

using namespace testing;

class ListenerTest : public NetTest {
 protected:
  // A raw client that is connected to the listener.
  std::unique_ptr<uv::Stream> raw_client() {
    auto stream = std::make_unique<uv::TcpStream>(loop);
    sockaddr_storage to{};
    uv_ip4_addr("127.0.0.1", listener->port(), reinterpret_cast<sockaddr_in*>(&to));
    bool connected = false;
    stream->connect(reinterpret_cast<const sockaddr*>(&to), [&](const Result<void>& r) {
      EXPECT_TRUE(r.ok());
      connected = true;
    });
    run_until([&] { return connected; });
    return stream;
  }
};

TEST_F(ListenerTest, TellsItsAddress) {
  listen();
  EXPECT_NE(listener->port(), 0);
  EXPECT_EQ(listener->address(), "127.0.0.1:" + std::to_string(listener->port()));
}

TEST_F(ListenerTest, SaysWhyItCannotListen) {
  listen();
  ListenOptions same;
  same.port = listener->port();
  const auto taken = Listener::open(loop, same, {});
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(taken.error().message,
            "cannot listen on " + listener->address() + ": address already in use");
  ListenOptions name;
  name.host = "localhost";
  EXPECT_FALSE(Listener::open(loop, name, {}).ok());
}

TEST_F(ListenerTest, DualStackTakesBothFamilies) {
  ListenOptions both;
  both.host = "::";
  auto opened = Listener::open(loop, both, {});
  if (!opened) GTEST_SKIP() << "no IPv6 here";
  opened->reset();
  listen(both);
  for (const char* host : {"127.0.0.1", "::1"}) {
    ConnectOptions options;
    options.host = host;
    options.port = listener->port();
    const auto r = connect(options);
    EXPECT_TRUE(r.ok()) << r.error().message;
  }
  ListenOptions alone = both;
  alone.ipv6_only = true;
  listener.reset();
  listen(alone);
  ConnectOptions four = to_listener(false);
  EXPECT_FALSE(connect(four).ok());
}

TEST_F(ListenerTest, APortIsSharedByThoseWhoAllSaySo) {
  ListenOptions options;
  options.reuse_port = true;
  listen(options);
  options.port = listener->port();
  EXPECT_TRUE(Listener::open(loop, options, {}).ok());
  options.reuse_port = false;
  EXPECT_FALSE(Listener::open(loop, options, {}).ok());
}

class UnixListenerTest : public ListenerTest {
 protected:
  ListenOptions at(const std::string& path) {
    ListenOptions options;
    options.path = path;
    return options;
  }
  std::string why(const std::string& path) {
    const auto r = Listener::open(loop, at(path), {});
    return r ? "" : r.error().message;
  }
  const crypto::testing::TempDir dir_;
  const std::string path_ = dir_.file("s");
};

TEST_F(UnixListenerTest, ItsFileHasTheModeAndGoesWithIt) {
  ListenOptions options = at(path_);
  options.mode = 0620;
  listen(options);
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0620u);
  listener.reset();
  turn();
  EXPECT_NE(::stat(path_.c_str(), &status), 0);
}

TEST_F(UnixListenerTest, AFileNobodyAnswersOnIsReplaced) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(path_.begin(), path_.end(), address.sun_path);
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::close(fd);
  listen(at(path_));
  ConnectOptions to;
  to.path = path_;
  EXPECT_TRUE(connect(to).ok());
}

TEST_F(UnixListenerTest, OneInUseAndAnyOtherFileStay) {
  listen(at(path_));
  EXPECT_EQ(why(path_), "cannot listen on unix:" + path_ + ": address already in use");
  ConnectOptions to;
  to.path = path_;
  EXPECT_TRUE(connect(to).ok()) << "it is still there";
  const std::string plain = dir_.write("plain", "precious");
  EXPECT_NE(why(plain), "");
  struct stat status {};
  ASSERT_EQ(::stat(plain.c_str(), &status), 0);
  EXPECT_EQ(status.st_size, 8);
}

TEST_F(UnixListenerTest, PathsThatCannotBeAreRefused) {
  EXPECT_NE(why(dir_.file("no/such/folder")).find("no such file or directory"), std::string::npos);
  EXPECT_NE(why(std::string(108, 'x')).find("cannot be the path of a unix socket"),
            std::string::npos);
  EXPECT_NE(why(std::string("a\0b", 3)).find("cannot be the path"), std::string::npos);
}

TEST_F(ListenerTest, RefusesWhatIsNotTls) {
  listen(tls_listen());
  auto client = raw_client();
  bool ended = false;
  client->set_handlers({{}, [&](const Error&) { ended = true; }, {}});
  client->read_start();
  client->write("GET / HTTP/1.1\r\n\r\n");
  run_until([&] { return !refused.empty(); });
  EXPECT_EQ(refused[0].error.code, Errc::invalid);
  EXPECT_NE(refused[0].error.message.find("GET / HTTP"), std::string::npos)
      << refused[0].error.message;
  EXPECT_EQ(refused[0].peer, client->local_name());
  run_until([&] { return ended; });
  EXPECT_TRUE(accepted.empty());
}

TEST_F(ListenerTest, AClientThatHangsUpIsRefused) {
  listen(tls_listen());
  raw_client().reset();
  run_until([&] { return !refused.empty(); });
  EXPECT_EQ(refused[0].error.code, Errc::closed) << refused[0].error.message;
}

TEST_F(ListenerTest, HandshakesHaveATimeLimit) {
  ListenOptions options = tls_listen();
  options.handshake_timeout = 20ms;
  listen(options);
  auto client = raw_client();
  bool ended = false;
  client->set_handlers({{}, [&](const Error&) { ended = true; }, {}});
  client->read_start();
  client->write(std::string("\x16\x03\x01", 3));  // a beginning, and no more
  run_until([&] { return !refused.empty(); });
  EXPECT_EQ(refused[0].error.code, Errc::timeout);
  EXPECT_EQ(refused[0].error.message, "no TLS handshake within 20ms");
  run_until([&] { return ended; });
  EXPECT_EQ(refused.size(), 1u);
}

TEST_F(ListenerTest, HandshakesAtATimeAreLimited) {
  ListenOptions options = tls_listen();
  options.max_handshakes = 3;
  listen(options);
  std::vector<std::unique_ptr<uv::Stream>> idle;
  for (int i = 0; i < 3; ++i) idle.push_back(raw_client());
  turn();
  EXPECT_TRUE(refused.empty());
  auto fourth = raw_client();
  run_until([&] { return !refused.empty(); });
  EXPECT_EQ(refused[0].error.code, Errc::limit);
  EXPECT_EQ(refused[0].error.message, "3 TLS handshakes are under way, which is the limit");
  EXPECT_EQ(refused[0].peer, fourth->local_name());
  // One ends, and there is room for another.
  idle.pop_back();
  run_until([&] { return refused.size() == 2; });
  const auto r = connect(to_listener(true));
  EXPECT_TRUE(r.ok());
}

TEST_F(ListenerTest, ConnectionsOutliveIt) {
  connect_pair(true);
  listener.reset();
  a.attach();
  b.attach();
  ASSERT_TRUE(a.connection->write("still here").ok());
  run_until([&] { return b.data == "still here"; });
}

TEST_F(ListenerTest, DropsHandshakesUnderWay) {
  listen(tls_listen());
  auto client = raw_client();
  client->write("\x16");
  bool ended = false;
  client->set_handlers({{}, [&](const Error&) { ended = true; }, {}});
  client->read_start();
  turn();
  listener.reset();
  run_until([&] { return ended; });
  EXPECT_TRUE(refused.empty());
}

// Opens a listener that destroys itself in the given handler.
TEST_F(ListenerTest, MayBeDestroyedInEachHandler) {
  const std::string text = "captured by value, so that a destroyed function shows";
  for (const bool tls : {false, true}) {
    std::string seen;
    auto opened = Listener::open(loop, tls ? tls_listen() : ListenOptions{},
                                 {[&, text](const ConnectionPtr&) {
                                    listener.reset();
                                    seen = text;
                                  },
                                  {}});
    listener = std::move(opened).value();
    const auto r = connect(to_listener(tls));
    run_until([&] { return !seen.empty(); });
    EXPECT_EQ(seen, text);
  }
  for (int why = 0; why < 3; ++why) {
    std::string seen;
    ListenOptions options = tls_listen();
    if (why == 1) options.handshake_timeout = 5ms;
    if (why == 2) options.max_handshakes = 0;
    auto opened = Listener::open(loop, options,
                                 {[](const ConnectionPtr&) { ADD_FAILURE(); },
                                  [&, text](const std::string&, const Error& e) {
                                    listener.reset();
                                    seen = text + e.message;
                                  }});
    listener = std::move(opened).value();
    auto client = raw_client();
    if (why == 0) client->write("garbage, and enough of it to be seen as such");
    run_until([&] { return !seen.empty(); });
    EXPECT_EQ(seen.rfind(text, 0), 0u);
    turn();
  }
}

TEST_F(ListenerTest, ManyClientsAtATime) {
  listen(tls_listen());
  std::vector<std::unique_ptr<Connector>> connectors;
  std::vector<ConnectionPtr> connected;
  for (int i = 0; i < 50; ++i)
    connectors.push_back(
        std::make_unique<Connector>(loop, to_listener(true), [&](Result<ConnectionPtr> r) {
          ASSERT_TRUE(r.ok()) << r.error().message;
          connected.push_back(std::move(r).value());
        }));
  run_until([&] { return connected.size() == 50 && accepted.size() == 50; });
  EXPECT_TRUE(refused.empty());
}

}  // namespace
}  // namespace virgo::net
