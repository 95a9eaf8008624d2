// The shape of the tree, positions, and what of YAML is refused.
#include "config_world.hpp"

namespace virgo::config {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST(Parse, BuildsATreeWithPositions) {
  const Parsed p = parse_text("a: 1\nlist:\n  - x\n  - {k: 'v'}\nnone:\n");
  ASSERT_THAT(texts(p.problems), IsEmpty());
  ASSERT_EQ(p.root.kind, NodeKind::map);
  EXPECT_THAT(p.root.keys, ElementsAre("a", "list", "none"));
  EXPECT_EQ(to_string(p.root.find("a")->where), "a.yaml:1:4");
  EXPECT_EQ(to_string(p.root.key_positions[1]), "a.yaml:2:1");
  const Node& list = *p.root.find("list");
  ASSERT_EQ(list.items.size(), 2u);
  EXPECT_EQ(list.items[0].text, "x");
  EXPECT_EQ(to_string(list.items[0].where), "a.yaml:3:5");
  const Node& v = *list.items[1].find("k");
  EXPECT_TRUE(v.quoted);
  EXPECT_EQ(to_string(v.where), "a.yaml:4:9");
  EXPECT_EQ(p.root.find("none")->kind, NodeKind::null);
  EXPECT_EQ(to_string(p.root.find("none")->where), "a.yaml:5:1");
  EXPECT_EQ(p.root.find("absent"), nullptr);
}

TEST(Parse, KnowsQuotedFromPlain) {
  const Node root =
      parse_text("a: 1\nb: '1'\nc: \"1\"\nd: !!str 1\ne: |\n  1\nf: null\ng: 'null'\nh: ~").root;
  EXPECT_FALSE(root.find("a")->quoted);
  for (const char* key : {"b", "c", "d", "e", "g"}) EXPECT_TRUE(root.find(key)->quoted) << key;
  EXPECT_EQ(root.find("f")->kind, NodeKind::null);
  EXPECT_EQ(root.find("g")->text, "null");
  EXPECT_EQ(root.find("h")->kind, NodeKind::null);
}

TEST(Parse, EmptyTextIsANullRoot) {
  for (const char* text : {"", "\n\n", "# only a comment\n", "---\n", "\xef\xbb\xbf", "~", "{}"}) {
    const Parsed p = parse_text(text);
    EXPECT_THAT(texts(p.problems), IsEmpty()) << text;
    EXPECT_TRUE(p.root.items.empty());
    EXPECT_EQ(*p.root.where.file, "a.yaml");
  }
}

TEST(Parse, TakesBomAndWindowsLineEnds) {
  const Parsed p = parse_text(
      "\xef\xbb\xbf"
      "a: 1\r\nb: zwölf\r\n");
  ASSERT_THAT(texts(p.problems), IsEmpty());
  EXPECT_EQ(to_string(p.root.key_positions[0]), "a.yaml:1:1");
  EXPECT_EQ(to_string(p.root.key_positions[1]), "a.yaml:2:1");
  EXPECT_EQ(p.root.find("b")->text, "zwölf");
}

TEST(Parse, CopiesAliases) {
  const Parsed p = parse_text("a: &x {k: [1, 2]}\nb: *x\nc: &y text\nd: *y\n*y : key\n");
  ASSERT_THAT(texts(p.problems), IsEmpty());
  EXPECT_TRUE(same_content(*p.root.find("a"), *p.root.find("b")));
  EXPECT_EQ(p.root.find("d")->text, "text");
  EXPECT_EQ(p.root.find("text")->text, "key");
}

TEST(Parse, AnAnchorCanBeGivenAgain) {
  const Parsed p = parse_text("a: &x 1\nb: *x\nc: &x 2\nd: *x\n&k e: 3\nf: *k\n");
  ASSERT_THAT(texts(p.problems), IsEmpty());
  EXPECT_EQ(p.root.find("b")->text, "1");
  EXPECT_EQ(p.root.find("d")->text, "2");
  EXPECT_EQ(p.root.find("f")->text, "e");
}

TEST(ParseRefuses, DuplicateKeysWithBothPlaces) {
  const Parsed p = parse_text("a: 1\nb: {x: 1, x: [2, {y: 3}]}\na: {z: 1}\nc: 4\n");
  EXPECT_THAT(texts(p.problems),
              ElementsAre("a.yaml:2:11: the key 'x' is written twice, first at a.yaml:2:5",
                          "a.yaml:3:1: the key 'a' is written twice, first at a.yaml:1:1"));
  EXPECT_EQ(p.root.find("a")->text, "1");
  EXPECT_EQ(p.root.find("c")->text, "4");
  EXPECT_EQ(p.root.keys.size(), p.root.items.size());
}

TEST(ParseRefuses, KeysThatAreNoText) {
  EXPECT_THAT(
      texts(parse_text("a: 1\n? [x]\n: 2\n").problems),
      ElementsAre(
          "a.yaml:2:3: a key must be text, not a list or a map (or a bracket is not closed)"));
  EXPECT_THAT(
      texts(parse_text("{{a: 1}: 2}").problems),
      ElementsAre(
          "a.yaml:1:2: a key must be text, not a list or a map (or a bracket is not closed)"));
  EXPECT_THAT(
      texts(parse_text("a: &x [1]\n*x : 2\n").problems),
      ElementsAre(
          "a.yaml:2:1: a key must be text, not a list or a map (or a bracket is not closed)"));
  EXPECT_THAT(texts(parse_text("a: 1\n: 2\n").problems),
              ElementsAre(HasSubstr("a key is missing before ':'")));
  EXPECT_THAT(texts(parse_text("~: 2\n").problems),
              ElementsAre("a.yaml:1:1: a key is missing before ':'"));
}

TEST(ParseRefuses, MergeKeysReferencesAndLongKeys) {
  const std::string longest(256, 'k');
  const Parsed p = parse_text("d: &d {a: 1}\nm:\n  <<: *d\n'${env:X}': 1\n" + longest + ": 1\n" +
                              longest + "k: 1\n'<<': 1\n\"a\\x01b\": 1\n");
  EXPECT_THAT(texts(p.problems),
              ElementsAre("a.yaml:3:3: merge keys ('<<') are not supported; repeat the keys",
                          "a.yaml:4:1: ${...} is replaced in values only, not in keys",
                          "a.yaml:6:1: a key is longer than 256 bytes",
                          "a.yaml:8:1: a key contains a control character"));
  EXPECT_NE(p.root.find(longest), nullptr);
  EXPECT_NE(p.root.find("<<"), nullptr);
}

TEST(ParseRefuses, Tags) {
  EXPECT_THAT(texts(parse_text("a: !thing 1\nb: !!int 2\nc: !x [1]\nd: !!map {}\n").problems),
              ElementsAre(AllOf(StartsWith("a.yaml:1:4: the tag '!thing'"), HasSubstr("quote")),
                          StartsWith("a.yaml:2:4: the tag"), StartsWith("a.yaml:3:4: the tag '!x'"),
                          StartsWith("a.yaml:4:4: the tag")));
}

TEST(Parse, KeepsTheEndOfBlockText) {
  EXPECT_EQ(parse_text("a: |\n x\n").root.find("a")->text, "x\n");
  EXPECT_EQ(parse_text("a: |\n x").root.find("a")->text, "x\n");
  EXPECT_EQ(parse_text("a: |-\n x\n").root.find("a")->text, "x");
  EXPECT_EQ(parse_text("a: |+\n x\n\n").root.find("a")->text, "x\n\n");
  EXPECT_EQ(parse_text("a: x # ...").root.find("a")->text, "x");
}

TEST(ParseRefuses, ASecondDocument) {
  EXPECT_THAT(texts(parse_text("a: 1\n---\nb: 2\n").problems),
              ElementsAre(StartsWith("a.yaml:2:1: a second YAML document starts here")));
  EXPECT_THAT(texts(parse_text("[a]\n---\n").problems), testing::SizeIs(1));
  for (const char* one : {"---\na: 1\n...\n", "a: 1\n...", "a: 1\n...\n# end\n", "---\n...\n"})
    EXPECT_THAT(texts(parse_text(one).problems), IsEmpty()) << one;
}

TEST(ParseRefuses, AliasesOfNothingAndOfThemselves) {
  EXPECT_THAT(texts(parse_text("a: *nowhere\n").problems), ElementsAre(StartsWith("a.yaml:1:4: ")));
  EXPECT_THAT(texts(parse_text("a: &x [1, *x]\n").problems),
              ElementsAre("a.yaml:1:11: an alias inside the very value it names"));
  EXPECT_THAT(texts(parse_text("&x a: {b: &y {c: *y}}\n").problems),
              ElementsAre("a.yaml:1:18: an alias inside the very value it names"));
}

TEST(ParseRefuses, BytesThatAreNoText) {
  using std::string_literals::operator""s;
  EXPECT_THAT(texts(parse_text("a: 1\nb: x\0y\n"s).problems),
              ElementsAre("a.yaml:2:5: the text contains a NUL byte"));
  EXPECT_THAT(texts(parse_text("a: \xff\n").problems),
              ElementsAre("a.yaml:1:4: the text contains byte 0xff, which is not valid UTF-8"));
  // yaml-cpp takes 0x04 for the end of the text.
  EXPECT_THAT(texts(parse_text("a: 1\n\x04"
                               "b: 2\n")
                        .problems),
              ElementsAre("a.yaml:2:1: the text contains the control character 0x04"));
  // UTF-16, as some editors save it.
  EXPECT_THAT(texts(parse_text("\xff\xfe"
                               "a\0:\0"s)
                        .problems),
              testing::SizeIs(1));
  for (const char* bad : {"\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
                          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc3", "\xe2\x82", "\x80"})
    EXPECT_THAT(texts(parse_text(bad).problems), ElementsAre(StartsWith("a.yaml:1:1: ")));
  for (const char* good : {"\xc2\x80", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xf0\x90\x80\x80",
                           "\xf4\x8f\xbf\xbf", "\xef\xbf\xbd"})
    EXPECT_THAT(texts(parse_text(std::string("a: x") + good).problems), IsEmpty());
}

TEST(ParseRefuses, NulWrittenAsAnEscape) {
  const Parsed p = parse_text("a: \"x\\0y\"\nb: 1\n");
  EXPECT_THAT(texts(p.problems), ElementsAre("a.yaml:1:4: text with a NUL character"));
  EXPECT_TRUE(p.root.find("a")->invalid);
}

TEST(ParseRefuses, WhatIsNotYaml) {
  for (const char* text : {"a: [1, 2\n",
                           "a: b: c\n",
                           "a: 'x\n",
                           "{",
                           "]",
                           "a: {b: ]",
                           "\tb: 1\n a: 2",
                           "@x",
                           "`x`",
                           "%YAML x\n--- 1",
                           "&",
                           "*",
                           "a: \"\\xZZ\"",
                           "? ",
                           "- a\nb: 1",
                           "a: \"\\ud800\"",

                           "!!",
                           "!<",

                           "a: &",
                           "- *",
                           "--- |x"})
    EXPECT_THAT(texts(parse_text(text).problems), testing::SizeIs(1)) << text;
  EXPECT_THAT(texts(parse_text("ok: 1\na: b: c\n").problems),
              ElementsAre(StartsWith("a.yaml:2:5: not valid YAML: ")));
}

TEST(ParseRefuses, AQuoteThatIsNotClosed) {
  for (const char* text : {"b: 1\na: 'x", "b: 1\na: 'x\n", "b: 1\na: \"x\nc: 1\n",
                           "b: 1\na: 'x''\n", "b: 1\na: 'x\n\n# more\n"})
    EXPECT_THAT(
        texts(parse_text(text).problems),
        ElementsAre("a.yaml:2:1: a quoted text that starts after this place is never closed"))
        << text;
  EXPECT_THAT(texts(parse_text("a: [1, 2\n").problems), ElementsAre(StartsWith("a.yaml:1:")));
  EXPECT_THAT(texts(parse_text("a: [1, 2").problems), ElementsAre(StartsWith("a.yaml:1:")));
}

TEST(ParseRefuses, UnquotedReferencesInFlowStyleWithAHint) {
  EXPECT_THAT(texts(parse_text("a: {port: ${env:PORT}}\n").problems),
              ElementsAre(HasSubstr("write \"${...}\" in quotes")));
}

}  // namespace
}  // namespace virgo::config
