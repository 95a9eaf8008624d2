#include <gtest/gtest.h>

#include "json/value.hpp"

namespace virgo::json {
namespace {

Value parsed(std::string_view text) {
  auto r = parse(text);
  EXPECT_TRUE(r.ok()) << text << ": " << (r.ok() ? "" : r.error().message);
  return r.ok() ? *r : Value{};
}

TEST(JsonParse, EveryKind) {
  EXPECT_EQ(parsed("null").kind, Kind::null);
  EXPECT_TRUE(parsed("true").boolean);
  EXPECT_FALSE(parsed("false").boolean);
  EXPECT_EQ(parsed("\"text\"").text, "text");
  EXPECT_EQ(parsed("1.5").number, 1.5);
  EXPECT_EQ(parsed("[1,2,3]").items.size(), 3u);
  const Value object = parsed(R"({"b":1,"a":{"c":[true,null]}})");
  EXPECT_EQ(object.keys, (std::vector<std::string>{"b", "a"}));
  const Value* a = object.find("a");
  ASSERT_NE(a, nullptr);
  ASSERT_NE(a->find("c"), nullptr);
  EXPECT_EQ(a->find("c")->items[0].kind, Kind::boolean);
  EXPECT_EQ(object.find("z"), nullptr);
  EXPECT_EQ(object.find(""), nullptr);
}

TEST(JsonParse, WhiteSpaceAround) {
  EXPECT_EQ(parsed(" \t\r\n{ \"a\" : 1 } \n ").find("a")->i64, 1);
  EXPECT_EQ(parsed(" 1 ").i64, 1);
}

TEST(JsonParse, OfARepeatedKeyTheLastCounts) {
  EXPECT_EQ(parsed(R"({"a":1,"a":2})").find("a")->i64, 2);
}

TEST(JsonParse, Strings) {
  EXPECT_EQ(parsed(R"("\"\\\/\b\f\n\r\t")").text, "\"\\/\b\f\n\r\t");
  EXPECT_EQ(parsed(R"("\u00fc\u20ac\ud83d\ude00")").text, "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_EQ(parsed(R"("a\u0000b")").text, std::string("a\0b", 3));
  EXPECT_EQ(parsed(R"({"k\u0000":1})").keys[0], std::string("k\0", 2));
  const std::string big(300'000, 'x');
  EXPECT_EQ(parsed("\"" + big + "\"").text, big);
}

struct NumberCase {
  const char* text;
  bool integer;
  std::int64_t i64;
  double number;
};

TEST(JsonParse, NumbersAreExactAndKeepTheirText) {
  const NumberCase cases[] = {
      {"0", true, 0, 0},
      {"-0", true, 0, 0},
      {"-1", true, -1, -1},
      {"9007199254740993", true, 9007199254740993, 9007199254740992.0},
      {"9223372036854775807", true, INT64_MAX, 9223372036854775807.0},
      {"-9223372036854775808", true, INT64_MIN, -9223372036854775808.0},
      {"9223372036854775808", false, 0, 9223372036854775808.0},
      {"18446744073709551615", false, 0, 18446744073709551615.0},
      {"18446744073709551616", false, 0, 18446744073709551616.0},
      {"-9223372036854775809", false, 0, -9223372036854775809.0},
      {"1.0", false, 0, 1},
      {"1e2", false, 0, 100},
      {"1E+2", false, 0, 100},
      {"0.1", false, 0, 0.1},
      {"123456789012345678901234567890", false, 0, 123456789012345678901234567890.0},
      {"2.2250738585072011e-308", false, 0, 2.2250738585072011e-308},
      {"1.7976931348623157e308", false, 0, 1.7976931348623157e308},
      {"5e-324", false, 0, 5e-324},
  };
  for (const NumberCase& c : cases) {
    const Value v = parsed(c.text);
    EXPECT_EQ(v.kind, Kind::number);
    EXPECT_EQ(v.text, c.text);
    EXPECT_EQ(v.integer, c.integer) << c.text;
    EXPECT_EQ(v.number, c.number) << c.text;
    if (c.integer) {
      EXPECT_EQ(v.i64, c.i64) << c.text;
    }
    EXPECT_EQ(to_json(v), c.text);
  }
}

TEST(JsonParse, IdsAreEchoedAsWritten) {
  for (const char* id : {"0", "\"0\"", "17", "1.0", "1e3", "-0", "18446744073709551615", "\"\"",
                         "\"a\\\"b\"", "\"\xc3\xbc\""}) {
    const Value v = parsed(std::string("{\"id\":") + id + "}");
    EXPECT_EQ(to_json(*v.find("id")), id);
  }
}

TEST(JsonParse, RefusesWhatIsNotJson) {
  for (const std::string text : {"",           " ",
                                 "{",          "}",
                                 "[",          "[1",
                                 "[1,",        "[1,]",
                                 "{\"a\"}",    "{\"a\":}",
                                 "{\"a\":1,}", "{a:1}",
                                 "{'a':1}",    "tru",
                                 "truee",      "nul",
                                 "1 2",        "{} {}",
                                 "[]x",        "\"",
                                 "\"\\",       "\"\\x\"",
                                 "\"\\u12\"",  "01",
                                 "+1",         ".5",
                                 "1.",         "1e",
                                 "-",          "NaN",
                                 "Infinity",   "// c\n1",
                                 "/**/1",      "\xef\xbb\xbf{}",
                                 "\x01",       "\"\n\"",
                                 "\"\t\""}) {
    const auto r = parse(text);
    EXPECT_FALSE(r.ok()) << text;
    if (r.ok()) continue;
    EXPECT_EQ(r.error().code, Errc::invalid) << text;
    EXPECT_EQ(r.error().message.rfind("not JSON: ", 0), 0u) << r.error().message;
    EXPECT_NE(r.error().message.find("(at byte "), std::string::npos) << r.error().message;
  }
  EXPECT_FALSE(parse(std::string_view("1\0", 2)).ok());
  EXPECT_FALSE(parse(std::string_view("\0", 1)).ok());
}

TEST(JsonParse, RefusesWhatIsNotUtf8) {
  for (const char* text : {"\"\xff\"", "\"\xc3\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"",
                           "\"\xf5\x80\x80\x80\"", "{\"\xff\":1}"})
    EXPECT_FALSE(parse(text).ok());
  for (const char* text : {R"("\ud800")", R"("\ud800x")", R"("\udc00")", R"("\ud800\ud800")"})
    EXPECT_FALSE(parse(text).ok()) << text;
}

std::string nested(std::size_t depth, const char* open, const char* close) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) text += open;
  text += "1";
  for (std::size_t i = 0; i < depth; ++i) text += close;
  return text;
}

TEST(JsonParse, DepthLimitIsExact) {
  const ParseLimits limits{.depth = 5, .values = 100};
  EXPECT_TRUE(parse(nested(5, "[", "]"), limits).ok());
  EXPECT_TRUE(parse(nested(5, "{\"a\":", "}"), limits).ok());
  const auto deep = parse(nested(6, "[", "]"), limits);
  ASSERT_FALSE(deep.ok());
  EXPECT_EQ(deep.error().code, Errc::limit);
  EXPECT_EQ(deep.error().message.rfind("nested deeper than 5", 0), 0u) << deep.error().message;
  EXPECT_FALSE(parse(nested(6, "{\"a\":", "}"), limits).ok());
  EXPECT_FALSE(parse(nested(500'000, "[", "]")).ok());
  EXPECT_FALSE(parse(std::string(500'000, '[')).ok());
}

TEST(JsonParse, ValueLimitIsExact) {
  const ParseLimits limits{.depth = 32, .values = 4};
  EXPECT_TRUE(parse("[1,2,3]", limits).ok());  // the array counts too
  EXPECT_TRUE(parse(R"({"a":1,"b":[null]})", limits).ok());
  for (const char* text :
       {"[1,2,3,4]", "[[],[],[],[]]", "[{},{},{},{}]", "[\"\",\"\",\"\",\"\"]",
        "[null,true,false,null]", "[1.5,1.5,1.5,1.5]", R"({"a":1,"b":[null,null]})"}) {
    const auto many = parse(text, limits);
    ASSERT_FALSE(many.ok()) << text;
    EXPECT_EQ(many.error().code, Errc::limit);
    EXPECT_EQ(many.error().message.rfind("more than 4 values", 0), 0u) << many.error().message;
  }
}

TEST(JsonParse, AWholeLineOfTinyValuesIsBounded) {
  std::string text = "[0";
  while (text.size() < (1u << 20)) text += ",0";
  text += "]";
  EXPECT_FALSE(parse(text).ok());
}

}  // namespace
}  // namespace virgo::json
