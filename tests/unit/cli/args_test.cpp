#include "cli/args.hpp"

#include <gtest/gtest.h>

namespace virgo::cli {
namespace {

constexpr Option kOptions[] = {
    {"config", 'c', "FILE", "the configuration"},
    {"show", 's', nullptr, "a switch"},
    {"trace", 0, "[=FILE]", "a switch that may have a value"},
};
const Command kCommand{"test", "FILE", "for tests", "", kOptions, 0, 1, nullptr};

Result<Args> parse(std::vector<std::string> words) {
  std::vector<char*> argv;
  for (std::string& w : words) argv.push_back(w.data());
  return Args::parse(kCommand, argv);
}

TEST(Args, TakesEveryFormOfAnOption) {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"--config", "a.yaml"}, {"--config=a.yaml"}, {"-c", "a.yaml"}}) {
    auto args = parse(words);
    ASSERT_TRUE(args.ok()) << args.error().message;
    EXPECT_EQ(args->get("config"), "a.yaml");
    EXPECT_FALSE(args->has("show"));
  }
  auto args = parse({"-s", "file"});
  ASSERT_TRUE(args.ok());
  EXPECT_TRUE(args->has("show"));
  EXPECT_EQ(args->operands(), std::vector<std::string>{"file"});
}

TEST(Args, AfterTwoDashesEverythingIsAnOperand) {
  auto args = parse({"--", "--show"});
  ASSERT_TRUE(args.ok());
  EXPECT_FALSE(args->has("show"));
  EXPECT_EQ(args->operands(), std::vector<std::string>{"--show"});
}

TEST(Args, AnOptionMayBeRepeated) {
  auto args = parse({"-c", "a", "--config=b", "x", "--config", ""});
  ASSERT_TRUE(args.ok()) << args.error().message;
  EXPECT_EQ(args->all("config"), (std::vector<std::string>{"a", "b", ""}));
  EXPECT_EQ(args->get("config"), "") << "the last one";
  EXPECT_EQ(args->all("show"), std::vector<std::string>());
  EXPECT_EQ(args->get("show"), "");
}

// What follows a value that may be left out is not taken for it.
TEST(Args, AValueMayBeLeftOutWhereTheOptionAllowsIt) {
  auto args = parse({"--trace", "file"});
  ASSERT_TRUE(args.ok()) << args.error().message;
  EXPECT_TRUE(args->has("trace"));
  EXPECT_EQ(args->get("trace"), "");
  EXPECT_EQ(args->operands(), std::vector<std::string>{"file"});
  EXPECT_EQ(parse({"--trace=out"})->get("trace"), "out");
  EXPECT_NE(help(kCommand).find("--trace[=FILE] "), std::string::npos) << help(kCommand);
}

TEST(Args, SaysWhatIsWrong) {
  EXPECT_EQ(parse({"--confg", "x"}).error().message,
            "unknown option '--confg', did you mean '--config'?");
  EXPECT_EQ(parse({"--config"}).error().message, "option '--config' needs a value: FILE");
  EXPECT_EQ(parse({"--show=1"}).error().message, "option '--show' takes no value");
  EXPECT_EQ(parse({"a", "b"}).error().message, "unexpected argument 'b'");
  EXPECT_EQ(parse({"-x"}).error().message, "unknown option '-x'");
}

TEST(Args, HelpNamesEveryOption) {
  const std::string text = help(kCommand);
  EXPECT_NE(text.find("Usage: virgo test FILE"), std::string::npos) << text;
  EXPECT_NE(text.find("-c, --config FILE"), std::string::npos) << text;
  EXPECT_NE(text.find("-s, --show"), std::string::npos) << text;
}

}  // namespace
}  // namespace virgo::cli
