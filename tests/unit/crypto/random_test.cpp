#include "crypto/random.hpp"

#include <gtest/gtest.h>

#include <set>

namespace virgo::crypto {
namespace {

TEST(RandomToken, Is64LowerCaseHexDigits) {
  const std::string token = random_token().value();
  EXPECT_EQ(token.size(), 64u);
  EXPECT_EQ(token.find_first_not_of("0123456789abcdef"), std::string::npos) << token;
}

TEST(RandomToken, NeverRepeats) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(seen.insert(random_token().value()).second);
}

TEST(RandomU64, UsesAllBits) {
  std::uint64_t ones = 0;
  std::uint64_t zeros = 0;
  for (int i = 0; i < 200; ++i) {
    const std::uint64_t number = random_u64().value();
    ones |= number;
    zeros |= ~number;
  }
  EXPECT_EQ(ones, ~std::uint64_t{0});
  EXPECT_EQ(zeros, ~std::uint64_t{0});
}

TEST(EqualConstantTime, ComparesLengthAndEveryByte) {
  EXPECT_TRUE(equal_constant_time("", ""));
  EXPECT_TRUE(equal_constant_time("token", "token"));
  EXPECT_FALSE(equal_constant_time("token", "tokem"));
  EXPECT_FALSE(equal_constant_time("token", "Token"));
  EXPECT_FALSE(equal_constant_time("token", "toke"));
  EXPECT_FALSE(equal_constant_time("", "t"));
  using namespace std::string_view_literals;
  EXPECT_FALSE(equal_constant_time("a\0b"sv, "a\0c"sv));
}

}  // namespace
}  // namespace virgo::crypto
