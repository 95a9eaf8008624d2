// FolderWatch: every way in which files are saved is told, once, with and without
// inotify.
#include "uv/folder_watch.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "unit/log_capture.hpp"
#include "unit/loop_fixture.hpp"

namespace virgo::uv {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

// The parameter: whether the kernel reports changes.
struct FolderWatchTest : testing::LoopTest, ::testing::WithParamInterface<bool> {
  std::string root;
  std::string dir;
  std::unique_ptr<FolderWatch> watch;
  std::vector<std::string> told;  // "a.lua", "-b.lua"; "|" ends each call

  void SetUp() override {
    char path[] = "/tmp/virgo-watch-XXXXXX";
    ASSERT_NE(mkdtemp(path), nullptr);
    root = path;
    dir = root + "/plugins";
    fs::create_directory(dir);
  }
  void TearDown() override {
    watch.reset();
    fs::remove_all(root);
    LoopTest::TearDown();
  }
  void put(const std::string& name, const std::string& text) {
    std::ofstream(dir + "/" + name) << text;
  }
  void start(FolderWatch::Options options = {}) {
    options.suffix = ".lua";
    options.events = GetParam();
    if (options.quiet == milliseconds(200)) options.quiet = milliseconds(20);
    options.poll = milliseconds(5);
    watch = std::make_unique<FolderWatch>(loop, dir, options,
                                          [this](const std::vector<FileChange>& changes) {
                                            for (const FileChange& c : changes)
                                              told.push_back((c.removed ? "-" : "") + c.name);
                                            told.emplace_back("|");
                                          });
  }
  // What the next call, and no other, tells.
  std::string next() {
    run_until([this] { return !told.empty(); });
    std::string out;
    for (const std::string& s : told) out += s + " ";
    told.clear();
    return out;
  }
  // With a.lua and b.lua there, and told.
  void start_with_two() {
    put("a.lua", "one");
    put("b.lua", "two");
    start();
    ASSERT_EQ(next(), "a.lua b.lua | ");
  }
};

TEST_P(FolderWatchTest, TheFirstLookTellsWhatIsThere) {
  put("a.lua", "one");
  put("read.me", "not this");
  put(".hidden.lua", "nor this");
  fs::create_directory(dir + "/folder.lua");
  fs::create_symlink("/nowhere", dir + "/dangling.lua");
  start();
  EXPECT_EQ(next(), "a.lua | ");
}

TEST_P(FolderWatchTest, WrittenInPlace) {
  start_with_two();
  put("a.lua", "other");
  EXPECT_EQ(next(), "a.lua | ");
}

TEST_P(FolderWatchTest, RenamedOver) {
  start_with_two();
  put("a.lua.new", "one");  // the same size
  fs::rename(dir + "/a.lua.new", dir + "/a.lua");
  EXPECT_EQ(next(), "a.lua | ");
}

TEST_P(FolderWatchTest, SavedWithABackup) {
  start_with_two();
  fs::rename(dir + "/a.lua", dir + "/a.lua~");
  put("a.lua", "one");
  EXPECT_EQ(next(), "a.lua | ");
}

TEST_P(FolderWatchTest, DeletedAndMadeAgain) {
  start_with_two();
  fs::remove(dir + "/a.lua");
  put("a.lua", "one more");
  EXPECT_EQ(next(), "a.lua | ");
}

TEST_P(FolderWatchTest, AddedAndRemoved) {
  start_with_two();
  put("c.lua", "three");
  EXPECT_EQ(next(), "c.lua | ");
  fs::remove(dir + "/a.lua");
  EXPECT_EQ(next(), "-a.lua | ");
}

TEST_P(FolderWatchTest, ManyAtOnceAreToldTogether) {
  start_with_two();
  put("c.lua", "three");
  fs::remove(dir + "/a.lua");
  put("b.lua", "changed");
  EXPECT_EQ(next(), "-a.lua b.lua c.lua | ");
}

TEST_P(FolderWatchTest, ALinkThatIsTurned) {
  fs::create_directory(root + "/v1");
  fs::create_directory(root + "/v2");
  std::ofstream(root + "/v1/a.lua") << "first";
  std::ofstream(root + "/v2/a.lua") << "other";
  fs::create_symlink("../v1/a.lua", dir + "/a.lua");
  start();
  ASSERT_EQ(next(), "a.lua | ");
  fs::create_symlink("../v2/a.lua", dir + "/a.new");
  fs::rename(dir + "/a.new", dir + "/a.lua");
  EXPECT_EQ(next(), "a.lua | ");
  // And where it points is written.
  std::ofstream(root + "/v2/a.lua") << "other again";
  EXPECT_EQ(next(), "a.lua | ");
}

// As the files of a ConfigMap come: all are links through one that is turned.
TEST_P(FolderWatchTest, ALinkOnTheWayThatIsTurned) {
  for (const char* v : {"/..v1", "/..v2"}) {
    fs::create_directory(dir + v);
    std::ofstream(dir + v + "/a.lua") << v;
  }
  fs::create_symlink("..v1", dir + "/..data");
  fs::create_symlink("..data/a.lua", dir + "/a.lua");
  start();
  ASSERT_EQ(next(), "a.lua | ");
  fs::create_symlink("..v2", dir + "/..new");
  fs::rename(dir + "/..new", dir + "/..data");
  EXPECT_EQ(next(), "a.lua | ");
}

TEST_P(FolderWatchTest, TheFolderItselfALinkThatIsTurned) {
  fs::rename(dir, root + "/v1");
  fs::create_directory(root + "/v2");
  fs::create_symlink("v1", dir);
  put("a.lua", "one");
  std::ofstream(root + "/v2/b.lua") << "two";
  start();
  ASSERT_EQ(next(), "a.lua | ");
  fs::create_symlink("v2", root + "/new");
  fs::rename(root + "/new", dir);
  EXPECT_EQ(next(), "-a.lua b.lua | ");
}

TEST_P(FolderWatchTest, TheFolderReplaced) {
  start_with_two();
  fs::rename(dir, root + "/old");
  fs::create_directory(dir);
  put("a.lua", "new one");
  put("c.lua", "three");
  EXPECT_EQ(next(), "a.lua -b.lua c.lua | ");
  put("c.lua", "and the new folder is watched");
  EXPECT_EQ(next(), "c.lua | ");
}

TEST_P(FolderWatchTest, TheFolderMadeLater) {
  fs::remove(dir);
  start();
  for (int i = 0; i < 3; ++i) {
    fs::create_directory(dir);
    put("a.lua", "one");
    EXPECT_EQ(next(), "a.lua | ");
    fs::remove_all(dir);
    EXPECT_EQ(next(), "-a.lua | ");
  }
}

TEST_P(FolderWatchTest, ABurstIsToldOnceAndNoLaterThanItsBound) {
  put("a.lua", "");
  FolderWatch::Options options;
  options.quiet = milliseconds(400);
  options.at_most = milliseconds(800);
  start(options);
  ASSERT_EQ(next(), "a.lua | ");
  // Written to without a pause that is long enough: told all the same.
  Timer writing(loop, [this] { std::ofstream(dir + "/a.lua", std::ios::app) << "more"; });
  writing.start(milliseconds(1), milliseconds(10));
  EXPECT_EQ(next(), "a.lua | ");
}

TEST_P(FolderWatchTest, LookNowDoesNotWait) {
  start_with_two();
  for (int i = 0; i < 20; ++i) {
    put("a.lua", std::to_string(i));
    watch->look_now();
    EXPECT_EQ(next(), "a.lua | ") << i;
  }
}

TEST_P(FolderWatchTest, NothingIsToldAfterItsEnd) {
  put("a.lua", "one");
  start();
  watch.reset();
  turn();
  EXPECT_TRUE(told.empty());
  // Nor when it ends itself.
  start();
  run_until([this] { return !told.empty(); });
  put("a.lua", "more");
  watch.reset();
  turn();
  EXPECT_EQ(told.size(), 2u);
}

TEST_P(FolderWatchTest, MoreFilesThanItLooksAt) {
  for (int i = 0; i < 30; ++i) put(std::to_string(i) + ".lua", "");
  FolderWatch::Options options;
  options.max_files = 10;
  start(options);
  run_until([this] { return !told.empty(); });
  EXPECT_LE(told.size(), 12u);
}

INSTANTIATE_TEST_SUITE_P(Ways, FolderWatchTest, ::testing::Values(true, false),
                         [](const auto& way) { return way.param ? "Reported" : "Polled"; });

// No file descriptor is left for inotify: said once, and changes are seen all the same.
TEST_F(FolderWatchTest, WithoutInotifyItLooks) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer needs descriptors of its own to look at an object";
#endif
  const testing::LogCapture log;
  put("a.lua", "one");
  struct rlimit before {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  struct rlimit none = before;
  none.rlim_cur = 3;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  FolderWatch::Options options;
  options.suffix = ".lua";
  options.quiet = milliseconds(10);
  options.poll = milliseconds(5);
  std::size_t changes = 0;
  watch = std::make_unique<FolderWatch>(loop, dir, options, [&](const auto&) { ++changes; });
  EXPECT_FALSE(watch->reported());
  turn();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  run_until([&] { return changes == 1; });
  put("a.lua", "other");
  run_until([&] { return changes == 2; });
  EXPECT_EQ(log.count("the kernel reports no changes in it"), 1u);
  run_until([&] { return watch->reported(); });
}

}  // namespace
}  // namespace virgo::uv
