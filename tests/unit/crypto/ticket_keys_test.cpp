#include "crypto/ticket_keys.hpp"

#include <gtest/gtest.h>

#include "crypto/alpn.hpp"
#include "crypto/session_cache.hpp"
#include "openssl/ssl.h"

namespace virgo::crypto {
namespace {

using namespace std::chrono_literals;

class TicketKeysTest : public ::testing::Test {
 protected:
  std::optional<TicketKeys::Found> find(const TicketKey& key) {
    unsigned char name[16];
    std::copy(key.name.begin(), key.name.end(), name);
    return keys_.find(name);
  }
  FakeClock clock_;
  TicketKeys keys_{clock_};
};

TEST_F(TicketKeysTest, AKeySealsForAnHourAndOpensForTwo) {
  const TicketKey first = keys_.current().value();
  clock_.advance(TicketKeys::kLife - 1ns);
  EXPECT_EQ(keys_.current()->name, first.name);
  EXPECT_TRUE(find(first)->current);
  clock_.advance(1ns);
  const TicketKey second = keys_.current().value();
  EXPECT_NE(second.name, first.name);
  EXPECT_NE(second.cipher, first.cipher);
  EXPECT_NE(second.mac, first.mac);
  EXPECT_FALSE(find(first)->current);
  EXPECT_EQ(find(first)->key.cipher, first.cipher);
  EXPECT_TRUE(find(second)->current);
  clock_.advance(TicketKeys::kLife - 1ns);
  EXPECT_TRUE(find(first).has_value());
  clock_.advance(1ns);
  EXPECT_FALSE(find(first).has_value());
  EXPECT_FALSE(find(second)->current);
}

TEST_F(TicketKeysTest, NoKeyOutlivesALongSilence) {
  const TicketKey first = keys_.current().value();
  clock_.advance(5 * TicketKeys::kLife);
  EXPECT_FALSE(find(first).has_value());
  EXPECT_NE(keys_.current()->name, first.name);
}

TEST_F(TicketKeysTest, UnknownNamesAreNotFound) {
  EXPECT_FALSE(find(TicketKey{}).has_value());
  static_cast<void>(keys_.current());
  EXPECT_FALSE(find(TicketKey{}).has_value());
}

SessionPtr session(int version) {
  SessionPtr made(SSL_SESSION_new());
  const unsigned char id[32] = {1};
  SSL_SESSION_set1_id(made.get(), id, sizeof id);
  SSL_SESSION_set_protocol_version(made.get(), version);
  return made;
}

TEST(SessionCache, GivesTheNewestAndOneOfTls13Once) {
  SessionCache cache;
  SessionPtr older = session(TLS1_3_VERSION);
  SessionPtr newer = session(TLS1_3_VERSION);
  const SSL_SESSION* first = older.get();
  const SSL_SESSION* second = newer.get();
  cache.put("a:1", std::move(older));
  cache.put("a:1", std::move(newer));
  EXPECT_EQ(cache.take("b:1"), nullptr);
  EXPECT_EQ(cache.take("a:1").get(), second);
  EXPECT_EQ(cache.take("a:1").get(), first);
  EXPECT_EQ(cache.take("a:1"), nullptr);
  EXPECT_EQ(cache.size(), 0u);
  cache.put("a:1", session(TLS1_2_VERSION));
  EXPECT_NE(cache.take("a:1"), nullptr);
  EXPECT_NE(cache.take("a:1"), nullptr);
}

TEST(SessionCache, IsBoundedForOneServerAndForAll) {
  SessionCache cache;
  for (std::size_t i = 0; i < SessionCache::kMostOfOne; ++i)
    cache.put("a:1", session(TLS1_3_VERSION));
  EXPECT_EQ(cache.size(), SessionCache::kMostOfOne);
  cache.put("a:1", session(TLS1_3_VERSION));
  EXPECT_EQ(cache.size(), SessionCache::kMostOfOne);
  for (std::size_t i = 0; i < SessionCache::kMost; ++i)
    cache.put("b:" + std::to_string(i), session(TLS1_2_VERSION));
  EXPECT_EQ(cache.size(), SessionCache::kMost);
  EXPECT_EQ(cache.take("a:1"), nullptr) << "the oldest go first";
  EXPECT_NE(cache.take("b:0"), nullptr);
  cache.put("c:1", session(TLS1_2_VERSION));
  EXPECT_EQ(cache.take("b:0"), nullptr);
}

TEST(Alpn, ChoosesByOurOrderAndRefusesDamage) {
  const std::string ours = alpn_list({"h2", "http/1.1"}).value();
  EXPECT_EQ(ours, "\x02h2\x08http/1.1");
  EXPECT_EQ(choose_alpn(ours, alpn_list({"http/1.1", "h2"}).value()), "h2");
  EXPECT_EQ(choose_alpn(ours, alpn_list({"h3", "http/1.1"}).value()), "http/1.1");
  EXPECT_EQ(choose_alpn(ours, ""), "");
  EXPECT_EQ(choose_alpn(ours, "\x03h2"), "");
  EXPECT_EQ(choose_alpn(ours, std::string_view("\0\x02h2", 4)), "");
}

}  // namespace
}  // namespace virgo::crypto
