#include "cli/plugin_project.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace virgo::cli {
namespace {

using ::testing::HasSubstr;

std::string why_not(const std::string& name, const std::string& id = "") {
  const auto names = project_names(name, id);
  return names ? "" : names.error().message;
}

TEST(PluginProject, OneNameGivesAllTheOthers) {
  const auto names = project_names("acme-print-queue2", "");
  ASSERT_TRUE(names.ok());
  EXPECT_EQ(names->type, "acme.print.queue2");
  EXPECT_EQ(names->id, "com.example.acme-print-queue2");
  EXPECT_EQ(names->file, "acme_print_queue2");
  EXPECT_EQ(names->class_name, "AcmePrintQueue2");
  EXPECT_EQ(project_names("acme-2nd", "")->class_name, "Acme2nd");
  EXPECT_EQ(project_names("acme-queue", "org.acme.Queue_1")->id, "org.acme.Queue_1");
}

TEST(PluginProject, ANameThatCannotBeSaysWhy) {
  EXPECT_THAT(why_not(""), HasSubstr("must start with a lower-case letter"));
  EXPECT_THAT(why_not("2acme-queue"), HasSubstr("must start with a lower-case letter"));
  EXPECT_THAT(why_not("acme_queue"), HasSubstr("use lower-case letters, digits and '-'"));
  EXPECT_THAT(why_not("acme-Queue"), HasSubstr("use lower-case letters, digits and '-'"));
  EXPECT_THAT(why_not("acme/../queue"), HasSubstr("use lower-case letters, digits and '-'"));
  EXPECT_THAT(why_not("acme-\n"), HasSubstr("'acme-\\x0a'"));
  EXPECT_THAT(why_not("acme-"), HasSubstr("a letter or a digit follows each '-'"));
  EXPECT_THAT(why_not("acme--queue"), HasSubstr("a letter or a digit follows each '-'"));
  EXPECT_THAT(why_not("queue"), HasSubstr("your company's name and a '-' in front"));
  EXPECT_THAT(why_not("virgo-queue"), HasSubstr("for what comes with the agent"));
  EXPECT_THAT(why_not("a-" + std::string(63, 'b')), HasSubstr("longer than 64 bytes"));
  EXPECT_EQ(why_not("a-" + std::string(62, 'b')), "");
}

TEST(PluginProject, AnIdThatCannotBeSaysWhy) {
  EXPECT_THAT(why_not("acme-queue", "com acme"), HasSubstr("'com acme' cannot be a module's id"));
  EXPECT_THAT(why_not("acme-queue", "\"};"), HasSubstr("cannot be a module's id"));
  EXPECT_NE(why_not("acme-queue", std::string(256, 'x')), "");
  EXPECT_EQ(why_not("acme-queue", std::string(255, 'x')), "");
}

TEST(PluginProject, WhatIsFilledInIsNotFilledInAgain) {
  const auto names = project_names("my-plugin-two", "");
  ASSERT_TRUE(names.ok());
  EXPECT_EQ(
      fill_in("MyPlugin my-plugin my_plugin.cpp com.example.my-plugin my.plugin.x, my plugin",
              *names),
      "MyPluginTwo my-plugin-two my_plugin_two.cpp com.example.my-plugin-two my.plugin.two.x, my "
      "plugin");
  EXPECT_EQ(fill_in("", *names), "");
  EXPECT_EQ(fill_in("my", *names), "my");
}

struct MakeProject : ::testing::Test {
  std::string dir;
  ProjectNames names = *project_names("acme-queue", "");
  void SetUp() override {
    char path[] = "/tmp/virgo-project-XXXXXX";
    ASSERT_NE(mkdtemp(path), nullptr);
    dir = path;
    ASSERT_EQ(mkdir((dir + "/template").c_str(), 0700), 0);
    std::ofstream(dir + "/template/my_plugin.c") << "int MyPlugin;\n";
    std::ofstream(dir + "/template/README.md") << "# my-plugin\n";
  }
  void TearDown() override { std::filesystem::remove_all(dir); }
  auto make() { return make_project(dir + "/template", dir + "/acme-queue", names); }
  std::string content(const std::string& file) {
    std::stringstream text;
    text << std::ifstream(dir + "/acme-queue/" + file).rdbuf();
    return text.str();
  }
};

TEST_F(MakeProject, FilesAndTheirNamesAreFilledIn) {
  const auto made = make();
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(*made, (std::vector<std::string>{"README.md", "acme_queue.c"}));
  EXPECT_EQ(content("README.md"), "# acme-queue\n");
  EXPECT_EQ(content("acme_queue.c"), "int AcmeQueue;\n");
}

TEST_F(MakeProject, WhatIsThereStays) {
  ASSERT_EQ(mkdir((dir + "/acme-queue").c_str(), 0700), 0);
  std::ofstream(dir + "/acme-queue/README.md") << "mine\n";
  const auto made = make();
  ASSERT_FALSE(made.ok());
  EXPECT_THAT(made.error().message, HasSubstr("acme-queue is there already: nothing is replaced"));
  EXPECT_EQ(content("README.md"), "mine\n");
  EXPECT_FALSE(std::filesystem::exists(dir + "/acme-queue/acme_queue.c"));
}

// A file that cannot be copied: the half-made folder goes again.
TEST_F(MakeProject, AFailureLeavesNothing) {
  ASSERT_EQ(mkfifo((dir + "/template/zzz").c_str(), 0600), 0);
  const auto made = make();
  ASSERT_FALSE(made.ok());
  EXPECT_THAT(made.error().message, HasSubstr("zzz: is a FIFO"));
  EXPECT_FALSE(std::filesystem::exists(dir + "/acme-queue"));
}

TEST_F(MakeProject, WithoutATemplateItSaysWhatToInstall) {
  const auto made = make_project(dir + "/none", dir + "/acme-queue", names);
  ASSERT_FALSE(made.ok());
  EXPECT_THAT(made.error().message, HasSubstr(dir + "/none is not there: install Virgo with"));
  EXPECT_FALSE(std::filesystem::exists(dir + "/acme-queue"));
}

TEST_F(MakeProject, TheFolderToPutItInMustBeThere) {
  const auto made = make_project(dir + "/template", dir + "/none/acme-queue", names);
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().message, dir + "/none/acme-queue: No such file or directory");
}

}  // namespace
}  // namespace virgo::cli
