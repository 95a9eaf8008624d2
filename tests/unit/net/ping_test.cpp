#include "net/ping.hpp"

#include <netinet/in.h>

#include <optional>

#include "unit/loop_fixture.hpp"
#include "uv/udp.hpp"

namespace virgo::net {
namespace {

using namespace std::chrono_literals;

class PingTest : public virgo::testing::LoopTest {
 protected:
  static PingOptions to(const std::string& address) {
    PingOptions options;
    EXPECT_TRUE(uv::parse_ip(address, 0, &options.address));
    return options;
  }
  Result<PingReply> ping(const PingOptions& options) {
    std::optional<Result<PingReply>> out;
    const Ping asking(loop, options, [&](Result<PingReply> r) { out.emplace(std::move(r)); });
    EXPECT_FALSE(out.has_value()) << "called from the constructor";
    run_until([&] { return out.has_value(); });
    return out ? std::move(*out) : Error{};
  }
  // Whether this process may ping; otherwise the error has to say what to do.
  bool may_ping() {
    const auto r = ping(to("127.0.0.1"));
    if (r) return true;
    EXPECT_EQ(r.error().code, Errc::denied) << r.error().message;
    EXPECT_NE(r.error().message.find("net.ipv4.ping_group_range"), std::string::npos);
    return false;
  }
};

TEST_F(PingTest, LoopbackAnswers) {
  if (!may_ping()) GTEST_SKIP() << "no echo requests here";
  for (const std::size_t size :
       {Ping::kMinSize, std::size_t{56}, std::size_t{1472}, std::size_t{8000}}) {
    PingOptions options = to("127.0.0.1");
    options.size = size;
    const auto r = ping(options);
    ASSERT_TRUE(r.ok()) << r.error().message;
    EXPECT_GT(r->took.count(), 0);
    EXPECT_LT(r->took, 5s);
    EXPECT_EQ(r->address, "127.0.0.1");
    EXPECT_EQ(r->ttl, 64);
  }
}

TEST_F(PingTest, SixAnswersToo) {
  if (!may_ping()) GTEST_SKIP() << "no echo requests here";
  const auto r = ping(to("::1"));
  if (!r && r.error().code == Errc::io) GTEST_SKIP() << "no IPv6 here: " << r.error().message;
  ASSERT_TRUE(r.ok()) << r.error().message;
  EXPECT_EQ(r->address, "::1");
}

TEST_F(PingTest, SeveralAtATimeGetTheirOwnReplies) {
  if (!may_ping()) GTEST_SKIP() << "no echo requests here";
  std::vector<std::unique_ptr<Ping>> pings;
  int answered = 0;
  for (int i = 0; i < 20; ++i) {
    PingOptions options = to("127.0.0." + std::to_string(i + 1));
    pings.push_back(std::make_unique<Ping>(loop, options, [&, i](const Result<PingReply>& r) {
      ASSERT_TRUE(r.ok()) << r.error().message;
      EXPECT_EQ(r->address, "127.0.0." + std::to_string(i + 1));
      ++answered;
    }));
  }
  run_until([&] { return answered == 20; });
}

TEST_F(PingTest, NobodyAnswers) {
  if (!may_ping()) GTEST_SKIP() << "no echo requests here";
  PingOptions options = to("127.255.255.255");  // a broadcast address answers nobody
  options.timeout = 50ms;
  const auto r = ping(options);
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().message.find("127.255.255.255: "), 0u) << r.error().message;
}

TEST_F(PingTest, MayBeGivenUpAtAnyTime) {
  for (int turns = 0; turns < 5; ++turns) {
    auto asking = std::make_unique<Ping>(loop, to("127.0.0.1"), [](const auto&) {});
    turn(turns);
    asking.reset();
    turn(2);
  }
  std::unique_ptr<Ping> own;
  bool done = false;
  own = std::make_unique<Ping>(loop, to("127.0.0.1"), [&](const auto&) {
    own.reset();
    done = true;
  });
  run_until([&] { return done; });
}

TEST(EchoTest, RequestsHaveAChecksumThatAddsUp) {
  for (const std::string data : {"", "a", "ab", "\xff\xff\xff"}) {
    const std::string packet = make_echo_request(AF_INET, 0xabcd, 0x1234, data);
    EXPECT_EQ(packet.size(), 8 + data.size());
    unsigned sum = 0;
    for (std::size_t i = 0; i < packet.size(); ++i)
      sum += static_cast<unsigned char>(packet[i]) << (i % 2 == 0 ? 8 : 0);
    while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
    EXPECT_EQ(sum, 0xffffu);
  }
}

TEST(EchoTest, OnlyTheReplyToTheRequestIsOne) {
  std::string reply = make_echo_request(AF_INET, 7, 9, "data");
  EXPECT_FALSE(is_echo_reply(reply, AF_INET, 7, 9, "data")) << "the request itself";
  reply[0] = 0;
  EXPECT_TRUE(is_echo_reply(reply, AF_INET, 7, 9, "data"));
  EXPECT_TRUE(is_echo_reply(reply, AF_INET, -1, 9, "data"));
  EXPECT_FALSE(is_echo_reply(reply, AF_INET, 8, 9, "data"));
  EXPECT_FALSE(is_echo_reply(reply, AF_INET, 7, 8, "data"));
  EXPECT_FALSE(is_echo_reply(reply, AF_INET, 7, 9, "dat"));
  EXPECT_FALSE(is_echo_reply(reply, AF_INET, 7, 9, "datA"));
  EXPECT_FALSE(is_echo_reply(reply, AF_INET6, 7, 9, "data"));
  for (std::size_t size = 0; size < reply.size(); ++size)
    EXPECT_FALSE(is_echo_reply(reply.substr(0, size), AF_INET, 7, 9, "data"));
  reply[1] = 1;
  EXPECT_FALSE(is_echo_reply(reply, AF_INET, 7, 9, "data"));
}

TEST(EchoTest, HeadersOfRawSocketsAreHeldToTheirLength) {
  EXPECT_EQ(skip_ip_header(""), "");
  EXPECT_EQ(skip_ip_header("\x45"), "");
  EXPECT_EQ(skip_ip_header("\x45" + std::string(19, 'h') + "icmp"), "icmp");
  EXPECT_EQ(skip_ip_header("\x46" + std::string(23, 'h') + "icmp"), "icmp");
  EXPECT_EQ(skip_ip_header("\x4f" + std::string(19, 'h') + "icmp"), "");
  EXPECT_EQ(skip_ip_header("\x44" + std::string(19, 'h') + "icmp"), "");
  EXPECT_EQ(skip_ip_header("\x65" + std::string(19, 'h') + "icmp"), "");
}

}  // namespace
}  // namespace virgo::net
