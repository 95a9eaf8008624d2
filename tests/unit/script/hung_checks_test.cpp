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
  EXPECT_EQ(hung.refusal("web", file),
            "not run: it held the agent in a call that could not be interrupted "
            "(limits.lua_grace), at 2026-01-31 12:00:00 UTC; it is tried again when " +
                file + " is changed");
  EXPECT_EQ(hung.refusal("other", file), "");
  EXPECT_EQ(hung.refusal("", file), "");
  ASSERT_TRUE(replace_file(file, "another", 0600).ok());
  EXPECT_EQ(hung.refusal("web", file), "");
  std::remove(file.c_str());
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
