#include "crypto/hash.hpp"

#include <gtest/gtest.h>

#include "crypto/random.hpp"

namespace virgo::crypto {
namespace {

std::string hex(std::string_view bytes) {
  std::string text;
  char digits[3];
  for (const char byte : bytes) {
    std::snprintf(digits, sizeof digits, "%02x",
                  static_cast<unsigned>(static_cast<unsigned char>(byte)));
    text += digits;
  }
  return text;
}

// The examples of FIPS 180.
TEST(Hash, KnownAnswers) {
  EXPECT_EQ(hex(sha1("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(hex(sha1("")), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha512("abc").size(), 64u);
  EXPECT_EQ(hex(sha512("abc")).substr(0, 16), "ddaf35a193617aba");
}

TEST(RandomBytes, AreAsManyAsAskedForAndDiffer) {
  EXPECT_EQ(random_bytes(0).value(), "");
  EXPECT_EQ(random_bytes(33)->size(), 33u);
  EXPECT_NE(random_bytes(16).value(), random_bytes(16).value());
}

}  // namespace
}  // namespace virgo::crypto
