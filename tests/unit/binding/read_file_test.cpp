#include "binding/read_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

namespace virgo::binding {
namespace {

using Names = std::vector<std::string>;

class ReadFileTest : public testing::Test {
 protected:
  ReadFileTest() {
    char name[] = "/tmp/virgo-read-XXXXXX";
    folder_ = mkdtemp(name);
  }
  ~ReadFileTest() override { std::filesystem::remove_all(folder_); }
  std::string file(const std::string& name, const std::string& text = "") const {
    const std::string path = folder_ + "/" + name;
    std::FILE* f = std::fopen(path.c_str(), "w");
    std::fwrite(text.data(), 1, text.size(), f);
    std::fclose(f);
    return path;
  }
  std::string folder_;
};

TEST_F(ReadFileTest, NamesAreHeldToTheirBounds) {
  EXPECT_EQ(*list_names(folder_, 0, 0), Names());
  for (const char* name : {"bbb", ".a", "cc"}) file(name);
  EXPECT_EQ(*list_names(folder_, 3, 7), (Names{".a", "bbb", "cc"}));
  for (const auto& [names, bytes] : {std::pair{2, 7}, std::pair{3, 6}}) {
    const auto listed = list_names(folder_, names, bytes);
    ASSERT_FALSE(listed.ok());
    EXPECT_EQ(listed.error().code, Errc::limit);
  }
  EXPECT_EQ(list_names(folder_, 2, 7).error().message,
            folder_ + " has more than 2 names, or 7B of them");
  EXPECT_EQ(list_names(folder_ + "/none", 1, 1).error().message,
            "cannot list " + folder_ + "/none: no such file or directory");
  EXPECT_FALSE(list_names(std::string("/tmp\0/x", 7), 1, 1).ok());
}

TEST_F(ReadFileTest, PiecesFromAnywhere) {
  std::string text;
  for (int i = 0; text.size() < 200'000; ++i) text += std::to_string(i) + ";";
  const std::string path = file("data", text);
  const auto size = static_cast<std::int64_t>(text.size());
  for (const std::int64_t from :
       {std::int64_t{0}, std::int64_t{1}, std::int64_t{65'536}, size - 1}) {
    for (const std::uint64_t max : {1u, 65'536u, 65'537u, 1'000'000u}) {
      const auto piece = read_file_piece(path, from, max);
      ASSERT_TRUE(piece.ok());
      EXPECT_EQ(piece->bytes, text.substr(static_cast<std::size_t>(from), max));
      EXPECT_EQ(piece->next, static_cast<std::size_t>(from) + piece->bytes.size());
    }
  }
  EXPECT_EQ(read_file_piece(path, -5, 100)->bytes, text.substr(text.size() - 5));
  EXPECT_EQ(read_file_piece(path, -size - 9, 3)->bytes, text.substr(0, 3));
  EXPECT_EQ(read_file_piece(path, size, 3)->bytes, "");
  EXPECT_EQ(read_file_piece(path, size + 9, 3)->next, text.size() + 9);
  EXPECT_FALSE(read_file_piece(folder_, 0, 3).ok());
}

TEST_F(ReadFileTest, FactsOfAFile) {
  const std::string path = file("data", "12345");
  ASSERT_EQ(chmod(path.c_str(), 0640), 0);
  ASSERT_EQ(symlink(path.c_str(), (folder_ + "/link").c_str()), 0);
  for (const std::string& name : {path, folder_ + "/link"}) {
    const auto facts = stat_file(name);
    ASSERT_TRUE(facts.ok());
    EXPECT_EQ(facts->size, 5u);
    EXPECT_EQ(facts->mode, 0640u);
    EXPECT_STREQ(facts->type, "file");
  }
  EXPECT_EQ(stat_file(path)->inode, stat_file(folder_ + "/link")->inode);
  EXPECT_EQ(stat_file(folder_ + "/none").error().code, Errc::not_found);
}

}  // namespace
}  // namespace virgo::binding
