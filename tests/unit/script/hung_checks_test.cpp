#include "script/hung_checks.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>

#include "base/file.hpp"

namespace virgo::script {
namespace {

TEST(HungChecks, AreAboutOneVeryFile) {
  const std::string file = "/tmp/virgo-hung-" + std::to_string(getpid()) + ".lua";
  ASSERT_TRUE(replace_file(file, "one", 0600).ok());
  const std::string line = HungChecks::line({1'769'860'800, file_identity(file), "web", file});
  const HungChecks hung = HungChecks::parse(line);
  ASSERT_EQ(hung.entries().size(), 1u);
  const std::string then = file_identity(file);
  EXPECT_EQ(hung.refusal("web", file, then),
            "not run: it held the agent in a call that could not be interrupted "
            "(limits.lua_grace), at 2026-01-31 12:00:00 UTC; it is tried again when " +
                file + " is changed");
  EXPECT_EQ(hung.refusal("other", file, then), "");
  EXPECT_EQ(hung.refusal("", file, then), "");
  ASSERT_TRUE(replace_file(file, "another", 0600).ok());
  EXPECT_EQ(hung.refusal("web", file, file_identity(file)), "");
  std::remove(file.c_str());
}

TEST(HungChecks, OneEntryForEachCheckAndNotTooManyOfThem) {
  HungChecks hung;
  hung.add({1, "1.1", "a", "/x.lua"});
  hung.add({2, "1.1", "b", "/x.lua"});
  hung.add({3, "1.2", "a", "/x.lua"});
  ASSERT_EQ(hung.entries().size(), 2u);
  EXPECT_EQ(hung.refusal("a", "/x.lua", "1.1"), "");
  EXPECT_NE(hung.refusal("a", "/x.lua", "1.2"), "");
  EXPECT_EQ(hung.text(), HungChecks::line({2, "1.1", "b", "/x.lua"}) +
                             HungChecks::line({3, "1.2", "a", "/x.lua"}));
  EXPECT_EQ(HungChecks::parse(hung.text() + hung.text()).text(), hung.text());

  for (int i = 0; i < 1000; ++i)
    hung.add({i, "1.1", std::to_string(i), "/" + std::string(100, 'x')});
  const std::string text = hung.text();
  EXPECT_LE(text.size(), HungChecks::kMaxText);
  EXPECT_GT(text.size(), HungChecks::kMaxText - 200);
  const HungChecks kept = HungChecks::parse(text);
  EXPECT_EQ(kept.entries().back().check, "999");
  EXPECT_NE(kept.entries().front().check, "b");
}

TEST(HungChecks, SpoiltLinesAreLeftOut) {
  const std::string good = HungChecks::line({7, "1.2.3", "a", "/x.lua"});
  const HungChecks hung = HungChecks::parse("\n\t\t\t\nx\t1\ta\t/x\n5\t\ta\t/x\n5\t1\ta\tx\n" +
                                            good + good.substr(0, good.size() - 1));
  ASSERT_EQ(hung.entries().size(), 1u);
  EXPECT_EQ(hung.entries()[0].at, 7);
  EXPECT_EQ(hung.entries()[0].identity, "1.2.3");
  EXPECT_EQ(hung.entries()[0].check, "a");
  EXPECT_EQ(hung.entries()[0].file, "/x.lua");
}

}  // namespace
}  // namespace virgo::script
