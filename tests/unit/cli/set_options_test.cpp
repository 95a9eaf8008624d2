#include "cli/set_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.hpp"

namespace virgo::cli {
namespace {

using testing::HasSubstr;

config::Node of(const std::vector<std::string>& sets) {
  auto params = params_of(sets);
  EXPECT_TRUE(params.ok()) << (params ? "" : params.error().message);
  return params ? *params : config::Node{};
}

std::string wrong(const std::vector<std::string>& sets) {
  const auto params = params_of(sets);
  EXPECT_FALSE(params.ok());
  return params ? "" : params.error().message;
}

TEST(SetOptions, AreTheMapTheConfigurationWouldHave) {
  const auto node = of({"path=/tmp/a b", "n=3", "hosts=[a, 'b: c']", "limits={x: 1, y: [2]}",
                        "text='7'", "expression=a=b", "empty="});
  const auto same = config::parse(
      "path: /tmp/a b\nn: 3\nhosts: [a, 'b: c']\nlimits: {x: 1, y: [2]}\ntext: '7'\n"
      "expression: a=b\nempty:\n",
      "x", config::process_sources());
  ASSERT_TRUE(same.problems.empty());
  EXPECT_TRUE(config::same_content(node, same.root));
  EXPECT_TRUE(node.find("text")->quoted);
  EXPECT_EQ(node.find("empty")->kind, config::NodeKind::null);
}

TEST(SetOptions, NoneIsAnEmptyMap) {
  EXPECT_EQ(of({}).kind, config::NodeKind::map);
  EXPECT_TRUE(of({}).items.empty());
}

TEST(SetOptions, HaveNoPositions) {
  const auto node = of({"a={b: [1]}"});
  EXPECT_EQ(config::to_string(node.items[0].where), "");
  EXPECT_EQ(config::to_string(node.items[0].key_positions[0]), "");
  EXPECT_EQ(config::to_string(node.items[0].items[0].items[0].where), "");
  EXPECT_EQ(node.key_positions.size(), 1u);
}

TEST(SetOptions, SayWhatIsWrong) {
  EXPECT_THAT(wrong({"path"}), HasSubstr("--set 'path': write KEY=VALUE"));
  EXPECT_THAT(wrong({"=x"}), HasSubstr("write KEY=VALUE"));
  EXPECT_EQ(wrong({"a=1", "a=2"}), "--set a: is given twice");
  EXPECT_THAT(wrong({"a=[1"}), HasSubstr("--set a: "));
  EXPECT_THAT(wrong({"a=b: c"}), HasSubstr("--set a: "));
  EXPECT_EQ(wrong({"a=1\nb: 2"}), "--set a: must be one value, as YAML has it");
  EXPECT_THAT(wrong({"a=${env:VIRGO_NO_SUCH_VARIABLE}"}), HasSubstr("VIRGO_NO_SUCH_VARIABLE"));
}

TEST(SetOptions, ProblemsReadAsTheOptionWasWritten) {
  EXPECT_EQ(set_problem({{}, "--set.params.path", "must be an absolute path"}),
            "--set path: must be an absolute path");
  EXPECT_EQ(set_problem({{}, "--set.params.hosts[1]", "is bad"}), "--set hosts[1]: is bad");
  EXPECT_EQ(set_problem({{}, "--set.params", "parameter 'x' is required"}),
            "parameter 'x' is required");
  EXPECT_EQ(set_problem({{}, "--set", "could not be created"}), "could not be created");
}

}  // namespace
}  // namespace virgo::cli
