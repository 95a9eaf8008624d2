#include "uv/resolve.hpp"

#include <dlfcn.h>
#include <netdb.h>

#include <condition_variable>
#include <mutex>
#include <optional>

#include "unit/loop_fixture.hpp"
#include "uv/tcp.hpp"

namespace {

// Whoever looks up "slow.test" waits here until the gate is opened.
struct Gate {
  std::mutex mutex;
  std::condition_variable changed;
  bool open = false;
  int waiting = 0;

  void pass() {
    std::unique_lock lock(mutex);
    ++waiting;
    changed.wait(lock, [this] { return open; });
    --waiting;
    changed.notify_all();
  }
  int count() {
    const std::lock_guard lock(mutex);
    return waiting;
  }
  // Until everybody has passed.
  void let_all_pass() {
    std::unique_lock lock(mutex);
    open = true;
    changed.notify_all();
    changed.wait(lock, [this] { return waiting == 0; });
    open = false;
  }
};

Gate& gate() {
  static Gate gate;
  return gate;
}

}  // namespace

// In the place of the system's, for this program.
extern "C" __attribute__((visibility("default"))) int getaddrinfo(const char* node,
                                                                  const char* service,
                                                                  const addrinfo* hints,
                                                                  addrinfo** out) {
  static const auto next =
      reinterpret_cast<decltype(&getaddrinfo)>(dlsym(RTLD_NEXT, "getaddrinfo"));
  const std::string name = node == nullptr ? "" : node;
  if (name == "slow.test") {
    gate().pass();
    return EAI_AGAIN;
  }
  return next(name == "quick.test" ? "127.0.0.9" : node, service, hints, out);
}

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
}

TEST_F(ResolverTest, ALookUpThatHangsKeepsNobodyWaiting) {
  std::vector<std::unique_ptr<Resolver>> slow;
  const auto start_slow = [&](int count) {
    for (int i = 0; i < count; ++i)
      slow.push_back(
          std::make_unique<Resolver>(loop, "slow.test", 80, [](const auto&) { FAIL(); }));
    run_until([&] { return gate().count() == static_cast<int>(slow.size()); });
  };
  start_slow(7);
  EXPECT_EQ(name(resolve("quick.test")->at(0)), "127.0.0.9:80");  // by the eighth thread
  start_slow(1);
  bool answered = false;
  const Resolver waits(loop, "quick.test", 80, [&](const auto& r) { answered = r.ok(); });
  turn();
  EXPECT_FALSE(answered) << "more than eight at a time";
  slow.clear();  // given up
  run_until([&] { return answered; });
  EXPECT_EQ(gate().count(), 8);
  gate().let_all_pass();
}

TEST_F(ResolverTest, AClosingLoopDoesNotWaitForALookUp) {
  {
    Loop other;
    const Resolver slow(other, "slow.test", 80, [](const auto&) { FAIL(); });
    run_until([] { return gate().count() == 1; });
  }
  EXPECT_EQ(gate().count(), 1);
  gate().let_all_pass();
}

TEST_F(ResolverTest, KeepsTheLoopRunningUntilItHasAnswered) {
  int answers = 0;
  const Resolver resolver(loop, "quick.test", 80, [&](const auto&) { ++answers; });
  loop.run();
  EXPECT_EQ(answers, 1);
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
