#include "cli/text_table.hpp"

#include <gtest/gtest.h>

namespace virgo::cli {
namespace {

TextTable sample() {
  TextTable table({{"Name"}, {"Value", true}, {"Meaning"}});
  table.add({"a", "1", "short"});
  table.add({"größer", "1000", ""});
  return table;
}

TEST(TextTable, ColumnsAreAsWideAsTheirWidestCellInCharacters) {
  EXPECT_EQ(sample().text("  "),
            "  NAME    VALUE  MEANING\n"
            "  a           1  short\n"
            "  größer   1000\n");
}

TEST(TextTable, AsMarkdown) {
  TextTable table = sample();
  table.add({"`x`", "", "a | b"});
  EXPECT_EQ(table.markdown(),
            "| Name | Value | Meaning |\n"
            "|---|---:|---|\n"
            "| a | 1 | short |\n"
            "| größer | 1000 | |\n"
            "| `x` | | a \\| b |\n");
}

TEST(TextTable, NothingInACellReachesTheTerminalAsACommand) {
  TextTable table({{"Name"}});
  table.add({"a\x1b[2Jb\nc\x7f"});
  EXPECT_EQ(table.text(), "NAME\na\\x1b[2Jb\\x0ac\\x7f\n");
  EXPECT_EQ(one_line("a\tb"), "a\\x09b");
}

TEST(TextTable, Empty) {
  const TextTable table({{"Name"}});
  EXPECT_TRUE(table.empty());
  EXPECT_EQ(table.text(), "NAME\n");
}

}  // namespace
}  // namespace virgo::cli
