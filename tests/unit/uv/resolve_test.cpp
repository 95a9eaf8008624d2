#include <netdb.h>

#include "uv/resolve.hpp"

#include <optional>

#include "unit/loop_fixture.hpp"
#include "uv/tcp.hpp"

namespace virgo::uv {
namespace {

class ResolverTest : public testing::LoopTest {
 protected:
  Result<Resolver::Addresses> resolve(const std::string& host, std::uint16_t port = 80) {
    std::optional<Result<Resolver::Addresses>> out;
    const Resolver resolver(loop, host, port, [&](Result<Resolver::Addresses> r) { out = r; });
    EXPECT_FALSE(out.has_value()) << "answered from the constructor";
    run_until([&] { return out.has_value(); });
    return *out;
  }
  static std::string name(const sockaddr_storage& a) {
    return address_name(reinterpret_cast<const sockaddr*>(&a));
  }
};

TEST_F(ResolverTest, AddressesAreTheirOwnAnswer) {
  EXPECT_EQ(name(resolve("127.0.0.1").value().at(0)), "127.0.0.1:80");
  EXPECT_EQ(name(resolve("::1", 443).value().at(0)), "[::1]:443");
  EXPECT_EQ(name(resolve("[::1]", 65535).value().at(0)), "[::1]:65535");
}

TEST_F(ResolverTest, AsksTheSystemForNames) {
  addrinfo* known = nullptr;
  if (getaddrinfo("localhost", nullptr, nullptr, &known) != 0)
    GTEST_SKIP() << "this machine has no /etc/hosts and does not know localhost";
  freeaddrinfo(known);
  const auto found = resolve("localhost");
  ASSERT_TRUE(found.ok()) << found.error().message;
  ASSERT_FALSE(found->empty());
  const std::string first = name(found->front());
  EXPECT_TRUE(first == "127.0.0.1:80" || first == "[::1]:80") << first;
}

TEST_F(ResolverTest, RefusesWhatIsNoName) {
  for (const std::string& host : {std::string(300, 'a'), std::string(),
                                  std::string("127.0.0.1\0.example", 18), std::string("a b")}) {
    const auto found = resolve(host);
    ASSERT_FALSE(found.ok()) << host;
    EXPECT_NE(found.error().message.find("cannot resolve '"), std::string::npos)
        << found.error().message;
  }
}

TEST_F(ResolverTest, DestroyingItForgetsTheAnswer) {
  int answers = 0;
  for (const std::string& host :
       {std::string("127.0.0.1"), std::string("localhost"), std::string(300, 'a')}) {
    const Resolver resolver(loop, host, 80, [&](const auto&) { ++answers; });
  }
  turn();
  EXPECT_EQ(answers, 0);
  // TearDown: the loop waits for what libuv's threads still hold.
}

TEST_F(ResolverTest, MayBeDestroyedByItsAnswer) {
  for (const char* host : {"127.0.0.1", "localhost"}) {
    std::unique_ptr<Resolver> resolver;
    const std::string text = "captured by value, so that a destroyed function shows";
    std::string seen;
    resolver = std::make_unique<Resolver>(loop, host, 80, [&, text](const auto&) {
      resolver.reset();
      seen = text;
    });
    run_until([&] { return !seen.empty(); });
    EXPECT_EQ(seen, text);
  }
}

}  // namespace
}  // namespace virgo::uv
