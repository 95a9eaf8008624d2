#include "net/line_splitter.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace virgo::net {
namespace {

std::vector<std::string> lines_of(LineSplitter& splitter) {
  std::vector<std::string> out;
  while (const auto line = splitter.next()) out.emplace_back(*line);
  return out;
}

using Lines = std::vector<std::string>;

TEST(LineSplitter, SplitsAtLineEnds) {
  LineSplitter s(100);
  s.feed("one\ntwo\r\n\nthree\r\r\nfo");
  EXPECT_EQ(lines_of(s), (Lines{"one", "two", "", "three\r"}));
  EXPECT_EQ(s.buffered(), 2u);
  s.feed("ur\n");
  EXPECT_EQ(lines_of(s), (Lines{"four"}));
  EXPECT_EQ(s.buffered(), 0u);
}

TEST(LineSplitter, IsTheSameHoweverTheBytesArrive) {
  const std::string text = std::string("{\"a\":1}\n\r\nx\0y\r\n\nlast\n", 21);
  LineSplitter whole(20);
  whole.feed(text);
  const Lines expected = lines_of(whole);
  EXPECT_EQ(expected.size(), 5u);
  for (std::size_t at = 0; at <= text.size(); ++at) {
    LineSplitter s(20);
    s.feed(text.substr(0, at));
    Lines got = lines_of(s);
    s.feed(text.substr(at));
    for (const auto& line : lines_of(s)) got.push_back(line);
    EXPECT_EQ(got, expected) << "split at " << at;
  }
  LineSplitter bytes(20);
  Lines got;
  for (const char c : text) {
    bytes.feed({&c, 1});
    for (const auto& line : lines_of(bytes)) got.push_back(line);
  }
  EXPECT_EQ(got, expected);
}

TEST(LineSplitter, TheLimitIsExact) {
  const std::string fits(10, 'x');
  for (const char* end : {"\n", "\r\n"}) {
    for (std::size_t at = 0; at <= 12; ++at) {
      LineSplitter good(10);
      const std::string text = fits + end;
      const std::size_t cut = std::min(at, text.size());
      good.feed(text.substr(0, cut));
      Lines got = lines_of(good);
      good.feed(text.substr(cut));
      for (const auto& line : lines_of(good)) got.push_back(line);
      EXPECT_EQ(got, Lines{fits}) << at;
      EXPECT_FALSE(good.overlong());

      LineSplitter bad(10);
      const std::string more = "y" + text;
      const std::size_t bad_cut = std::min(at, more.size());
      bad.feed(more.substr(0, bad_cut));
      EXPECT_TRUE(lines_of(bad).empty());
      bad.feed(more.substr(bad_cut));
      EXPECT_TRUE(lines_of(bad).empty());
      EXPECT_TRUE(bad.overlong()) << at;
    }
  }
}

TEST(LineSplitter, LinesBeforeAnOverlongOneComeOut) {
  LineSplitter s(5);
  s.feed("one\n123456\ntwo\n");
  EXPECT_EQ(lines_of(s), Lines{"one"});
  EXPECT_TRUE(s.overlong());
  s.feed("three\n");
  EXPECT_TRUE(lines_of(s).empty());
}

TEST(LineSplitter, AnEndlessLineIsFoundOutEarlyAndKeepsNothing) {
  LineSplitter s(1000);
  std::size_t fed = 0;
  while (!s.overlong() && fed < 100'000) {
    s.feed(std::string(100, 'x'));
    fed += 100;
    EXPECT_TRUE(lines_of(s).empty());
  }
  EXPECT_LE(fed, 1200u);
  for (int i = 0; i < 100; ++i) s.feed(std::string(100'000, 'x'));
  EXPECT_EQ(s.buffered(), 0u) << "an overlong line's rest is piled up";
}

TEST(LineSplitter, OneByteBeyondMayBeACarriageReturn) {
  LineSplitter s(3);
  s.feed("abc\r");
  EXPECT_TRUE(lines_of(s).empty());
  EXPECT_FALSE(s.overlong());
  s.feed("\n");
  EXPECT_EQ(lines_of(s), Lines{"abc"});
  s.feed("abc\r\r\n");
  EXPECT_TRUE(lines_of(s).empty());
  EXPECT_TRUE(s.overlong());
}

TEST(LineSplitter, ALimitOfNothingTakesEmptyLines) {
  LineSplitter s(0);
  s.feed("\n\r\n");
  EXPECT_EQ(lines_of(s), (Lines{"", ""}));
  s.feed("x\n");
  EXPECT_TRUE(lines_of(s).empty());
  EXPECT_TRUE(s.overlong());
}

TEST(LineSplitter, DoesNotGrowWhenLinesAreTakenOneByOne) {
  LineSplitter s(1000);
  s.feed("first\n");
  for (int i = 0; i < 100'000; ++i) {
    s.feed("a line of some length, to fill the buffer\n");
    ASSERT_TRUE(s.next().has_value());
    ASSERT_LE(s.buffered(), 100u);
  }
}

TEST(LineSplitter, RandomLinesInRandomPieces) {
  std::mt19937 random(12);
  for (int round = 0; round < 200; ++round) {
    Lines expected;
    std::string text;
    for (int i = 0; i < 50; ++i) {
      std::string line(random() % 40, static_cast<char>('a' + random() % 26));
      expected.push_back(line);
      text += line + (random() % 2 == 0 ? "\n" : "\r\n");
    }
    LineSplitter s(40);
    Lines got;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t n = 1 + random() % 60;
      s.feed(std::string_view(text).substr(at, n));
      at += n;
      if (random() % 2 == 0)
        for (const auto& line : lines_of(s)) got.push_back(line);
    }
    for (const auto& line : lines_of(s)) got.push_back(line);
    ASSERT_EQ(got, expected);
    ASSERT_FALSE(s.overlong());
  }
}

}  // namespace
}  // namespace virgo::net
