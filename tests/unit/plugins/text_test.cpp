// The words and numbers that all parsers of the shipped plugins are made of.
#include <shared/text.hpp>

#include <gtest/gtest.h>

namespace plugin {
namespace {

TEST(Text, WholeNumbersOnly) {
  uint64_t n = 7;
  EXPECT_TRUE(to_u64("0", &n) && n == 0);
  EXPECT_TRUE(to_u64("18446744073709551614", &n) && n == UINT64_MAX - 1);
  EXPECT_TRUE(to_u64("18446744073709551615", &n) && n == UINT64_MAX);
  EXPECT_TRUE(to_u64("18446744073709551616", &n) && n == UINT64_MAX) << "the biggest there is";
  EXPECT_TRUE(to_u64("99999999999999999999999999", &n) && n == UINT64_MAX);
  for (const char* word :
       {"", "-1", "+1", "1x", "0x1", " 1", "1 ", "1.0", "99999999999999999999999999x"})
    EXPECT_FALSE(to_u64(word, &n)) << word;
}

TEST(Text, SignedNumbers) {
  int64_t n = 7;
  EXPECT_TRUE(to_i64("-1", &n) && n == -1);
  EXPECT_TRUE(to_i64("-9223372036854775808", &n) && n == INT64_MIN);
  EXPECT_TRUE(to_i64("-99999999999999999999", &n) && n == INT64_MIN);
  EXPECT_TRUE(to_i64("9223372036854775808", &n) && n == INT64_MAX);
  for (const char* word : {"", "-", "--1", "+1"}) EXPECT_FALSE(to_i64(word, &n)) << word;
}

TEST(Text, DecimalNumbers) {
  double n = 7;
  EXPECT_TRUE(to_f64("0.25", &n) && n == 0.25);
  EXPECT_TRUE(to_f64("-1e3", &n) && n == -1000);
  for (const char* word : {"", "x", "1x", "nan", "inf", "-inf", "0x1", "0x1p3", "1e999", " 1"})
    EXPECT_FALSE(to_f64(word, &n)) << word;
}

TEST(Text, LinesThatAreCutOffAreNotTaken) {
  std::string_view text = "one\ntwo\nthr";
  std::string_view line;
  EXPECT_TRUE(take_line(text, &line) && line == "one");
  EXPECT_TRUE(take_line(text, &line) && line == "two");
  EXPECT_FALSE(take_line(text, &line));
  std::string_view none;
  EXPECT_FALSE(take_line(none, &line));
  EXPECT_EQ(take_word(none), "");
  EXPECT_TRUE(starts_with(none, {}));
  EXPECT_FALSE(starts_with(none, "a"));
}

TEST(Text, SumsThatDoNotWrap) {
  EXPECT_EQ(minus(3, 5), 0u);
  EXPECT_EQ(plus(UINT64_MAX, 1), UINT64_MAX);
  EXPECT_EQ(times(UINT64_MAX / 2, 3), UINT64_MAX);
}

}  // namespace
}  // namespace plugin
