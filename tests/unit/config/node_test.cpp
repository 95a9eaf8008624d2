#include "config/node.hpp"

#include <cmath>

#include "config_world.hpp"

namespace virgo::config {
namespace {

using testing::HasSubstr;
using testing::Not;

Node plain(std::string text) {
  Node node;
  node.kind = NodeKind::scalar;
  node.text = std::move(text);
  return node;
}
Node quoted(std::string text) {
  Node node = plain(std::move(text));
  node.quoted = true;
  return node;
}

TEST(Position, WritesFileLineAndColumn) {
  const auto file = std::make_shared<const std::string>("agent.yaml");
  EXPECT_EQ(to_string(Position{file, 14, 5}), "agent.yaml:14:5");
  EXPECT_EQ(to_string(Position{file, 0, 0}), "agent.yaml");
  EXPECT_EQ(to_string(Position{}), "");
  EXPECT_EQ(to_string(Problem{{file, 14, 5}, "checks[2]", "is wrong"}),
            "agent.yaml:14:5: checks[2]: is wrong");
  EXPECT_EQ(to_string(Problem{{}, "", "is wrong"}), "is wrong");
}

TEST(Typing, ReadsBooleansOfTheCoreSchemaOnly) {
  for (const char* yes : {"true", "True", "TRUE"}) EXPECT_TRUE(as_bool(plain(yes)).value());
  for (const char* no : {"false", "False", "FALSE"}) EXPECT_FALSE(as_bool(plain(no)).value());
  for (const char* other : {"yes", "on", "1", "tRUE", ""}) EXPECT_FALSE(as_bool(plain(other)).ok());
  EXPECT_FALSE(as_bool(quoted("true")).ok());
  EXPECT_THAT(as_bool(quoted("true")).error().message, HasSubstr("quoted text 'true'"));
}

TEST(Typing, ReadsIntegersUpToTheEdges) {
  EXPECT_EQ(as_int(plain("0")).value(), 0);
  EXPECT_EQ(as_int(plain("-17")).value(), -17);
  EXPECT_EQ(as_int(plain("+17")).value(), 17);
  EXPECT_EQ(as_int(plain("010")).value(), 10);
  EXPECT_EQ(as_int(plain("0x1F")).value(), 31);
  EXPECT_EQ(as_int(plain("0o17")).value(), 15);
  EXPECT_EQ(as_int(plain("9223372036854775807")).value(), INT64_MAX);
  EXPECT_EQ(as_int(plain("-9223372036854775808")).value(), INT64_MIN);
  for (const char* bad : {"9223372036854775808", "-9223372036854775809", "0x", "0o8", "1_000",
                          "1.0", "1e3", " 1", "1 ", "--1", "0x-1", "", "x"})
    EXPECT_FALSE(as_int(plain(bad)).ok()) << bad;
  EXPECT_FALSE(as_int(quoted("1")).ok());
}

TEST(Typing, ReadsNumbers) {
  EXPECT_EQ(as_number(plain("3")).value(), 3.0);
  EXPECT_EQ(as_number(plain("0x10")).value(), 16.0);
  EXPECT_EQ(as_number(plain("-2.5e3")).value(), -2500.0);
  EXPECT_EQ(as_number(plain("+.5")).value(), 0.5);
  EXPECT_EQ(as_number(plain("-.inf")).value(), -INFINITY);
  EXPECT_TRUE(std::isnan(as_number(plain(".nan")).value()));
  for (const char* bad : {"nan", "inf", "infinity", "0x1p3", "1e", "+-1", "-", "", "1.2.3", "e5"})
    EXPECT_FALSE(as_number(plain(bad)).ok()) << bad;
}

TEST(Typing, TextIsAnyScalarButNothingElse) {
  EXPECT_EQ(as_text(plain("12")).value(), "12");
  EXPECT_EQ(as_text(quoted("")).value(), "");
  EXPECT_THAT(as_text(Node{}).error().message, HasSubstr("nothing"));
  Node list;
  list.kind = NodeKind::sequence;
  EXPECT_THAT(as_text(list).error().message, HasSubstr("a list"));
}

TEST(Typing, GuessesWhatAScalarIs) {
  EXPECT_EQ(scalar_type(plain("true")), ScalarType::boolean);
  EXPECT_EQ(scalar_type(plain("12")), ScalarType::integer);
  EXPECT_EQ(scalar_type(plain("1.5")), ScalarType::number);
  EXPECT_EQ(scalar_type(plain("18446744073709551616")), ScalarType::number);
  EXPECT_EQ(scalar_type(plain("10s")), ScalarType::text);
  EXPECT_EQ(scalar_type(quoted("12")), ScalarType::text);
}

TEST(Typing, ErrorsDoNotTellSecrets) {
  Node node = plain("hunter2");
  node.secret = true;
  for (const std::string& message : {as_bool(node).error().message, as_int(node).error().message,
                                     as_number(node).error().message})
    EXPECT_THAT(message, Not(HasSubstr("hunter2")));
}

TEST(SameContent, ComparesValuesNotPlaces) {
  const Node a = parse_text("x: [1, {y: text}]\nz: true\n").root;
  const Node b = parse_text("# moved\nx:\n  - 1\n  - y: 'text'\nz: true").root;
  EXPECT_TRUE(same_content(a, b));
  EXPECT_FALSE(same_content(a, parse_text("x: [1, {y: text}]\nz: 'true'").root));
  EXPECT_FALSE(same_content(a, parse_text("x: [1, {y: text}]\nz: false").root));
  EXPECT_FALSE(same_content(a, parse_text("x: [1]\nz: true").root));
}

}  // namespace
}  // namespace virgo::config
