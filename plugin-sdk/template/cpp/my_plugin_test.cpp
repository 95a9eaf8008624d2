// my.plugin without an agent: fake_host.hpp stands for it, and says what it can do.
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <virgo/testing/fake_host.hpp>

namespace {

namespace fake = virgo::fake;

struct MyPluginTest : ::testing::Test {
  fake::Host host;
  fake::Check check{host, virgo_module_v1()};
  std::string folder = ::testing::TempDir() + "my-plugin-XXXXXX";

  void SetUp() override { ASSERT_NE(mkdtemp(folder.data()), nullptr); }
  void TearDown() override {
    std::filesystem::remove_all(folder);
    EXPECT_EQ(host.misuse_text(), "");
  }
};

TEST_F(MyPluginTest, CountsWhatIsInTheFolder) {
  std::ofstream(folder + "/a");
  std::ofstream(folder + "/.hidden");
  ASSERT_TRUE(check.configure({{"path", folder}})) << check.problems_text();
  const fake::Outcome run = check.collect();
  EXPECT_EQ(run.status(), VIRGO_OK) << run.explanation();
  EXPECT_EQ(run.u64("my.plugin.entries", {{"my.plugin.path", folder}}), 2u);
}

TEST_F(MyPluginTest, SaysWhichFolderIsNotThere) {
  ASSERT_TRUE(check.configure({{"path", folder + "/nowhere"}})) << check.problems_text();
  const fake::Outcome run = check.collect();
  EXPECT_EQ(run.status(), VIRGO_ERR_UNREACHABLE);
  EXPECT_EQ(run.explanation(), folder + "/nowhere: No such file or directory");
  EXPECT_TRUE(run.samples().empty());
}

TEST_F(MyPluginTest, WantsAnAbsolutePath) {
  EXPECT_FALSE(check.configure({{"path", "tmp"}}));
  EXPECT_EQ(check.problems_text(), "params.path: must be an absolute path\n");
}

TEST_F(MyPluginTest, GivesUpWhenItsTimeIsOver) {
  ASSERT_TRUE(check.configure({{"path", folder}})) << check.problems_text();
  EXPECT_EQ(check.collect(fake::Duration(0)).status(), VIRGO_ERR_TIMEOUT);
}

}  // namespace
