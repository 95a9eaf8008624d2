// Files that are plugins, and all that are not.
#include "native/elf_note.hpp"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>

#include "virgo/plugin.h"

namespace virgo::native {
namespace {

using testing::HasSubstr;

class ElfNote : public testing::Test {
 protected:
  void SetUp() override {
    std::ifstream in(std::string(VIRGO_TEST_PLUGIN_DIR) + "/test_plain_c.so", std::ios::binary);
    good.assign(std::istreambuf_iterator<char>(in), {});
    ASSERT_GT(good.size(), 1000u);
    char name[] = "/tmp/virgo-elf-XXXXXX";
    const int fd = mkstemp(name);
    ASSERT_GE(fd, 0);
    close(fd);
    path = name;
  }
  void TearDown() override { unlink(path.c_str()); }
  Result<AbiNote> read(const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    return read_abi_note(path);
  }
  void expect_refused(const std::string& bytes, const std::string& words) {
    const auto r = read(bytes);
    ASSERT_FALSE(r.ok());
    EXPECT_EQ(r.error().code, Errc::invalid);
    EXPECT_THAT(r.error().message, HasSubstr(words));
  }
  std::string good, path;
};

TEST_F(ElfNote, APluginTellsItsVersions) {
  const auto r = read(good);
  ASSERT_TRUE(r.ok()) << r.error().message;
  EXPECT_EQ(r->abi_major, unsigned{VIRGO_ABI_MAJOR});
  EXPECT_EQ(r->abi_minor, unsigned{VIRGO_ABI_MINOR});
  EXPECT_EQ(r->requires_minor, 0u);
}

TEST_F(ElfNote, SurvivesStripping) {
  ASSERT_TRUE(read(good).ok());
  ASSERT_EQ(system(("strip --strip-all " + path).c_str()), 0);
  EXPECT_TRUE(read_abi_note(path).ok());
}

TEST_F(ElfNote, TextAndNothing) {
  expect_refused("hello, I am a library\n", "is not a shared library");
  expect_refused("", "is not a shared library");
  expect_refused(good.substr(0, 20), "is not a shared library");
}

TEST_F(ElfNote, OtherMachines) {
  std::string other = good;
  other[offsetof(Elf64_Ehdr, e_machine)] ^= 0x55;
  expect_refused(other, "is for another kind of machine");
  other = good;
  other[EI_CLASS] = other[EI_CLASS] == ELFCLASS64 ? ELFCLASS32 : ELFCLASS64;
  expect_refused(other, "is for another kind of machine");
}

TEST_F(ElfNote, LibrariesThatAreNoPlugins) {
  const auto r = read_abi_note(std::string(VIRGO_TEST_PLUGIN_DIR) + "/refused/no_note.so");
  ASSERT_FALSE(r.ok());
  EXPECT_THAT(r.error().message, HasSubstr("not a Virgo plugin"));
}

TEST_F(ElfNote, MissingFile) {
  const auto r = read_abi_note("/nonexistent/x.so");
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().code, Errc::not_found);
  EXPECT_EQ(r.error().message, "cannot be opened: No such file or directory");
}

TEST_F(ElfNote, AnyCutOfThePluginIsAnswered) {
  for (std::size_t n = 0; n < good.size(); n += 211) {
    const auto r = read(good.substr(0, n));
    EXPECT_TRUE(r.ok() || !r.error().message.empty());
  }
}

TEST_F(ElfNote, AnyDamageOfThePluginIsAnswered) {
  std::mt19937 random(4711);
  for (int i = 0; i < 500; ++i) {
    std::string damaged = good;
    for (int k = 0; k < 4; ++k) damaged[random() % 2048] = static_cast<char>(random());
    const auto r = read(damaged);
    EXPECT_TRUE(r.ok() || !r.error().message.empty());
  }
}

}  // namespace
}  // namespace virgo::native
