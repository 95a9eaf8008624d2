// Each bound of ParseLimits at its edge, and texts made to hurt.
#include "config_world.hpp"

namespace virgo::config {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

constexpr std::size_t kMiB = 1u << 20;

std::string repeat(std::string_view unit, std::size_t bytes) {
  std::string out;
  while (out.size() + unit.size() <= bytes) out += unit;
  return out;
}

TEST(Limits, Bytes) {
  const ParseLimits limits{.bytes = 100};
  const std::string exact = "a: " + std::string(97, 'x');
  EXPECT_THAT(texts(parse_text(exact, limits).problems), IsEmpty());
  EXPECT_THAT(texts(parse_text(exact + "x", limits).problems),
              ElementsAre("a.yaml:1:1: the file is larger than 100 bytes (limit 'bytes')"));
}

TEST(Limits, Depth) {
  const auto nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  EXPECT_THAT(texts(parse_text(nested(32)).problems), IsEmpty());
  EXPECT_THAT(texts(parse_text(nested(33)).problems),
              ElementsAre("a.yaml:1:33: nested deeper than 32 levels (limit 'depth')"));
}

TEST(Limits, DepthThroughAliases) {
  const ParseLimits limits{.depth = 4};
  EXPECT_THAT(texts(parse_text("a: &x [[1]]\nb: [*x]\n", limits).problems), IsEmpty());
  EXPECT_THAT(texts(parse_text("a: &x [[1]]\nb: [[*x]]\n", limits).problems),
              ElementsAre(AllOf(StartsWith("a.yaml:2:6: nested deeper than 4 levels"))));
}

TEST(Limits, Nodes) {
  const ParseLimits limits{.nodes = 6};
  EXPECT_THAT(texts(parse_text("a: [1, 2, 3, 4]", limits).problems), IsEmpty());
  EXPECT_THAT(texts(parse_text("a: [1, 2, 3, 4, 5]", limits).problems),
              ElementsAre("a.yaml:1:17: more than 6 values (limit 'nodes')"));
}

TEST(Limits, NodesThroughAliases) {
  // map, list, 2 items = 4; each *x 3 more.
  EXPECT_THAT(texts(parse_text("a: &x [1, 2]\nb: *x\nc: *x\n", {.nodes = 10}).problems), IsEmpty());
  EXPECT_THAT(texts(parse_text("a: &x [1, 2]\nb: *x\nc: *x\n", {.nodes = 9}).problems),
              ElementsAre(StartsWith("a.yaml:3:4: more than 9 values (limit 'nodes')")));
}

TEST(Limits, BytesThroughAliases) {
  const std::string word(50, 'w');
  EXPECT_THAT(texts(parse_text("[&x " + word + ", *x, *x]", {.bytes = 100}).problems), IsEmpty());
  EXPECT_THAT(texts(parse_text("[&x " + word + ", *x, *x]", {.bytes = 99}).problems),
              ElementsAre(AllOf(StartsWith("a.yaml:1:61: "), HasSubstr("limit 'bytes'"))));
}

TEST(Limits, LongTextTimesManyAliases) {
  std::string text = "a: &x " + std::string(kMiB / 2, 'x') + "\nb: [";
  while (text.size() < kMiB - 8) text += "*x, ";
  text += "]\n";
  EXPECT_THAT(texts(parse_text(text).problems), ElementsAre(HasSubstr("limit 'bytes'")));
}

TEST(Limits, BillionLaughs) {
  std::string text = "a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]\n";
  for (int i = 1; i <= 9; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int k = 0; k < 9; ++k) text += ", " + before;
    text += "]\n";
  }
  EXPECT_THAT(texts(parse_text(text).problems), ElementsAre(HasSubstr("limit 'nodes'")));
}

TEST(Limits, ManyKeysAreNotSlow) {
  std::string text;
  for (int i = 0; i < 90'000; ++i) text += "k" + std::to_string(i) + ":\n";
  EXPECT_THAT(texts(parse_text(text).problems), IsEmpty());
}

// What stands in front of a mebibyte of one pattern; yaml-cpp alone recurses
// until the stack is gone on most of these.
class DeepNesting : public testing::TestWithParam<const char*> {};

TEST_P(DeepNesting, IsACleanError) {
  const std::string text = repeat(GetParam(), kMiB);
  const Parsed p = parse_text(text);
  EXPECT_THAT(p.problems, SizeIs(1));
  for (const Problem& problem : p.problems) EXPECT_GT(problem.where.line, 0);
}

INSTANTIATE_TEST_SUITE_P(Shapes, DeepNesting,
                         testing::Values("[", "{", "- ", "? ", "[{", "{a: ", "{? ", "[a, ", "[? ",
                                         "- ? ", "[[a]: ", "&a [", "!!seq [", "- - ? - ", "[\n",
                                         "{\n? ", "? - ", "!a ", "&a ", "[*a, ", "a: [", "{[",
                                         ": "));

TEST(Limits, DeepBlockMap) {
  std::string text;
  for (std::size_t i = 0; text.size() + i + 3 < kMiB; ++i) text += std::string(i, ' ') + "a:\n";
  EXPECT_THAT(texts(parse_text(text).problems),
              ElementsAre("a.yaml:33:33: nested deeper than 32 levels (limit 'depth')"));
}

// Not deep, but long: it must end, whatever the verdict.
class LongText : public testing::TestWithParam<const char*> {};

TEST_P(LongText, Ends) {
  const Parsed p = parse_text(repeat(GetParam(), kMiB));
  for (const Problem& problem : p.problems) EXPECT_GT(problem.where.line, 0);
  EXPECT_NE(p.root.where.file, nullptr);
}

INSTANTIATE_TEST_SUITE_P(Shapes, LongText,
                         testing::Values("a", "'", "\"", "]", "}", ",", "\n", "a\n", "a: b\n",
                                         "*a ", "# \n", "|", ">\n", "%", "---\n", "...\n", "[]\n",
                                         "- a\n", "\\", "\t", "\r", "a:\n", "!", "?\n", "${", "''",
                                         "- |\n", "- *a\n", "a: &a\n", "[],", ":", "-"));

}  // namespace
}  // namespace virgo::config
