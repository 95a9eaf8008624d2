// Whose files may run inside the agent.
#include "native/trust.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace virgo::native {
namespace {

using testing::HasSubstr;

class Trust : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/virgo-trust-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder = std::filesystem::canonical(name);
    sub = folder + "/sub";
    file = sub + "/x.so";
    ASSERT_EQ(mkdir(sub.c_str(), 0755), 0);
    std::ofstream(file) << "x";
    mode(folder, 0755);
    mode(sub, 0755);
    mode(file, 0644);
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  static void mode(const std::string& path, mode_t m) { ASSERT_EQ(chmod(path.c_str(), m), 0); }
  Result<std::string> check(uid_t user = geteuid()) const { return trusted_path(file, user); }
  void expect_denied(std::initializer_list<std::string> words) {
    const auto r = check();
    ASSERT_FALSE(r.ok());
    EXPECT_EQ(r.error().code, Errc::denied);
    for (const auto& w : words) EXPECT_THAT(r.error().message, HasSubstr(w));
  }
  std::string folder, sub, file;
};

TEST_F(Trust, OwnFilesInAStickyFolderAreFine) {
  const auto r = check();
  ASSERT_TRUE(r.ok()) << r.error().message;
  EXPECT_EQ(*r, file);
}

TEST_F(Trust, GroupWritableFile) {
  mode(file, 0664);
  expect_denied(
      {"the file " + file, "mode 0664", "can be written by others", "chmod go-w " + file});
}

TEST_F(Trust, WorldWritableFile) {
  mode(file, 0646);
  expect_denied({"the file " + file, "mode 0646", "owner " + std::to_string(geteuid())});
}

TEST_F(Trust, AStickyFileIsNotExcused) {
  mode(file, 01646);
  expect_denied({"the file " + file});
}

TEST_F(Trust, WritableFolder) {
  mode(sub, 0775);
  expect_denied({"the folder " + sub, "mode 0775", "chmod go-w " + sub});
}

TEST_F(Trust, WritableFolderFurtherUp) {
  mode(folder, 0777);
  expect_denied({"the folder " + folder + " ", "mode 0777"});
}

TEST_F(Trust, StickyFolderIsFine) {
  mode(folder, 01777);
  EXPECT_TRUE(check().ok());
}

TEST_F(Trust, FilesOfAnotherUser) {
  // Whoever runs this: the file is somebody's who is neither root nor the agent.
  const uid_t stranger = geteuid() == 0 ? 12345 : geteuid();
  const uid_t agent = geteuid() == 0 ? 54321 : geteuid() + 1;
  if (geteuid() == 0) {
    ASSERT_EQ(chown(file.c_str(), stranger, stranger), 0);
  }
  const auto r = check(agent);
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().code, Errc::denied);
  EXPECT_THAT(r.error().message,
              HasSubstr("the file " + file + " belongs to user " + std::to_string(stranger)));
  EXPECT_THAT(r.error().message, HasSubstr("the agent's user " + std::to_string(agent)));
  EXPECT_THAT(r.error().message, HasSubstr("chown root " + file));
  if (geteuid() != 0) return;
  // Their folder is as bad as their file, and the agent's own is fine.
  ASSERT_EQ(chown(file.c_str(), 0, 0), 0);
  ASSERT_EQ(chown(sub.c_str(), stranger, stranger), 0);
  const auto folder_of_stranger = check(agent);
  ASSERT_FALSE(folder_of_stranger.ok());
  EXPECT_THAT(folder_of_stranger.error().message, HasSubstr("the folder " + sub + " belongs to"));
  EXPECT_TRUE(check(stranger).ok());
}

TEST_F(Trust, ASymbolicLinkIsJudgedByWhereItLeads) {
  const std::string link = folder + "/link.so";
  ASSERT_EQ(symlink(file.c_str(), link.c_str()), 0);
  auto r = trusted_path(link, geteuid());
  ASSERT_TRUE(r.ok()) << r.error().message;
  EXPECT_EQ(*r, file);
  mode(sub, 0777);
  r = trusted_path(link, geteuid());
  ASSERT_FALSE(r.ok());
  EXPECT_THAT(r.error().message, HasSubstr("the folder " + sub));
}

TEST_F(Trust, MissingFile) {
  const auto r = trusted_path(folder + "/none.so", geteuid());
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().code, Errc::not_found);
  EXPECT_THAT(r.error().message, HasSubstr("none.so"));
}

TEST_F(Trust, AFolderIsNoPlugin) {
  const auto r = trusted_path(sub, geteuid());
  ASSERT_FALSE(r.ok());
  EXPECT_THAT(r.error().message, HasSubstr("not a regular file"));
}

}  // namespace
}  // namespace virgo::native
