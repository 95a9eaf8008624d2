// Documents that are generated agree with the code they are generated from.
#include <gtest/gtest.h>

#include "functional/world.hpp"

namespace virgo::functional {
namespace {

TEST(Docs, TheReferenceOfOptionsIsWhatTheBinaryPrints) {
  TempDir dir;
  Process options({virgo_binary(), "config", "options"}, dir.file("options"));
  ASSERT_EQ(options.wait(), 0);
  const std::string page = read_file(source_dir() + "/host/docs/configuration.md");
  EXPECT_NE(page.find(options.out()), std::string::npos)
      << "generate host/docs/configuration.md anew: its table is the output of "
         "`virgo config options`";
}

TEST(Docs, TheShippedConfigurationPassesItsOwnCheck) {
  TempDir dir;
  Process check({virgo_binary(), "config", "check", source_dir() + "/config/agent.yaml"},
                dir.file("check"));
  EXPECT_EQ(check.wait(), 0) << check.err();
}

}  // namespace
}  // namespace virgo::functional
