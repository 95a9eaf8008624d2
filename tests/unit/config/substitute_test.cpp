#include "config_world.hpp"

namespace virgo::config {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

Parsed parse_in(const Folder& folder, std::string_view text,
                std::map<std::string, std::string> environment = {},
                const ParseLimits& limits = {}) {
  return parse(text, folder.path("a.yaml"), with(std::move(environment)), limits);
}

TEST(Substitute, PutsInTheEnvironment) {
  const Folder folder;
  const Parsed p = parse_in(folder,
                            "a: ${env:X}\nb: \"<${env:X}|${env:_Y2}>\"\nc: 'n: ${env:X}'\nd: no\n"
                            "e: |\n  ${env:X}\n",
                            {{"X", "one"}, {"_Y2", ""}});
  ASSERT_THAT(texts(p.problems), IsEmpty());
  EXPECT_EQ(p.root.find("a")->text, "one");
  EXPECT_EQ(p.root.find("b")->text, "<one|>");
  EXPECT_EQ(p.root.find("c")->text, "n: one");
  EXPECT_EQ(p.root.find("e")->text, "one\n");
  for (const char* key : {"a", "b", "c", "e"}) EXPECT_TRUE(p.root.find(key)->secret) << key;
  EXPECT_FALSE(p.root.find("d")->secret);
}

TEST(Substitute, WhatIsPutInIsNotYamlNorSearchedAgain) {
  const Folder folder;
  const Parsed p = parse_in(folder, "a: ${env:X}\nb: ${env:Y}\nc: ${env:Z}\n",
                            {{"X", "[1, 2]"}, {"Y", "${env:X}"}, {"Z", "~"}});
  ASSERT_THAT(texts(p.problems), IsEmpty());
  EXPECT_EQ(p.root.find("a")->text, "[1, 2]");
  EXPECT_EQ(p.root.find("b")->text, "${env:X}");
  EXPECT_EQ(p.root.find("c")->kind, NodeKind::scalar);
}

TEST(Substitute, TheResultIsTypedAsIfUnquoted) {
  const Folder folder;
  const Parsed p =
      parse_in(folder, "a: ${env:PORT}\nb: \"${env:PORT}\"\nc: '80'\n", {{"PORT", "80"}});
  EXPECT_EQ(as_int(*p.root.find("a")).value(), 80);
  EXPECT_EQ(as_int(*p.root.find("b")).value(), 80);
  EXPECT_FALSE(as_int(*p.root.find("c")).ok());
}

TEST(Substitute, DollarsCanBeText) {
  const Folder folder;
  const Parsed p = parse_in(folder, "a: $${env:X}\nb: '$$$${x}'\nc: $x $$ $\nd: '$${'\n");
  ASSERT_THAT(texts(p.problems), IsEmpty());
  EXPECT_EQ(p.root.find("a")->text, "${env:X}");
  EXPECT_EQ(p.root.find("b")->text, "$$${x}");
  EXPECT_EQ(p.root.find("c")->text, "$x $$ $");
  EXPECT_EQ(p.root.find("d")->text, "${");
  EXPECT_TRUE(p.root.find("d")->quoted);
  EXPECT_FALSE(p.root.find("a")->secret);
}

TEST(Substitute, PutsInFiles) {
  const Folder folder;
  folder.write("one", "secret\n");
  folder.write("sub/two", "two\n\n");
  folder.write("empty", "");
  const Parsed p =
      parse_in(folder, "a: ${file:" + folder.path("one") +
                           "}\nb: x${file:sub/two}\nc: '${file:empty}'\nd: ${file:./one}\n");
  ASSERT_THAT(texts(p.problems), IsEmpty());
  EXPECT_EQ(p.root.find("a")->text, "secret");
  EXPECT_EQ(p.root.find("b")->text, "xtwo\n");
  EXPECT_EQ(p.root.find("c")->text, "");
  EXPECT_EQ(p.root.find("d")->text, "secret");
  EXPECT_TRUE(p.root.find("a")->secret);
}

TEST(Substitute, FilesUpTo64KiB) {
  const Folder folder;
  folder.write("exact", std::string(65536, 'x'));
  folder.write("more", std::string(65537, 'x'));
  EXPECT_EQ(parse_in(folder, "${file:exact}").root.text.size(), 65536u);
  EXPECT_THAT(texts(parse_in(folder, "${file:more}").problems),
              ElementsAre(HasSubstr("${file:more}: is larger than 65536 bytes")));
}

TEST(Substitute, ManyLargeFilesMeetTheLimitOnBytes) {
  const Folder folder;
  folder.write("f", std::string(1000, 'x'));
  const std::string one = "${file:f}";
  const ParseLimits limits{.bytes = 2 * (1000 - one.size())};
  const Parsed fits = parse_in(folder, "[\"" + one + "\", \"" + one + "\"]", {}, limits);
  EXPECT_THAT(texts(fits.problems), IsEmpty());
  const Parsed more =
      parse_in(folder, "[\"" + one + "\", \"" + one + "\", \"" + one + "\"]", {}, limits);
  EXPECT_THAT(texts(more.problems), ElementsAre(HasSubstr("limit 'bytes'")));
}

TEST(SubstituteRefuses, WhatIsNotThere) {
  const Folder folder;
  const Parsed p = parse_in(folder, "ok: 1\na: ${env:NOPE}\nb: ${file:gone}\nc: ${file:.}\n");
  EXPECT_THAT(
      texts(p.problems),
      ElementsAre(AllOf(HasSubstr("a.yaml:2:4: "), HasSubstr("NOPE"), HasSubstr("not set")),
                  AllOf(HasSubstr("a.yaml:3:4: "), HasSubstr("gone"), HasSubstr("No such file")),
                  AllOf(HasSubstr("a.yaml:4:4: "), HasSubstr("is a directory"))));
  EXPECT_TRUE(p.root.find("a")->invalid);
  EXPECT_FALSE(p.root.find("ok")->invalid);
}

TEST(SubstituteRefuses, WhatItDoesNotUnderstand) {
  const Folder folder;
  const Parsed p =
      parse_in(folder,
               "- ${evn:X}\n- ${vault:X}\n- ${HOME}\n- ${env:A B}\n- ${env:}\n- ${file:}\n"
               "- '${env:X'\n- ${}\n- ${env:1X}\n");
  EXPECT_THAT(texts(p.problems),
              ElementsAre(HasSubstr("unknown source 'evn' in ${...}, did you mean 'env'?"),
                          HasSubstr("unknown source 'vault' in ${...}, use env or file"),
                          HasSubstr("write ${env:HOME} or ${file:/path}"),
                          HasSubstr("${env:A B}: a variable's name"), HasSubstr("${env:}"),
                          HasSubstr("${file:}: a path is missing"), HasSubstr("without a '}'"),
                          HasSubstr("does not say where from"), HasSubstr("${env:1X}")));
}

TEST(SubstituteRefuses, ContentThatIsNoText) {
  using std::string_literals::operator""s;
  const Folder folder;
  folder.write("nul", "ab\0c"s);
  folder.write("latin", "caf\xe9");
  const Parsed p =
      parse_in(folder, "- ${file:nul}\n- ${file:latin}\n- ${env:X}\n", {{"X", "\xff"}});
  EXPECT_THAT(texts(p.problems),
              ElementsAre(HasSubstr("${file:nul} contains a NUL byte, at its line 1, column 3"),
                          HasSubstr("${file:latin} contains byte 0xe9"),
                          HasSubstr("${env:X} contains byte 0xff")));
}

TEST(SubstituteRefuses, FifosWithoutWaiting) {
  const Folder folder;
  ASSERT_EQ(mkfifo(folder.path("pipe").c_str(), 0600), 0);
  EXPECT_THAT(texts(parse_in(folder, "${file:pipe}").problems),
              ElementsAre(HasSubstr("${file:pipe}: is a FIFO, not a regular file")));
  EXPECT_THAT(texts(parse_in(folder, "${file:/dev/zero}").problems),
              ElementsAre(HasSubstr("is a device, not a regular file")));
}

TEST(Substitute, AnAliasedReferenceIsReadOnce) {
  int asked = 0;
  Sources sources;
  sources.environment = [&](const std::string&) -> std::optional<std::string> {
    ++asked;
    return std::nullopt;
  };
  const Parsed p = parse("[&x '${env:A}', *x, *x]", "a.yaml", sources);
  EXPECT_EQ(asked, 1);
  EXPECT_THAT(texts(p.problems), testing::SizeIs(1));
}

TEST(Substitute, ProblemsOfTypedValuesDoNotTellThem) {
  const LoadedText run = load_text(
      "agent: {log_level: \"${env:S}\"}\nlimits:\n  queue: ${env:S}\n  workers: ${env:N}\n"
      "  lua_budget: ${env:S}\n  samples_per_run: ${env:S}\n"
      "checks: [{name: x, interval: \"${env:D}\", enabled: \"${env:S}\"}]\n",
      {{"S", "hunter2"}, {"N", "4711"}, {"D", "4711d"}});
  EXPECT_THAT(run.problems, testing::SizeIs(7));
  for (const std::string& problem : run.problems)
    EXPECT_THAT(problem,
                AllOf(StartsWith("a.yaml:"), Not(HasSubstr("hunter2")), Not(HasSubstr("4711"))));
}

}  // namespace
}  // namespace virgo::config
