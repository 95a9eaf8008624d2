#include "base/file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

namespace virgo {
namespace {

struct FileTest : ::testing::Test {
  std::string dir;
  void SetUp() override {
    char path[] = "/tmp/virgo-file-XXXXXX";
    ASSERT_NE(mkdtemp(path), nullptr);
    dir = path;
  }
  void TearDown() override { std::filesystem::remove_all(dir); }
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(dir + "/" + name) << text;
    return dir + "/" + name;
  }
};

TEST_F(FileTest, TheLimitIsExact) {
  for (const std::size_t size : {0u, 1u, 4095u, 16384u, 16385u, 100000u}) {
    const std::string path = write("f", std::string(size, 'x'));
    const auto whole = read_regular_file(path, size);
    ASSERT_TRUE(whole.ok()) << size;
    EXPECT_EQ(whole->size(), size);
    if (size == 0) continue;
    const auto more = read_regular_file(path, size - 1);
    ASSERT_FALSE(more.ok()) << size;
    EXPECT_EQ(more.error().code, Errc::limit);
    EXPECT_EQ(more.error().message, "is larger than " + std::to_string(size - 1) + " bytes");
  }
}

// What is read is kept, the source of each Lua plugin for one.
TEST_F(FileTest, TakesNoMoreMemoryThanTheFileHas) {
  for (const std::size_t size : {100u, 1500u, 40000u}) {
    const auto text = read_regular_file(write("f", std::string(size, 'x')), 1 << 20);
    ASSERT_TRUE(text.ok());
    EXPECT_EQ(text->size(), size);
    EXPECT_LE(text->capacity(), size + 64);
  }
}

TEST_F(FileTest, FilesThatSayTheyAreEmptyAreReadWhole) {
  const auto text = read_regular_file("/proc/self/status", 1 << 20);
  ASSERT_TRUE(text.ok());
  EXPECT_NE(text->find("Pid:"), std::string::npos);
}

TEST_F(FileTest, RefusesWhatIsNoRegularFileWithoutWaiting) {
  ASSERT_EQ(mkfifo((dir + "/pipe").c_str(), 0600), 0);
  EXPECT_EQ(read_regular_file(dir + "/pipe", 10).error().message, "is a FIFO, not a regular file");
  EXPECT_EQ(read_regular_file(dir, 10).error().message, "is a directory, not a regular file");
  EXPECT_EQ(read_regular_file("/dev/null", 10).error().message, "is a device, not a regular file");
  EXPECT_EQ(read_regular_file(dir + "/none", 10).error().code, Errc::not_found);
  EXPECT_EQ(read_regular_file(std::string("/proc\0/x", 8), 10).error().code, Errc::io);
}

TEST_F(FileTest, TellsTheMode) {
  const std::string path = write("f", "x");
  ASSERT_EQ(chmod(path.c_str(), 0640), 0);
  mode_t mode = 0;
  ASSERT_TRUE(read_regular_file(path, 10, &mode).ok());
  EXPECT_EQ(mode & 0777u, 0640u);
}

TEST_F(FileTest, ListsByNameWithoutWhatIsHidden) {
  for (const char* name : {"b.yaml", "a.yml", ".c.yaml", "d.txt", "a.yaml"}) write(name, "");
  const auto names = list_folder(dir, {".yaml", ".yml"});
  ASSERT_TRUE(names.ok());
  EXPECT_EQ(*names, (std::vector<std::string>{"a.yaml", "a.yml", "b.yaml"}));
  EXPECT_EQ(list_folder(dir, {".yaml", ".yml"}, 1)->size(), 2u) << "one more than the bound";
  EXPECT_EQ(list_folder(dir + "/d.txt", {".yaml"}).error().message, "is not a directory");
  EXPECT_EQ(list_folder(dir + "/none", {".yaml"}).error().code, Errc::not_found);
}

TEST(SystemError, HasACodeAndTheSystemsWords) {
  EXPECT_EQ(system_error(ENOENT).code, Errc::not_found);
  EXPECT_EQ(system_error(EPERM).code, Errc::denied);
  EXPECT_EQ(system_error(EIO).code, Errc::io);
  EXPECT_EQ(system_error(ENOENT).message, "No such file or directory");
  EXPECT_EQ(system_error(99999).message, "error 99999");
}

TEST_F(FileTest, ReplacingAFileKeepsTheOldOneIfItFails) {
  const std::string path = write("f", "old");
  ASSERT_TRUE(replace_file(path, "new\n", 0640).ok());
  mode_t mode = 0;
  EXPECT_EQ(*read_regular_file(path, 100, &mode), "new\n");
  EXPECT_EQ(mode & 07777u, 0640u);
  ASSERT_TRUE(replace_file(dir + "/fresh", "", 0600).ok());
  EXPECT_EQ(*read_regular_file(dir + "/fresh", 100), "");
  const auto nowhere = replace_file(dir + "/none/f", "x", 0600);
  ASSERT_FALSE(nowhere.ok());
  EXPECT_EQ(nowhere.error().code, Errc::not_found);
  EXPECT_NE(nowhere.error().message.find(dir + "/none/f"), std::string::npos);
  std::filesystem::create_directory(dir + "/folder");
  EXPECT_FALSE(replace_file(dir + "/folder", "x", 0600).ok());
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(dir))
    files += entry.is_regular_file();
  EXPECT_EQ(files, 2u) << "a file was left behind";
}

}  // namespace
}  // namespace virgo
