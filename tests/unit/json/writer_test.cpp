#include "json/writer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "json/value.hpp"

namespace virgo::json {
namespace {

template <class F>
std::string written(F fill) {
  std::string text;
  Writer out(text);
  fill(out);
  return text;
}

TEST(JsonWriter, PutsCommasAndColons) {
  EXPECT_EQ(written([](Writer& w) {
              w.begin_object();
              w.key("a");
              w.begin_array();
              w.integer(std::int64_t{1});
              w.null();
              w.boolean(true);
              w.begin_object();
              w.end_object();
              w.begin_array();
              w.end_array();
              w.end_array();
              w.key("b");
              w.raw("{\"c\":1}");
              w.key("d");
              w.string("x");
              w.end_object();
            }),
            R"({"a":[1,null,true,{},[]],"b":{"c":1},"d":"x"})");
}

TEST(JsonWriter, EscapesWhatMustBeEscaped) {
  EXPECT_EQ(written([](Writer& w) { w.string("a\"b\\c\n\r\t\x01\x1f\x7f/"); }),
            "\"a\\\"b\\\\c\\n\\r\\t\\u0001\\u001f\x7f/\"");
  EXPECT_EQ(written([](Writer& w) { w.string(std::string_view("\0", 1)); }), "\"\\u0000\"");
  EXPECT_EQ(written([](Writer& w) { w.string(""); }), "\"\"");
  EXPECT_EQ(written([](Writer& w) { w.string("\xc3\xbc"); }), "\"\xc3\xbc\"");
}

TEST(JsonWriter, IntegersInFull) {
  EXPECT_EQ(written([](Writer& w) { w.integer(std::numeric_limits<std::int64_t>::min()); }),
            "-9223372036854775808");
  EXPECT_EQ(written([](Writer& w) { w.integer(std::numeric_limits<std::uint64_t>::max()); }),
            "18446744073709551615");
}

TEST(JsonWriter, NumbersThatJsonLacksAreText) {
  EXPECT_EQ(written([](Writer& w) {
              w.begin_array();
              w.number(std::nan(""));
              w.number(-std::nan(""));
              w.number(HUGE_VAL);
              w.number(-HUGE_VAL);
              w.number(-0.0);
              w.end_array();
            }),
            R"(["NaN","NaN","Infinity","-Infinity",-0])");
}

TEST(JsonWriter, DoublesReadBackTheSame) {
  std::mt19937_64 random(6);
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t bits = random();
    double d = 0;
    std::memcpy(&d, &bits, sizeof d);
    if (!std::isfinite(d)) continue;
    const std::string text = written([d](Writer& w) { w.number(d); });
    const auto back = parse(text);
    ASSERT_TRUE(back.ok()) << text;
    ASSERT_EQ(back->number, d) << text;
    ASSERT_LE(text.size(), 24u);
  }
}

class RandomValue {
 public:
  explicit RandomValue(unsigned seed) : random_(seed) {}
  Value make(int depth) {
    Value v;
    switch (random_() % (depth > 0 ? 6 : 4)) {
      case 0:
        break;
      case 1:
        v.kind = Kind::boolean;
        v.boolean = random_() % 2 == 0;
        break;
      case 2:
        v.kind = Kind::number;
        v.text = random_() % 2 == 0 ? std::to_string(static_cast<std::int64_t>(random_()))
                                    : std::to_string(random_() % 1000) + ".25";
        break;
      case 3:
        v.kind = Kind::string;
        v.text = text();
        break;
      case 4:
        v.kind = Kind::array;
        for (auto n = random_() % 5; n > 0; --n) v.items.push_back(make(depth - 1));
        break;
      default:
        v.kind = Kind::object;
        for (auto n = random_() % 5; n > 0; --n) {
          v.keys.push_back(text());
          v.items.push_back(make(depth - 1));
        }
    }
    return v;
  }

