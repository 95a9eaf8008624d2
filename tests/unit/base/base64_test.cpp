#include "base/base64.hpp"

#include <gtest/gtest.h>

namespace virgo {
namespace {

// The test vectors of RFC 4648, section 10.
TEST(Base64, Encodes) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foob"), "Zm9vYg==");
  EXPECT_EQ(base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
}

TEST(Base64, AllBits) {
  EXPECT_EQ(base64(std::string_view("\0\0\0", 3)), "AAAA");
  EXPECT_EQ(base64("\xff\xff\xff\xfb\xf0"), "////+/A=");
}

}  // namespace
}  // namespace virgo
