#include "http/headers.hpp"

#include <gtest/gtest.h>

#include <string>

namespace virgo::http {
namespace {

TEST(HttpHeaders, AreFoundInAnyCaseAndKeepTheirOrder) {
  HeaderList headers;
  headers.add("Set-Cookie", "a=1");
  headers.add("X-Thing", "");
  headers.add("set-cookie", "b=2");
  EXPECT_EQ(headers.size(), 3u);
  EXPECT_EQ(headers.get("SET-COOKIE"), "a=1");
  EXPECT_EQ(headers.get("x-thing"), "");
  EXPECT_EQ(headers.get("x-thin"), std::nullopt);
  EXPECT_EQ(headers.find("nothing"), nullptr);
  EXPECT_EQ(headers.find("set-cookie")->name, "Set-Cookie");
  EXPECT_EQ(headers.get_all("set-Cookie"), (std::vector<std::string_view>{"a=1", "b=2"}));
  EXPECT_TRUE(headers.get_all("other").empty());
  headers.clear();
  EXPECT_TRUE(headers.empty());
}

TEST(HttpHeaders, NamesDifferInCaseOfAsciiLettersOnly) {
  EXPECT_TRUE(same_name("aZ-9", "Az-9"));
  EXPECT_FALSE(same_name("a", "ab"));
  // One bit apart, as letters of two cases are.
  EXPECT_FALSE(same_name("[", "{"));
  EXPECT_FALSE(same_name("@", "`"));
  EXPECT_FALSE(same_name("\xc4", "\xe4"));
}

TEST(HttpHeaders, ListsAreTakenApart) {
  std::string_view rest = " a ,,\t b b\t,c,";
  std::string_view element;
  std::vector<std::string> elements;
  while (take_element(rest, &element)) elements.emplace_back(element);
  EXPECT_EQ(elements, (std::vector<std::string>{"a", "b b", "c"}));
  EXPECT_TRUE(has_token("keep-alive, Upgrade", "upgrade"));
  EXPECT_FALSE(has_token("xupgrade, upgradex, up grade", "upgrade"));
  EXPECT_FALSE(has_token("", "upgrade"));
}

TEST(HttpHeaders, EachByteIsKnownForWhatItMayBePartOf) {
  const std::string_view marks = "!#$%&'*+-.^_`|~";
  for (int c = 0; c < 256; ++c) {
    const char byte = static_cast<char>(c);
    const std::string_view text(&byte, 1);
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    EXPECT_EQ(is_token(text), letter || (c != 0 && marks.find(byte) != marks.npos)) << c;
    EXPECT_EQ(is_field_value(text), c == '\t' || (c >= 0x20 && c != 0x7f)) << c;
    EXPECT_EQ(is_target(text), c > 0x20 && c < 0x7f && c != '#') << c;
  }
  EXPECT_FALSE(is_token(""));
  EXPECT_TRUE(is_field_value(""));
  EXPECT_FALSE(is_target(""));
}

TEST(HttpHeaders, BadBytesAreFoundInEachPlaceOfALongText) {
  for (std::size_t size = 1; size < 40; ++size)
    for (std::size_t at = 0; at < size; ++at)
      for (int c = 0; c < 256; ++c) {
        std::string value(size, '\x9f');
        value[at] = static_cast<char>(c);
        ASSERT_EQ(is_field_value(value), c == '\t' || (c >= 0x20 && c != 0x7f)) << size << at << c;
        std::string token(size, 'x');
        token[at] = static_cast<char>(c);
        ASSERT_EQ(is_token(token), is_token(token.substr(at, 1)));
      }
}

TEST(HttpHeaders, BlanksAreTrimmedAndNothingElse) {
  EXPECT_EQ(trim_blanks(" \t a b\t "), "a b");
  EXPECT_EQ(trim_blanks(" \t"), "");
  EXPECT_EQ(trim_blanks("\na"), "\na");
}

}  // namespace
}  // namespace virgo::http
