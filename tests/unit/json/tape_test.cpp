#include "json/tape.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

namespace virgo::json {
namespace {

// The tape as text, one token after the other.
std::string shown(const Tape& tape, std::size_t count) {
  std::string out;
  const Token* t = tape.begin();
  for (std::size_t i = 0; i < count; ++i, ++t) {
    if (i > 0) out += ' ';
    switch (t->type) {
      case Token::Type::null:
        out += "null";
        break;
      case Token::Type::yes:
        out += "true";
        break;
      case Token::Type::no:
        out += "false";
        break;
      case Token::Type::i64:
        out += "i" + std::to_string(t->i64);
        break;
      case Token::Type::u64:
        out += "u" + std::to_string(t->u64);
        break;
      case Token::Type::f64:
        out += "f";
        break;
      case Token::Type::text:
        out += "'" + std::string(tape.text(*t)) + "'";
        break;
      case Token::Type::escaped:
        out += "\"" + std::string(tape.text(*t)) + "\"";
        break;
      case Token::Type::array:
        out += "[" + std::to_string(t->size);
        break;
      case Token::Type::object:
        out += "{" + std::to_string(t->size);
        break;
    }
  }
  return out;
}

std::string parsed(std::string_view text, std::size_t count, const TapeOptions& options = {}) {
  Tape tape;
  if (!tape.parse(text, options)) return "error: " + tape.what();
  return shown(tape, count);
}

TEST(JsonTape, ListsTokensWithSizesInFront) {
  EXPECT_EQ(parsed(R"({"a":[1,"x",null],"b":{},"c":true})", 10),
            "{3 'a' [3 i1 'x' null 'b' {0 'c' true");
  EXPECT_EQ(parsed("[]", 1), "[0");
  EXPECT_EQ(parsed("[[],[false]]", 4), "[2 [0 [1 false");
  EXPECT_EQ(parsed(" 12 ", 1), "i12");
  EXPECT_EQ(parsed("\"\"", 1), "''");
}

TEST(JsonTape, KeepsPlainTextInPlaceAndUnescapesTheRest) {
  const std::string text = R"(["plain","esc\u00e9\n","\ud83d\ude00"])";
  Tape tape;
  ASSERT_TRUE(tape.parse(text, {}));
  EXPECT_EQ(shown(tape, 4), "[3 'plain' \"esc\xc3\xa9\n\" \"\xf0\x9f\x98\x80\"");
  EXPECT_EQ(tape.text(tape.begin()[1]).data(), text.data() + 2);
}

TEST(JsonTape, LongTextsWithAndWithoutEscapes) {
  std::string plain(100'000, 'x');
  std::string escaped;
  std::string value;
  for (int i = 0; i < 50'000; ++i) {
    escaped += "\\ny";
    value += "\ny";
  }
  Tape tape;
  ASSERT_TRUE(tape.parse("[\"" + plain + "\",\"" + escaped + "\"]", {}));
  EXPECT_EQ(tape.begin()[2].size, value.size());
  EXPECT_EQ(tape.text(tape.begin()[2]), value);
}

TEST(JsonTape, NumbersAreExact) {
  EXPECT_EQ(parsed("9223372036854775807", 1), "i9223372036854775807");
  EXPECT_EQ(parsed("-9223372036854775808", 1), "i-9223372036854775808");
  EXPECT_EQ(parsed("9223372036854775808", 1), "u9223372036854775808");
  EXPECT_EQ(parsed("18446744073709551615", 1), "u18446744073709551615");
  EXPECT_EQ(parsed("18446744073709551616", 1), "f");
  Tape tape;
  ASSERT_TRUE(tape.parse("-0", {}));
  EXPECT_EQ(tape.begin()->type, Token::Type::f64);
  EXPECT_TRUE(std::signbit(tape.begin()->f64));
  ASSERT_TRUE(tape.parse("1e400", {}));
  EXPECT_TRUE(std::isinf(tape.begin()->f64));
}

TEST(JsonTape, DoublesReadBackAsWritten) {
  std::mt19937_64 random(5);
  Tape tape;
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t bits = random();
    double d = 0;
    std::memcpy(&d, &bits, sizeof d);
    if (!std::isfinite(d)) continue;
    char text[40];
    std::snprintf(text, sizeof text, "[%.17g]", d);
    ASSERT_TRUE(tape.parse(text, {})) << text;
    const Token& t = tape.begin()[1];
    const double got = t.type == Token::Type::f64 ? t.f64 : static_cast<double>(t.i64);
    if (t.type == Token::Type::u64) continue;
    EXPECT_EQ(got, d) << text;
  }
}

TEST(JsonTape, StopsBehindTheDocument) {
  Tape tape;
  ASSERT_TRUE(tape.parse("[1] [2]", {}));
  EXPECT_EQ(tape.end(), 4u);
  ASSERT_TRUE(tape.parse("1x", {}));
  EXPECT_EQ(tape.end(), 1u);
}

TEST(JsonTape, SaysWhatIsWrongAndWhere) {
  Tape tape;
  EXPECT_FALSE(tape.parse("", {}));
  EXPECT_EQ(tape.what(), "the text ends too early");
  EXPECT_FALSE(tape.parse("[1,2", {}));
  EXPECT_EQ(tape.end(), 4u);
  EXPECT_FALSE(tape.parse("[1 2]", {}));
  EXPECT_EQ(tape.end(), 3u);
  EXPECT_FALSE(tape.parse("\"\\x\"", {}));
  EXPECT_FALSE(tape.parse("\"\\ud800\"", {}));
  EXPECT_FALSE(tape.parse("\"a\nb\"", {}));
  EXPECT_TRUE(tape.parse("[3]", {})) << "and can be used again";
  EXPECT_EQ(shown(tape, 2), "[1 i3");
}

TEST(JsonTape, LimitsAtTheirEdge) {
  EXPECT_EQ(parsed("[[[]]]", 3, {.depth = 3}), "[1 [1 [0");
  EXPECT_EQ(parsed("[[[[]]]]", 4, {.depth = 3}), "error: nested deeper than 3");
  EXPECT_EQ(parsed("[1,2]", 3, {.depth = 9, .values = 3}), "[2 i1 i2");
  EXPECT_EQ(parsed("[1,2,3]", 4, {.depth = 9, .values = 3}), "error: more than 3 values");
  EXPECT_EQ(parsed(R"({"a":"b"})", 3, {.depth = 9, .values = 2}), "{1 'a' 'b'");
  EXPECT_EQ(parsed(R"({"a":"b"})", 3, {.depth = 9, .values = 1}), "error: more than 1 values");
}

TEST(JsonTape, LenientTakesCommentsAndAnyBytes) {
  const TapeOptions lenient{.depth = 9, .lenient = true};
  EXPECT_EQ(parsed("/* a */[1, // b\n2]", 3, lenient), "[2 i1 i2");
  EXPECT_EQ(parsed("\"\xff\xfe\"", 1, lenient), "'\xff\xfe'");
  EXPECT_EQ(parsed("\"\xff\"", 1).substr(0, 5), "error");
  EXPECT_EQ(parsed("[1/**/]", 2).substr(0, 5), "error");
}

TEST(JsonTape, MutilatedInputIsRefusedOrRead) {
  const std::string good = R"({"a":[1,-2.5e3,"x\u00e9\n"],"b":{"c":null,"d":[true,false]}})";
  std::mt19937 random(7);
  Tape tape;
  for (int i = 0; i < 20'000; ++i) {
    std::string bad = good;
    for (int k = 0; k < 3; ++k) {
      const std::size_t at = random() % bad.size();
      if (random() % 2 == 0)
        bad[at] = static_cast<char>(random());
      else
        bad.erase(at, 1);
    }
    tape.parse(bad, {.depth = 4, .lenient = i % 2 == 0});
    EXPECT_LE(tape.end(), bad.size());
  }
}

TEST(JsonTape, ShrinkGivesMemoryBack) {
  Tape tape;
  std::string text = "[1";
  for (int i = 0; i < 10'000; ++i) text += ",1";
  ASSERT_TRUE(tape.parse(text + "]", {}));
  tape.shrink(1 << 20);
  EXPECT_EQ(tape.begin()->size, 10'001u) << "it was small enough to keep";
  tape.shrink(100);
  ASSERT_TRUE(tape.parse("[2]", {}));
  EXPECT_EQ(shown(tape, 2), "[1 i2");
}

}  // namespace
}  // namespace virgo::json
