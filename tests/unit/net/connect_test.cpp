#include "net/connect.hpp"

#include <sys/socket.h>
#include <unistd.h>

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