 private:
  std::string text() {
    static const char* const kPieces[] = {
        "a", "\"", "\\", "\n", "\x01", "\xc3\xbc", "\xf0\x9f\x98\x80", "/", "\x7f", " "};
    std::string out;
    for (auto n = random_() % 8; n > 0; --n) out += kPieces[random_() % std::size(kPieces)];
    if (random_() % 8 == 0) out += '\0';
    return out;
  }
  std::mt19937_64 random_;
};

bool same(const Value& a, const Value& b) {
  if (a.kind != b.kind || a.boolean != b.boolean || a.text != b.text || a.keys != b.keys ||
      a.items.size() != b.items.size())
    return false;
  for (std::size_t i = 0; i < a.items.size(); ++i)
    if (!same(a.items[i], b.items[i])) return false;
  return true;
}

TEST(Json, RandomRoundTrip) {
  RandomValue random(7);
  for (int i = 0; i < 3000; ++i) {
    const Value v = random.make(5);
    const std::string text = to_json(v);
    const auto back = parse(text);
    ASSERT_TRUE(back.ok()) << text << ": " << back.error().message;
    ASSERT_TRUE(same(v, *back)) << text;
    ASSERT_EQ(to_json(*back), text);
  }
}

TEST(Json, MutilatedInputIsRefusedOrReadButNeverMore) {
  RandomValue values(8);
  std::mt19937_64 random(9);
  for (int i = 0; i < 3000; ++i) {
    std::string text = to_json(values.make(5));
    for (auto n = 1 + random() % 3; n > 0 && !text.empty(); --n) {
      const std::size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text.erase(at, 1 + random() % 4);
          break;
        default:
          text.insert(at, 1, "{}[]\",:\\0-e."[random() % 12]);
      }
    }
    const auto r = parse(text);
    if (!r.ok()) continue;
    const auto again = parse(to_json(*r));
    ASSERT_TRUE(again.ok()) << text;
    ASSERT_TRUE(same(*r, *again)) << text;
  }
}

TEST(JsonWriter, TextTakesAnyBytes) {
  const auto text = [](std::string_view bytes) {
    return written([&](Writer& w) { w.text(bytes); });
  };
  EXPECT_EQ(text("plain"), "\"plain\"");
  EXPECT_EQ(text(""), "\"\"");
  EXPECT_EQ(text("\"\\\b\f\n\r\t\x01\x7f"), R"("\"\\\b\f\n\r\t\u0001\u007f")");
  EXPECT_EQ(text("h\xc3\xa9 \xf0\x9f\x98\x80"), "\"h\xc3\xa9 \xf0\x9f\x98\x80\"");
  EXPECT_EQ(text("a\xff\xc3"), "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
  EXPECT_EQ(text("\xe2\x80\xa8\xc2\xad\xef\xbb\xbf"), R"("\u2028\u00ad\ufeff")");
  EXPECT_EQ(text("\xef\xbf\xbd"), "\"\xef\xbf\xbd\"") << "U+FFFD itself stays";
}

TEST(JsonWriter, IndentsMembers) {
  std::string out;
  Writer w(out, Writer::Layout::indented, 1);
  w.begin_object();
  w.key("a");
  w.begin_array();
  w.integer(std::int64_t{1});
  w.begin_object();
  w.key_text("b\xff");
  w.null();
  w.end_object();
  w.end_array();
  w.key("c");
  w.begin_object();
  w.end_object();
  w.end_object();
  EXPECT_EQ(
      out, "{\n    \"a\":[1,{\n        \"b\xef\xbf\xbd\":null\n      }],\n    \"c\":{\n    }\n  }");
}

TEST(JsonWriter, ShortestWritesWholeNumbersPlainly) {
  const auto number = [](double d) { return written([&](Writer& w) { w.shortest(d); }); };
  EXPECT_EQ(number(1e15), "1000000000000000");
  EXPECT_EQ(number(9007199254740992.0), "9007199254740992");
  EXPECT_EQ(number(-9007199254740992.0), "-9007199254740992");
  EXPECT_EQ(number(1e20), "1e+20");
  EXPECT_EQ(number(0.1), "0.1");
  EXPECT_EQ(number(-0.0), "-0");
  EXPECT_EQ(number(0), "0");
}

}  // namespace
}  // namespace virgo::json
