#include "base/base64.hpp"

#include <gtest/gtest.h>

namespace virgo {
namespace {

// The test vectors of RFC 4648, section 10.
TEST(Base64, Encodes) {
  EXPECT_EQ(encode_base64(""), "");
  EXPECT_EQ(encode_base64("f"), "Zg==");
  EXPECT_EQ(encode_base64("fo"), "Zm8=");
  EXPECT_EQ(encode_base64("foo"), "Zm9v");
  EXPECT_EQ(encode_base64("foob"), "Zm9vYg==");
  EXPECT_EQ(encode_base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(encode_base64("foobar"), "Zm9vYmFy");
}

TEST(Base64, AllBits) {
  EXPECT_EQ(encode_base64(std::string_view("\0\0\0", 3)), "AAAA");
  EXPECT_EQ(encode_base64("\xff\xff\xff\xfb\xf0"), "////+/A=");
}

TEST(Base64, Decodes) {
  for (const std::string text : {"", "f", "fo", "foo", "foob", "\xff\xff\xff\xfb\xf0"})
    EXPECT_EQ(decode_base64(encode_base64(text)), text);
}

TEST(Base64, RefusesWhatIsNotItsOwn) {
  for (const char* text : {"Zg", "Zg=", "Zg===", "Z===", "====", "Zh==", "Zm9=", "Zm9v\n", "Zm 9",
                           "Zm-v", "=Zm9", "Zg==Zg=="})
    EXPECT_EQ(decode_base64(text), std::nullopt) << text;
}

}  // namespace
}  // namespace virgo
