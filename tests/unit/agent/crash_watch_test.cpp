// What becomes of crashes when the agent is started again.
#include "agent/crash_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "agent/crash_folder.hpp"
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
    chmod((dir + "/crashes").c_str(), 0600);  // whatever the umask
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
  EXPECT_THAT(added.error().message, HasSubstr(dir + "/crashes: is not a regular file"));
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

TEST_F(CrashWatch, AFolderThatOthersCanWriteIsNotUsed) {
  wrote({crash(kNow - 5), crash(kNow)});
  EXPECT_THAT(judge(), SizeIs(1));
  wrote({crash(kNow - 5, "/p/b.so"), crash(kNow, "/p/b.so")});
  for (const mode_t mode : {0777, 0720, 01777}) {
    ASSERT_EQ(chmod(dir.c_str(), mode), 0);
    const auto added = judge_crashes(dir, kNow);
    ASSERT_FALSE(added.ok());
    EXPECT_EQ(added.error().code, Errc::denied);
    EXPECT_THAT(added.error().message, HasSubstr("state folder " + dir + " (owner "));
    EXPECT_THAT(added.error().message, HasSubstr("can be written by others"));
    EXPECT_THAT(added.error().message, HasSubstr("chmod go-w " + dir));
    EXPECT_FALSE(read_skipped(spec).ok());
    EXPECT_THAT(skipped_plugins(spec).entries(), IsEmpty());
    EXPECT_FALSE(take_off_list(dir, "/p/a.so").ok());
  }
  ASSERT_EQ(chmod(dir.c_str(), 0755), 0);
  EXPECT_THAT(judge(), SizeIs(1));
}

TEST_F(CrashWatch, NeitherAFolderNorAFileOfSomebodyElseIsUsed) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  wrote({crash(kNow - 5), crash(kNow)});
  ASSERT_EQ(chown((dir + "/crashes").c_str(), 12345, 0), 0);
  EXPECT_THAT(judge_crashes(dir, kNow).error().message,
              HasSubstr(dir + "/crashes belongs to user 12345"));
  ASSERT_EQ(chown((dir + "/crashes").c_str(), 0, 0), 0);
  ASSERT_EQ(chown(dir.c_str(), 12345, 0), 0);
  EXPECT_THAT(judge_crashes(dir, kNow).error().message, HasSubstr("or chown 0 " + dir));
  EXPECT_EQ(read_skipped(spec).error().code, Errc::denied);
  ASSERT_EQ(chown(dir.c_str(), 0, 0), 0);
  EXPECT_THAT(judge(), SizeIs(1));
}

TEST_F(CrashWatch, AFileThatOthersCanWriteIsNotUsed) {
  wrote({crash(kNow - 5), crash(kNow)});
  EXPECT_THAT(judge(), SizeIs(1));
  ASSERT_EQ(chmod((dir + "/skipped-plugins").c_str(), 0622), 0);
  EXPECT_THAT(read_skipped(spec).error().message, HasSubstr("chmod go-w " + dir + "/skipped"));
}

TEST_F(CrashWatch, AFifoOrALinkIsNotOpened) {
  for (const char* name : {"/crashes", "/skipped-plugins"}) {
    ASSERT_EQ(mkfifo((dir + name).c_str(), 0600), 0);
    const auto fifo =
        name[1] == 'c' ? judge_crashes(dir, kNow).error() : read_skipped(spec).error();
    EXPECT_THAT(fifo.message, HasSubstr(std::string(name) + ": is not a regular file"));
    std::filesystem::remove(dir + name);
    std::ofstream(dir + "/elsewhere") << "precious";
    ASSERT_EQ(symlink("elsewhere", (dir + name).c_str()), 0);
    const auto link =
        name[1] == 'c' ? judge_crashes(dir, kNow).error() : read_skipped(spec).error();
    EXPECT_THAT(link.message, HasSubstr(std::string(name) + ": is not a regular file"));
    std::filesystem::remove(dir + name);
  }
  EXPECT_EQ(*read_regular_file(dir + "/elsewhere", 100), "precious");
}

TEST_F(CrashWatch, WhoHasTheFileOpenStillWritesIntoIt) {
  const auto folder = CrashFolder::open(dir);
  ASSERT_TRUE(folder.ok());
  const auto running = folder->crashes();  // as an agent that runs meanwhile
  ASSERT_TRUE(running.ok());
  wrote({crash(kNow - 5), crash(kNow), crash(kNow - 4, "/p/b.so")});
  EXPECT_THAT(judge(), SizeIs(1));
  const std::string line = to_line(crash(kNow, "/p/b.so"));
  ASSERT_EQ(write(running->get(), line.data(), line.size()), static_cast<ssize_t>(line.size()));
  EXPECT_THAT(left(), SizeIs(2));
  EXPECT_THAT(judge(), SizeIs(1));
}

TEST_F(CrashWatch, TheLockIsWaitedForButNotForEver) {
  const auto folder = CrashFolder::open(dir);
  ASSERT_TRUE(folder.ok());
  const auto one = folder->crashes();
  const auto other = folder->crashes();
  ASSERT_TRUE(one.ok() && other.ok());
  ASSERT_TRUE(one->lock().ok());
  const auto refused = other->lock(std::chrono::milliseconds(30));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Errc::timeout);
  EXPECT_THAT(refused.error().message, HasSubstr("'fuser " + dir + "/crashes'"));
  std::thread later([&] { one->unlock(); });
  EXPECT_TRUE(other->lock(std::chrono::seconds(60)).ok());
  later.join();
}

// Each puts plugins of its own on the list and takes them off: what one does must
// not be undone by another who read the list before.
TEST_F(CrashWatch, ManyAtOnceLoseNothing) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([this, i] {
      const auto folder = CrashFolder::open(dir);
      const auto file = folder->crashes();
      for (int n = 0; n < 6; ++n) {
        const std::string plugin = "/p/" + std::to_string(i) + "-" + std::to_string(n) + ".so";
        const std::string lines = to_line(crash(kNow, plugin)) + to_line(crash(kNow, plugin));
        ASSERT_TRUE(file->lock(std::chrono::seconds(60)).ok());
        ASSERT_EQ(write(file->get(), lines.data(), lines.size()),
                  static_cast<ssize_t>(lines.size()));
        file->unlock();
        ASSERT_TRUE(judge_crashes(dir, kNow).ok());
        const auto taken = take_off_list(dir, plugin);
        ASSERT_TRUE(taken.ok()) << taken.error().message;
        EXPECT_TRUE(*taken) << plugin;
      }
    });
  for (std::thread& t : threads) t.join();
  EXPECT_THAT(left(), IsEmpty());
  EXPECT_THAT(skipped_plugins(spec).entries(), IsEmpty());
}

TEST_F(CrashWatch, ATimeOutOfBoundsIsDropped) {
  wrote({crash(INT64_MIN), crash(INT64_MAX), crash(INT64_MIN), crash(INT64_MAX), crash(-1)});
  EXPECT_THAT(judge(), IsEmpty());
  EXPECT_THAT(left(), IsEmpty());
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
