// What becomes of crashes when the agent is started again.
#include "agent/crash_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/file.hpp"

namespace virgo::agent {
namespace {

using native::CrashRecord;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::int64_t kNow = 1'800'000'000;

struct CrashWatch : ::testing::Test {
  std::string dir;
  config::AgentSpec spec;
  void SetUp() override {
    char path[] = "/tmp/virgo-watch-XXXXXX";
    ASSERT_NE(mkdtemp(path), nullptr);
    dir = path;
    spec.state_folder = dir;
  }
  void TearDown() override { std::filesystem::remove_all(dir); }

  static CrashRecord crash(std::int64_t at, const std::string& file = "/p/a.so") {
    return {at, 11, "7.1", "com.acme", "disk", "collect", file};
  }
  void wrote(const std::vector<CrashRecord>& crashes, const std::string& more = "") const {
    std::ofstream out(dir + "/crashes", std::ios::app);
    for (const CrashRecord& r : crashes) out << to_line(r);
    out << more;
  }
  std::vector<native::SkippedPlugin> judge() const {
    auto added = judge_crashes(dir, kNow);
    EXPECT_TRUE(added.ok()) << (added ? "" : added.error().message);
    return added ? *added : std::vector<native::SkippedPlugin>();
  }
  std::vector<CrashRecord> left() const {
    const auto text = read_regular_file(dir + "/crashes", 1 << 20);
    return text ? native::parse_crashes(*text).records : std::vector<CrashRecord>();
  }
};

TEST_F(CrashWatch, NothingHappened) {
  EXPECT_THAT(judge(), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(dir + "/skipped-plugins"));
}

TEST_F(CrashWatch, TheFirstCrashIsRememberedAndTheSecondCounts) {
  wrote({crash(kNow - 500)});
  EXPECT_THAT(judge(), IsEmpty());
  EXPECT_THAT(left(), SizeIs(1));
  wrote({crash(kNow)});
  const auto added = judge();
  ASSERT_THAT(added, SizeIs(1));
  EXPECT_EQ(added[0].file, "/p/a.so");
  EXPECT_THAT(skipped_plugins(spec).entries(), SizeIs(1));
  EXPECT_THAT(left(), IsEmpty()) << "after a retry it takes two more";
  EXPECT_THAT(judge(), IsEmpty());
  EXPECT_THAT(skipped_plugins(spec).entries(), SizeIs(1));
}

TEST_F(CrashWatch, ExactlyTenMinutesApartCounts) {
  wrote({crash(kNow - 600), crash(kNow)});
  EXPECT_THAT(judge(), SizeIs(1));
}

TEST_F(CrashWatch, MoreThanTenMinutesApartDoesNot) {
  wrote({crash(kNow - 601), crash(kNow)});
  EXPECT_THAT(judge(), IsEmpty());
  EXPECT_THAT(left(), SizeIs(1)) << "the older one cannot matter any more";
}

TEST_F(CrashWatch, TwoCrashesLongAgoStillCountWhenTheAgentIsStartedLate) {
  wrote({crash(kNow - 100'100), crash(kNow - 100'000)});
  EXPECT_THAT(judge(), SizeIs(1));
}

TEST_F(CrashWatch, OthersAreLeftAlone) {
  wrote({crash(kNow - 2), crash(kNow - 1, "/p/b.so"), crash(kNow)});
  EXPECT_THAT(judge(), SizeIs(1));
  ASSERT_THAT(left(), SizeIs(1));
  EXPECT_EQ(left()[0].file, "/p/b.so");
}

TEST_F(CrashWatch, ACorruptFileIsMendedAndWhatCanBeReadCounts) {
  wrote({crash(kNow - 5)}, std::string("\0\0\0garbage\n", 11));
  wrote({crash(kNow)}, "1800000000\t11\t7.1\tcom.ac");
  EXPECT_THAT(judge(), SizeIs(1));
  const auto text = read_regular_file(dir + "/crashes", 1 << 20);
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(*text, "");
}

TEST_F(CrashWatch, AFileThatIsNoneIsAnErrorThatNamesIt) {
  std::filesystem::create_directory(dir + "/crashes");
  const auto added = judge_crashes(dir, kNow);
  ASSERT_FALSE(added.ok());
  EXPECT_THAT(added.error().message, HasSubstr(dir + "/crashes: is a directory"));
}

TEST_F(CrashWatch, AFolderThatCannotBeWrittenIsAnError) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  wrote({crash(kNow - 5), crash(kNow)});
  ASSERT_EQ(chmod(dir.c_str(), 0500), 0);
  EXPECT_FALSE(judge_crashes(dir, kNow).ok());
  ASSERT_EQ(chmod(dir.c_str(), 0700), 0);
}

TEST_F(CrashWatch, AListThatCannotBeWrittenIsAnErrorAndTheCrashesAreKept) {
  wrote({crash(kNow - 5), crash(kNow)});
  std::filesystem::create_directory(dir + "/skipped-plugins");
  EXPECT_FALSE(judge_crashes(dir, kNow).ok());
  EXPECT_THAT(left(), SizeIs(2));
}

TEST_F(CrashWatch, TheStateFolderIsMadeUnlessItIsTheDefault) {
  spec.state_folder = dir + "/state";
  const auto made = state_folder(spec);
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(*made, dir + "/state");
  EXPECT_TRUE(std::filesystem::is_directory(dir + "/state"));
  spec.state_folder = dir + "/none/state";
  EXPECT_THAT(state_folder(spec).error().message, HasSubstr(dir + "/none/state: No such file"));
  std::ofstream(dir + "/file") << "x";
  spec.state_folder = dir + "/file";
  EXPECT_THAT(state_folder(spec).error().message, HasSubstr("is not a directory"));
  spec.state_folder = "";
  EXPECT_EQ(*state_folder(spec), "");
  EXPECT_THAT(skipped_plugins(spec).entries(), IsEmpty());
  spec.state_folder = config::kDefaultStateFolder;
  const bool there = std::filesystem::exists(spec.state_folder);
  EXPECT_EQ(*state_folder(spec), there ? spec.state_folder : "");
  EXPECT_EQ(std::filesystem::exists(spec.state_folder), there);
}

}  // namespace
}  // namespace virgo::agent
