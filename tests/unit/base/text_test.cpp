#include "base/text.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>

namespace virgo {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::string_view, 4> kKeys{"interval", "timeout", "splay", "type"};

TEST(DidYouMean, FindsLikelyTypingErrors) {
  EXPECT_EQ(did_you_mean("intervall", kKeys), "interval");
  EXPECT_EQ(did_you_mean("itnerval", kKeys), "interval");
  EXPECT_EQ(did_you_mean("timeuot", kKeys), "timeout");
  EXPECT_EQ(did_you_mean("tpye", kKeys), "type");
  EXPECT_EQ(did_you_mean("interval", kKeys), "interval");
}

TEST(DidYouMean, IsSilentOtherwise) {
  EXPECT_EQ(did_you_mean("colour", kKeys), "");
  EXPECT_EQ(did_you_mean("", kKeys), "");
  EXPECT_EQ(did_you_mean("type", {}), "");
  // Four letters: one may be wrong, two may not.
  EXPECT_EQ(did_you_mean("typo", kKeys), "type");
  EXPECT_EQ(did_you_mean("tips", kKeys), "");
}

TEST(DidYouMean, LongWordsCostNothing) {
  const std::string huge(50'000'000, 'x');
  EXPECT_EQ(did_you_mean(huge, kKeys), "");
}

TEST(ParseDuration, KnowsItsUnits) {
  EXPECT_EQ(parse_duration("10s").value(), Duration(10s));
  EXPECT_EQ(parse_duration("500ms").value(), Duration(500ms));
  EXPECT_EQ(parse_duration("250us").value(), Duration(250us));
  EXPECT_EQ(parse_duration("7ns").value(), Duration(7));
  EXPECT_EQ(parse_duration("2m").value(), Duration(2min));
  EXPECT_EQ(parse_duration("1h").value(), Duration(1h));
  EXPECT_EQ(parse_duration("1d").value(), Duration(24h));
  EXPECT_EQ(parse_duration("0s").value(), Duration(0));
}

TEST(ParseDuration, TakesDecimals) {
  EXPECT_EQ(parse_duration("1.5s").value(), Duration(1500ms));
  EXPECT_EQ(parse_duration(".5s").value(), Duration(500ms));
  EXPECT_EQ(parse_duration("0.1ms").value(), Duration(100us));
}

TEST(ParseDuration, RefusesTheRest) {
  for (const char* text : {"", "10", "s", "10 s", " 10s", "10s ", "-1s", "+1s", "1.2.3s", ".s", ".",
                           "1e3s", "0x10s", "10S", "10sec", "nan", "inf", "1,5s", "١s"}) {
    const auto r = parse_duration(text);
    EXPECT_FALSE(r.ok()) << text;
    if (r.ok()) continue;
    EXPECT_NE(r.error().message.find("500ms"), std::string::npos) << r.error().message;
  }
  EXPECT_FALSE(parse_duration(std::string_view("1\0s", 3)).ok());
}

TEST(ParseDuration, AtTheEndOfItsRange) {
  EXPECT_EQ(parse_duration("9223372036854775807ns").value(), Duration::max());
  EXPECT_FALSE(parse_duration("9223372036854775808ns").ok());
  EXPECT_EQ(parse_duration("106751d").value(), Duration(24h) * 106751);
  EXPECT_FALSE(parse_duration("106752d").ok());
  EXPECT_FALSE(parse_duration("99999999999999999999999s").ok());
  EXPECT_FALSE(parse_duration("106752.0d").ok());
  EXPECT_FALSE(parse_duration(std::string(400, '9') + ".5s").ok());
}

TEST(FormatDuration, UsesTheLargestUnitWithoutAFraction) {
  EXPECT_EQ(format_duration(10s), "10s");
  EXPECT_EQ(format_duration(500ms), "500ms");
  EXPECT_EQ(format_duration(1500ms), "1500ms");
  EXPECT_EQ(format_duration(90min), "90m");
  EXPECT_EQ(format_duration(48h), "2d");
  EXPECT_EQ(format_duration(Duration(1)), "1ns");
  EXPECT_EQ(format_duration(Duration(0)), "0s");
  EXPECT_EQ(format_duration(-5s), "-5s");
}

TEST(FormatDuration, TheShortestAndLongestOfAll) {
  EXPECT_EQ(format_duration(Duration::max()), "9223372036854775807ns");
  EXPECT_EQ(format_duration(Duration::min()), "-9223372036854775808ns");
}

TEST(Duration, RoundTrip) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 5000; ++i) {
    Duration d(static_cast<std::int64_t>(random() >> (1 + random() % 62)));
    if (random() % 2 == 0) d = d / 1'000'000 * 1'000'000;
    EXPECT_EQ(parse_duration(format_duration(d)).value(), d);
  }
}

TEST(ParseSize, KnowsItsUnits) {
  EXPECT_EQ(parse_size("64MiB").value(), 64u << 20);
  EXPECT_EQ(parse_size("10KiB").value(), 10240u);
  EXPECT_EQ(parse_size("1GiB").value(), 1u << 30);
  EXPECT_EQ(parse_size("1TiB").value(), 1ull << 40);
  EXPECT_EQ(parse_size("512B").value(), 512u);
  EXPECT_EQ(parse_size("512").value(), 512u);
  EXPECT_EQ(parse_size("1MB").value(), 1'000'000u);
  EXPECT_EQ(parse_size("2kB").value(), 2000u);
  EXPECT_EQ(parse_size("1.5KiB").value(), 1536u);
}

