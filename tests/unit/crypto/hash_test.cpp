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

TEST(Hash, ByName) {
  EXPECT_EQ(hex(*digest_of(*digest_named("md5"), "abc")), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(*digest_of(*digest_named("sha1"), "x"), sha1("x"));
  EXPECT_EQ(*digest_of(*digest_named("sha256"), "x"), sha256("x"));
  EXPECT_EQ(*digest_of(*digest_named("sha512"), "x"), sha512("x"));
  for (const char* other : {"", "SHA1", "sha384", "md5 "}) EXPECT_FALSE(digest_named(other));
}

// RFC 4231, cases 1 and 6 (a key longer than a block); RFC 7677 uses them with PBKDF2.
TEST(Hash, Hmac) {
  EXPECT_EQ(hex(*hmac(Digest::sha256, std::string(20, '\x0b'), "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hex(*hmac(Digest::sha256, std::string(131, '\xaa'),
                      "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(*hmac(Digest::sha256, {}, "x"), *hmac(Digest::sha256, std::string(64, '\0'), "x"));
}

// RFC 6070.
TEST(Hash, Pbkdf2) {
  EXPECT_EQ(hex(*pbkdf2(Digest::sha1, "password", "salt", 1, 20)),
            "0c60c80f961f0e71f3a9b524af6012062fe037a6");
  EXPECT_EQ(hex(*pbkdf2(Digest::sha1, "passwordPASSWORDpassword",
                        "saltSALTsaltSALTsaltSALTsaltSALTsalt", 4096, 25)),
            "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038");
  EXPECT_EQ(pbkdf2(Digest::sha256, {}, {}, 1, 1)->size(), 1u);
}

TEST(RandomBytes, AreAsManyAsAskedForAndDiffer) {
  EXPECT_EQ(random_bytes(0).value(), "");
  EXPECT_EQ(random_bytes(33)->size(), 33u);
  EXPECT_NE(random_bytes(16).value(), random_bytes(16).value());
}

}  // namespace
}  // namespace virgo::crypto
