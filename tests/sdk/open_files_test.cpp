#include "sdk/scripted.hpp"

namespace virgo::fake {
namespace {

struct OpenFiles : ::testing::Test {
  Folder folder;
  Host host;
  Check check{host, virgo_module_v1()};
};

TEST_F(OpenFiles, TellsWhatTheKernelTells) {
  ASSERT_TRUE(check.configure({{"path", folder.write("file-nr", "4320\t20\t9223372\n")}}));
  const Outcome run = check.collect();
  EXPECT_EQ(run.status(), VIRGO_OK) << run.explanation();
  EXPECT_EQ(run.all_text(), "example.files.open 4300 {file}\nexample.files.limit 9223372 {file}\n");
  EXPECT_EQ(host.misuse_text(), "");
}

TEST_F(OpenFiles, WhatCannotBeReadIsExplained) {
  const std::string path = folder.file("file-nr");
  ASSERT_TRUE(check.configure({{"path", path}}));
  EXPECT_EQ(check.collect().explanation(), path + ": No such file or directory");
  folder.write("file-nr", "many\n");
  const Outcome run = check.collect();
  EXPECT_EQ(run.status(), VIRGO_ERR_FAILED);
  EXPECT_EQ(run.explanation(), path + ": does not hold three numbers");
  EXPECT_THAT(run.samples(), IsEmpty());
}

TEST_F(OpenFiles, APathThatDoesNotFitIsRejected) {
  EXPECT_FALSE(check.configure({{"path", std::string(256, 'x')}}));
  EXPECT_EQ(check.problems_text(), "params.path: must have 1 to 255 bytes\n");
}

TEST_F(OpenFiles, ThisMachine) {
  const Outcome run = check.collect();
  ASSERT_EQ(run.status(), VIRGO_OK) << run.explanation();
  EXPECT_GT(run.u64("example.files.limit"), 0u);
}

}  // namespace
}  // namespace virgo::fake