TEST(ParseSize, RefusesTheRest) {
  for (const char* text : {"", "MiB", "-1", "1 MiB", "1mib", "1Mi", "1e6", "0x10"})
    EXPECT_FALSE(parse_size(text).ok()) << text;
  EXPECT_EQ(parse_size("9223372036854775807").value(), 9223372036854775807u);
  EXPECT_FALSE(parse_size("9223372036854775808").ok());
  EXPECT_FALSE(parse_size("9007199254740992KiB").ok());
}

TEST(FormatSize, RoundTrip) {
  EXPECT_EQ(format_size(64u << 20), "64MiB");
  EXPECT_EQ(format_size(1536), "1536B");
  EXPECT_EQ(format_size(0), "0B");
  std::mt19937_64 random(3);
  for (int i = 0; i < 5000; ++i) {
    const std::uint64_t n = random() >> (1 + random() % 62);
    EXPECT_EQ(parse_size(format_size(n)).value(), n);
  }
}

TEST(Printable, ShowsEveryByte) {
  EXPECT_EQ(printable("plain text"), "plain text");
  EXPECT_EQ(printable(std::string("a\n\0\x7f\xff", 5)), "a\\x0a\\x00\\x7f\\xff");
}

TEST(Printable, CutsAtItsLimit) {
  EXPECT_EQ(printable("12345", 5), "12345");
  EXPECT_EQ(printable("123456", 5), "12345...");
  EXPECT_EQ(printable("1", 0), "...");
  EXPECT_EQ(printable("", 0), "");
}

// What RFC 3629 calls UTF-8, written down a second time.
bool is_utf8(std::string_view s) {
  std::size_t i = 0;
  while (i < s.size()) {
    const auto c = static_cast<unsigned char>(s[i]);
    const std::size_t n = c < 0x80         ? 1
                          : (c >> 5) == 6  ? 2
                          : (c >> 4) == 14 ? 3
                          : (c >> 3) == 30 ? 4
                                           : 0;
    if (n == 0 || i + n > s.size()) return false;
    std::uint32_t point = n == 1 ? c : c & (0x7fu >> n);
    for (std::size_t k = 1; k < n; ++k) {
      const auto d = static_cast<unsigned char>(s[i + k]);
      if ((d >> 6) != 2) return false;
      point = point << 6 | (d & 0x3fu);
    }
    constexpr std::array<std::uint32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
    if (point < least[n] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return false;
    i += n;
  }
  return true;
}

TEST(ToUtf8, LeavesUtf8Alone) {
  for (const std::string text :
       {"", "plain", "\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"}) {
    ASSERT_TRUE(is_utf8(text));
    EXPECT_EQ(to_utf8(text), text);
  }
}

TEST(ToUtf8, ReplacesEachBadByte) {
  const std::string bad = "\xef\xbf\xbd";
  EXPECT_EQ(to_utf8("a\xff"
                    "b"),
            "a" + bad + "b");
  EXPECT_EQ(to_utf8("\xc3"), bad);                      // cut short
  EXPECT_EQ(to_utf8("\xc0\x80"), bad + bad);            // overlong NUL
  EXPECT_EQ(to_utf8("\xe0\x80\x80"), bad + bad + bad);  // overlong
  EXPECT_EQ(to_utf8("\xed\xa0\x80"), bad + bad + bad);  // surrogate
  EXPECT_EQ(to_utf8("\xf4\x90\x80\x80"), bad + bad + bad + bad);
  EXPECT_EQ(to_utf8("\xe2\x82"
                    "a"),
            bad + bad + "a");
}

TEST(ToUtf8, AlwaysGivesUtf8) {
  std::mt19937 random(4);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random() % 12, '\0');
    for (char& c : bytes)
      c = static_cast<char>(random() % 3 == 0 ? random() : 0x80 + random() % 128);
    const std::string text = to_utf8(bytes);
    EXPECT_TRUE(is_utf8(text)) << printable(bytes);
    if (is_utf8(bytes)) {
      EXPECT_EQ(text, bytes);
    }
  }
}

TEST(StableHash, DoesNotChangeBetweenBuilds) {
  // Phases of checks are derived from it: a change moves every check of a fleet.
  EXPECT_EQ(stable_hash(""), 0xecba3df2c3383c52ull);
  EXPECT_EQ(stable_hash("a"), 0xed8170de1919a24dull);
}

TEST(StableHash, SpreadsSimilarNames) {
  std::array<int, 16> buckets{};
  for (int i = 0; i < 1600; ++i) ++buckets[stable_hash("host-" + std::to_string(i)) % 16];
  for (const int n : buckets) EXPECT_NEAR(n, 100, 50);
}

TEST(CutUtf8, LeavesNoHalfCharacter) {
  EXPECT_EQ(cut_utf8("abc", 3), "abc");
  EXPECT_EQ(cut_utf8("abcd", 3), "abc");
  const std::string euro = "a\xe2\x82\xac";  // one and three bytes
  EXPECT_EQ(cut_utf8(euro, 4), euro);
  for (const std::size_t max : {1u, 2u, 3u}) EXPECT_EQ(cut_utf8(euro, max), "a") << max;
  EXPECT_EQ(cut_utf8(euro, 0), "");
  // What is no UTF-8 is cut too, and not further back than a character reaches.
  EXPECT_EQ(cut_utf8(std::string(10, '\x80'), 6).size(), 3u);
}

TEST(AppendUtf8, KeepsWhatIsThere) {
  std::string out = "x";
  append_utf8(out,
              "\xff"
              "b\xc3\xa4\xc3");
  EXPECT_EQ(out,
            "x\xef\xbf\xbd"
            "b\xc3\xa4\xef\xbf\xbd");
}

}  // namespace
}  // namespace virgo
