#include "binding/permitted_file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "binding/read_file.hpp"

namespace virgo::binding {
namespace {

using testing::HasSubstr;

// Users that are neither root nor who runs the tests. Only root can make files theirs.
constexpr uid_t kUser = 12345;
constexpr uid_t kOther = 12346;

class PermittedFileTest : public testing::Test {
 protected:
  PermittedFileTest() {
    char name[] = "/tmp/virgo-reach-XXXXXX";
    folder_ = mkdtemp(name);
    std::filesystem::create_directories(folder_ + "/open/deep");
    std::filesystem::create_directory(folder_ + "/away");
    for (const char* file : {"/open/inside", "/away/secret", "/away/theirs"})
      std::ofstream(folder_ + file) << "of " << file;
    reach_ = {true, {folder_ + "/open/"}, {}, false, ""};
  }
  ~PermittedFileTest() override { std::filesystem::remove_all(folder_); }

  void link(const std::string& to, const std::string& name, uid_t owner) const {
    const std::string path = folder_ + name;
    ASSERT_EQ(symlink(to.c_str(), path.c_str()), 0) << path;
    if (owner == geteuid()) return;
    ASSERT_EQ(lchown(path.c_str(), owner, owner), 0) << path;
  }
  // What is read through `name`, or the error.
  std::string read(const std::string& name) const {
    const auto content = read_file(folder_ + name, 1000, reach_);
    return content.ok() ? *content : content.error().message;
  }

  std::string folder_;
  Reach reach_;
};

TEST_F(PermittedFileTest, LinksOfRootAndOfTheAgentAreFollowed) {
  link("../away/secret", "/open/link", geteuid());
  link("link", "/open/again", geteuid());
  link(folder_ + "/away", "/open/folder", geteuid());
  EXPECT_EQ(read("/open/inside"), "of /open/inside");
  EXPECT_EQ(read("/open/link"), "of /away/secret");
  EXPECT_EQ(read("/open/again"), "of /away/secret");
  EXPECT_EQ(read("/open/folder/secret"), "of /away/secret");
  EXPECT_EQ(read("/open/folder/../open/inside"), "of /open/inside");
}

TEST_F(PermittedFileTest, LinksOfProcessesLeadNoFurtherThanIsPermitted) {
  reach_.declared = {"/proc/"};
  const auto out = stat_file("/proc/self/root" + folder_ + "/away/secret", reach_);
  ASSERT_FALSE(out.ok());
  EXPECT_EQ(out.error().code, Errc::denied);
  EXPECT_THAT(out.error().message,
              HasSubstr("a link on the way leads to " + folder_ +
                        "/away/secret, which is not among the needs of this check; add needs = { "
                        "read = {\"" +
                        folder_ + "/away/secret\"} } to virgo.check"));
  EXPECT_FALSE(list_names("/proc/self/cwd", 1000, 1000, reach_).ok());
  EXPECT_FALSE(read_file_piece("/proc/self/exe", 0, 10, reach_).ok());
  EXPECT_TRUE(stat_file("/proc/mounts", reach_).ok());
  reach_.declared.push_back(folder_ + "/away/");
  EXPECT_TRUE(stat_file("/proc/self/root" + folder_ + "/away/secret", reach_).ok());
  reach_.narrowed = true;
  reach_.allowed = {"/proc/"};
  reach_.option = "lua_plugins.x.lua.allow";
  EXPECT_THAT(stat_file("/proc/self/root" + folder_ + "/away/secret", reach_).error().message,
              HasSubstr("which the configuration does not allow to this plugin "
                        "(lua_plugins.x.lua.allow.read)"));
}

TEST_F(PermittedFileTest, LinksInACircleAreAnError) {
  link("b", "/open/a", geteuid());
  link("a", "/open/b", geteuid());
  EXPECT_THAT(read("/open/a"), HasSubstr("/open/a: too many levels of symbolic links"));
  link("nowhere", "/open/broken", geteuid());
  EXPECT_THAT(read("/open/broken"), HasSubstr("/open/broken: no such file or directory"));
  EXPECT_FALSE(open_permitted(std::string("/tmp\0x", 6), reach_).ok());
}

TEST_F(PermittedFileTest, OnlyFilesAreReadAndNoneOfThemIsWaitedFor) {
  ASSERT_EQ(mkfifo((folder_ + "/open/pipe").c_str(), 0600), 0);
  EXPECT_THAT(read("/open/pipe"), HasSubstr("/open/pipe: not a regular file, but of type fifo"));
  EXPECT_THAT(read("/open/deep"), HasSubstr("/open/deep: is a directory"));
  EXPECT_STREQ(stat_file(folder_ + "/open/pipe", reach_)->type, "fifo");
  EXPECT_EQ(*list_names(folder_ + "/open/", 9, 99, reach_),
            (std::vector<std::string>{"deep", "inside", "pipe"}));
  EXPECT_FALSE(list_names(folder_ + "/open/pipe", 9, 99, reach_).ok());
}

class LinksOfOthersTest : public PermittedFileTest {
 protected:
  void SetUp() override {
    const std::string probe = folder_ + "/away/secret";
    if (geteuid() != 0 || chown(probe.c_str(), kUser, kUser) != 0 ||
        chown(probe.c_str(), 0, 0) != 0)
      GTEST_SKIP() << "only root can make links of other users";
  }
};

TEST_F(LinksOfOthersTest, DoNotLeadToWhatTheirOwnersCouldNotRead) {
  link("../away/secret", "/open/link", kUser);
  link(folder_ + "/away", "/open/folder", kUser);
  link("link", "/open/again", 0);
  for (const char* name : {"/open/link", "/open/folder/secret", "/open/again"}) {
    EXPECT_THAT(read(name),
                HasSubstr("cannot read " + folder_ + name + ": a link of user 12345 leads to " +
                          folder_ + "/away/secret, which is not among the needs"));
    EXPECT_FALSE(stat_file(folder_ + name, reach_).ok());
  }
  EXPECT_FALSE(list_names(folder_ + "/open/folder", 9, 99, reach_).ok());
}

TEST_F(LinksOfOthersTest, LeadToWhatIsTheirOwnersOrIsPermittedAnyway) {
  ASSERT_EQ(chown((folder_ + "/away/theirs").c_str(), kUser, kUser), 0);
  link("../away/theirs", "/open/own", kUser);
  link("inside", "/open/latest", kUser);
  link("../open/deep/../inside", "/open/deep/up", kUser);
  EXPECT_EQ(read("/open/own"), "of /away/theirs");
  EXPECT_EQ(read("/open/latest"), "of /open/inside");
  link("../away/theirs", "/open/not-own", kOther);
  link("own", "/open/two-users", kOther);
  EXPECT_THAT(read("/open/not-own"), HasSubstr("a link of user 12346 leads to"));
  EXPECT_THAT(read("/open/two-users"), HasSubstr("a link on the way leads to"));
}

TEST_F(LinksOfOthersTest, AreAsTheyWereWhenTheFileWasOpened) {
  link("inside", "/open/link", kUser);
  const auto looked_at = open_permitted(folder_ + "/open/link", reach_);
  ASSERT_TRUE(looked_at.ok());
  std::filesystem::remove(folder_ + "/open/inside");
  link("../away/secret", "/open/inside", kUser);
  const auto file = reopen(*looked_at, O_RDONLY);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(*read_to_end(file->get(), 100), "of /open/inside");
}

}  // namespace
}  // namespace virgo::binding
