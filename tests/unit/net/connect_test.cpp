#include "net/connect.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include "net/race.hpp"
#include "unit/net/net_world.hpp"

namespace virgo::net {
namespace {

using namespace testing;
using crypto::testing::Pki;

class ConnectorTest : public NetTest {
 protected:
  std::string failure(ConnectOptions options) {
    auto r = connect(std::move(options));
    if (r.ok()) return "";
    last_code = r.error().code;
    return r.error().message;
  }
  std::string where(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port) + ": "; }
  Errc last_code = Errc::failed;
};

// A listening socket whose queue is full: further connections get no answer.
class FullBacklog {
 public:
  explicit FullBacklog(int family) {
    server_ = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_storage address{};
    socklen_t size = 0;
    if (family == AF_INET) {
      uv_ip4_addr("127.0.0.1", 0, reinterpret_cast<sockaddr_in*>(&address));
      size = sizeof(sockaddr_in);
    } else {
      uv_ip6_addr("::1", 0, reinterpret_cast<sockaddr_in6*>(&address));
      size = sizeof(sockaddr_in6);
    }
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    ok = ::bind(server_, raw, size) == 0 && ::listen(server_, 0) == 0;
    ::getsockname(server_, raw, &size);
    port = ntohs(reinterpret_cast<sockaddr_in*>(raw)->sin_port);  // same place in both
    for (int i = 0; i < 8; ++i) {
      fillers_.push_back(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      (void)::connect(fillers_.back(), raw, size);
    }
  }
  ~FullBacklog() {
    for (const int fd : fillers_) ::close(fd);
    ::close(server_);
  }
  bool ok = false;
  std::uint16_t port = 0;

 private:
  int server_;
  std::vector<int> fillers_;
};

TEST_F(ConnectorTest, SaysWhoRefused) {
  listen();
  ConnectOptions options = to_listener(false);
  listener.reset();
  EXPECT_EQ(failure(options), where(options.port) + "connection refused");
}

TEST_F(ConnectorTest, SaysWhatCannotBeResolved) {
  ConnectOptions options;
  options.host = std::string(300, 'a');
  options.port = 443;
  const std::string text = failure(options);
  EXPECT_NE(text.find(":443: cannot resolve 'aaaa"), std::string::npos) << text;
}

TEST_F(ConnectorTest, AcceptsBracketsAroundAddresses) {
  ListenOptions six;
  six.host = "::1";
  auto opened = Listener::open(loop, six, {[](ConnectionPtr) {}, {}});
  if (!opened) GTEST_SKIP() << "no IPv6 here";
  ConnectOptions options;
  options.port = (*opened)->port();
  for (const char* host : {"::1", "[::1]"}) {
    options.host = host;
    EXPECT_EQ(failure(options), "");
  }
}

TEST_F(ConnectorTest, TimesOutWhileConnecting) {
  const FullBacklog hole(AF_INET);
  ASSERT_TRUE(hole.ok);
  ConnectOptions options;
  options.host = "127.0.0.1";
  options.port = hole.port;
  options.timeout = 50ms;
  const TimePoint begin = system_clock().now();
  EXPECT_EQ(failure(options), where(hole.port) + "no success within 50ms (while connecting)");
  EXPECT_EQ(last_code, Errc::timeout);
  EXPECT_GE(system_clock().now() - begin, Duration(50ms));
}

TEST_F(ConnectorTest, TimesOutInTheHandshake) {
  listen();  // in clear: says nothing
  ConnectOptions options = to_listener(true);
  options.timeout = 50ms;
  EXPECT_EQ(failure(options),
            where(options.port) + "no success within 50ms (while in the TLS handshake)");
  EXPECT_EQ(last_code, Errc::timeout);
}

TEST_F(ConnectorTest, AnAddressThatSwallowsPacketsDoesNotKeepUsFromTheNext) {
  // Which addresses "localhost" has, and in which order, is the system's choice.
  std::optional<Result<uv::Resolver::Addresses>> found;
  {
    const uv::Resolver resolver(loop, "localhost", 1, [&](auto r) { found = r; });
    run_until([&] { return found.has_value(); });
  }
  if (!found->ok()) GTEST_SKIP() << "this machine does not know localhost";
  const auto& addresses = found->value();
  const int first = addresses.front().ss_family;
  const bool both = std::any_of(addresses.begin(), addresses.end(),
                                [&](const auto& other) { return other.ss_family != first; });
  if (!both) GTEST_SKIP() << "localhost has one address here";
  const FullBacklog hole(first);
  ListenOptions live;
  live.host = first == AF_INET ? "::1" : "127.0.0.1";
  live.port = hole.port;
  listen(live);
  ConnectOptions options;
  options.host = "localhost";
  options.port = hole.port;
  options.timeout = 4s;
  EXPECT_EQ(failure(options), "");
}

sockaddr_storage address(const char* ip, int port) {
  sockaddr_storage storage{};
  if (uv_ip4_addr(ip, port, reinterpret_cast<sockaddr_in*>(&storage)) != 0)
    uv_ip6_addr(ip, port, reinterpret_cast<sockaddr_in6*>(&storage));
  return storage;
}

std::string names(const uv::Resolver::Addresses& addresses) {
  std::string text;
  for (const auto& one : addresses)
    text += uv::address_name(reinterpret_cast<const sockaddr*>(&one)) + " ";
  return text;
}

TEST(Race, FamiliesTakeTurns) {
  EXPECT_EQ(names(interleave({})), "");
  EXPECT_EQ(names(interleave({address("::1", 1), address("::2", 1), address("::3", 1),
                              address("127.0.0.1", 1), address("127.0.0.2", 1)})),
            "[::1]:1 127.0.0.1:1 [::2]:1 127.0.0.2:1 [::3]:1 ");
  EXPECT_EQ(
      names(interleave({address("127.0.0.1", 1), address("127.0.0.2", 1), address("::1", 1)})),
      "127.0.0.1:1 [::1]:1 127.0.0.2:1 ");
}

class RaceTest : public ConnectorTest {
 protected:
  Result<std::unique_ptr<uv::Stream>> run(const uv::Resolver::Addresses& addresses,
                                          Duration stagger) {
    std::optional<Result<std::unique_ptr<uv::Stream>>> out;
    const Race race(loop, addresses, stagger, [&](auto r) { out.emplace(std::move(r)); });
    EXPECT_FALSE(out.has_value()) << "called from the constructor";
    run_until([&] { return out.has_value(); });
    if (!out) return Error{};
    return std::move(*out);
  }
  std::uint16_t unused_port() {
    listen();
    const std::uint16_t port = listener->port();
    listener.reset();
    return port;
  }
};

TEST_F(RaceTest, TheFirstToAnswerWins) {
  const FullBacklog hole(AF_INET);
  ASSERT_TRUE(hole.ok);
  listen();
  auto r = run({address("127.0.0.1", hole.port), address("127.0.0.1", listener->port())}, 1ms);
  ASSERT_TRUE(r.ok()) << r.error().message;
  EXPECT_EQ((*r)->peer_name(), listener->address());
}

TEST_F(RaceTest, OneThatFailsHasNoHeadStart) {
  const std::uint16_t nobody = unused_port();
  listen();
  auto r = run({address("127.0.0.1", nobody), address("127.0.0.1", listener->port())}, 1h);
  ASSERT_TRUE(r.ok()) << r.error().message;
  EXPECT_EQ((*r)->peer_name(), listener->address());
}

TEST_F(RaceTest, WhenAllFailEachIsTold) {
  const std::uint16_t nobody = unused_port();
  const auto r = run({address("127.0.0.1", nobody), address("127.0.0.2", nobody)}, 1h);
  ASSERT_FALSE(r.ok());
  const std::string port = std::to_string(nobody);
  EXPECT_EQ(r.error().message, "127.0.0.1:" + port + ": connection refused; 127.0.0.2:" + port +
                                   ": connection refused");
}

TEST_F(ConnectorTest, UnixSockets) {
  const crypto::testing::TempDir dir;
  for (const bool tls : {false, true}) {
    ListenOptions options = tls ? tls_listen() : ListenOptions{};
    options.path = dir.file("socket");
    listen(options);
    EXPECT_EQ(listener->address(), "unix:" + options.path);
    EXPECT_EQ(listener->port(), 0);
    ConnectOptions to;
    to.path = options.path;
    if (tls) to.tls = pki().client();
    to.server_name = "localhost";
    auto r = connect(to);
    ASSERT_TRUE(r.ok()) << r.error().message;
    run_until([&] { return !accepted.empty(); });
    b = End{std::move(accepted.front()), {}, {}, 0};
    accepted.clear();
    b.attach();
    EXPECT_EQ(b.connection->peer(), "unix:" + options.path);
    ASSERT_TRUE((*r)->write("hello").ok());
    run_until([&] { return b.data == "hello"; });
    listener.reset();
    EXPECT_EQ(failure(to), "unix:" + options.path + ": no such file or directory");
  }
  ConnectOptions to;
  to.path = std::string(108, 'p');
  EXPECT_NE(failure(to).find("(1 to 107 bytes)"), std::string::npos);
}

TEST_F(ConnectorTest, RefusesAnotherName) {
  listen(tls_listen());
  ConnectOptions options = to_listener(true);
  options.server_name = "other.example";
  const std::string text = failure(options);
  EXPECT_EQ(last_code, Errc::denied);
  EXPECT_EQ(text.rfind(where(options.port), 0), 0u) << text;
  EXPECT_NE(text.find("other.example"), std::string::npos) << text;
  // The server hears of it by an alert.
  run_until([&] { return !refused.empty(); });
  EXPECT_EQ(refused[0].error.code, Errc::denied) << refused[0].error.message;
  EXPECT_TRUE(accepted.empty());
}

TEST_F(ConnectorTest, RefusesAnAuthorityItDoesNotKnow) {
  listen(tls_listen());
  const Pki stranger;
  ConnectOptions options = to_listener(true);
  options.tls = stranger.client();
  const std::string text = failure(options);
  EXPECT_EQ(last_code, Errc::denied) << text;
  run_until([&] { return !refused.empty(); });
  EXPECT_EQ(refused[0].error.code, Errc::denied) << refused[0].error.message;
}

TEST_F(ConnectorTest, RefusesAnExpiredCertificate) {
  const virgo::testing::LogCapture quiet;
  const Pki old({"127.0.0.1"}, crypto::testing::expired());
  ListenOptions options;
  options.tls = old.server_context();
  listen(options);
  ConnectOptions to = to_listener(true);
  to.tls = old.client();
  const std::string text = failure(to);
  EXPECT_EQ(last_code, Errc::denied);
  EXPECT_NE(text.find("expired"), std::string::npos) << text;
  run_until([&] { return !refused.empty(); });
}

TEST_F(ConnectorTest, RefusesAServerNameThatIsNone) {
  listen(tls_listen());
  ConnectOptions options = to_listener(true);
  options.server_name = "not a name";
  const std::string text = failure(options);
  EXPECT_EQ(last_code, Errc::invalid) << text;
}

TEST_F(ConnectorTest, SaysWhenTheServerDoesNotSpeakTls) {
  listen();
  ConnectOptions options = to_listener(true);
  std::optional<Result<ConnectionPtr>> out;
  const Connector connector(loop, options,
                            [&](Result<ConnectionPtr> r) { out.emplace(std::move(r)); });
  run_until([&] { return !accepted.empty(); });
  ASSERT_TRUE(accepted[0]->write("SSH-2.0-OpenSSH_9.2p1\r\n").ok());
  run_until([&] { return out.has_value(); });
  ASSERT_FALSE(out->ok());
  EXPECT_EQ(out->error().code, Errc::invalid);
  EXPECT_NE(out->error().message.find("SSH-2.0"), std::string::npos) << out->error().message;
}

TEST_F(ConnectorTest, SaysWhenTheServerHangsUpInTheHandshake) {
  listen();
  ConnectOptions options = to_listener(true);
  std::optional<Result<ConnectionPtr>> out;
  const Connector connector(loop, options,
                            [&](Result<ConnectionPtr> r) { out.emplace(std::move(r)); });
  run_until([&] { return !accepted.empty(); });
  accepted.clear();
  run_until([&] { return out.has_value(); });
  ASSERT_FALSE(out->ok());
  EXPECT_EQ(out->error().code, Errc::closed) << out->error().message;
}

TEST_F(ConnectorTest, DestroyedAtAnyMomentItIsSilent) {
  listen(tls_listen());
  int calls = 0;
  for (int turns = 0; turns < 12; ++turns) {
    auto connector =
        std::make_unique<Connector>(loop, to_listener(true), [&](const auto&) { ++calls; });
    turn(turns);
    connector.reset();
    const int then = calls;
    turn(5);
    EXPECT_EQ(calls, then);
  }
}

TEST_F(ConnectorTest, MayBeDestroyedByItsAnswer) {
  const std::string text = "captured by value, so that a destroyed function shows";
  listen(tls_listen());
  std::vector<ConnectOptions> attempts(4, to_listener(true));
  attempts[1].tls = nullptr;
  attempts[2].server_name = "other.example";
  attempts[3].timeout = 1ns;
  for (const ConnectOptions& options : attempts) {
    std::string seen;
    std::unique_ptr<Connector> connector;
    connector = std::make_unique<Connector>(loop, options, [&, text](Result<ConnectionPtr> r) {
      connector.reset();
      seen = text + (r.ok() ? "" : r.error().message);
    });
    run_until([&] { return !seen.empty(); });
    EXPECT_EQ(seen.rfind(text, 0), 0u);
    turn();
  }
}

TEST_F(ConnectorTest, KeptAfterItsEndItHoldsNoSocket) {
  listen();
  ConnectOptions options = to_listener(true);
  options.timeout = 20ms;
  bool done = false;
  const Connector connector(loop, options, [&](const auto&) { done = true; });
  run_until([&] { return !accepted.empty(); });
  b.connection = std::move(accepted.front());
  b.attach();
  run_until([&] { return done && b.closed.has_value(); });
}

}  // namespace
}  // namespace virgo::net
