// `virgo plugin new`: what it writes, and what it refuses to. That the projects
// build is shown in tests/sdk.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "functional/world.hpp"

namespace virgo::functional {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

struct PluginNew : ::testing::Test {
  TempDir dir;
  int runs = 0;

  // In the test's folder; returns the exit code.
  int make(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {virgo_binary(), "plugin", "new"});
    arguments.insert(arguments.end(), {"--into", dir.path()});
    Process process(std::move(arguments), dir.file("run" + std::to_string(++runs)));
    const int code = process.wait();
    out = process.out();
    err = process.err();
    return code;
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& file : std::filesystem::directory_iterator(dir.file("acme-queue")))
      names.push_back(file.path().filename());
    return names;
  }
  // Nothing of the template's own names is left, in whatever spelling.
  void expect_filled_in() const {
    for (const std::string& name : files()) {
      const std::string text = read_file(dir.file("acme-queue/" + name));
      EXPECT_FALSE(text.empty()) << name;
      EXPECT_THAT(text, Not(::testing::ContainsRegex("[Mm][Yy][^ ]?[Pp]lugin"))) << name;
    }
  }
  std::string out;
  std::string err;
};

TEST_F(PluginNew, InCxx) {
  ASSERT_EQ(make({"acme-queue"}), 0) << err;
  EXPECT_THAT(files(), UnorderedElementsAre("CMakeLists.txt", "README.md", "acme_queue.cpp",
                                            "acme_queue_test.cpp"));
  expect_filled_in();
  const std::string source = read_file(dir.file("acme-queue/acme_queue.cpp"));
  EXPECT_THAT(source, HasSubstr("class AcmeQueue {"));
  EXPECT_THAT(source, HasSubstr("kName = \"acme.queue\";"));
  EXPECT_THAT(source, HasSubstr("VIRGO_CXX_MODULE(\"com.example.acme-queue\", \"1.0.0\", "
                                "AcmeQueue);"));
  EXPECT_THAT(out, HasSubstr("made " + dir.file("acme-queue") + ": CMakeLists.txt, README.md, "));
  EXPECT_THAT(out, HasSubstr("  cmake -S " + dir.file("acme-queue") + " -B build"));
  EXPECT_THAT(out, HasSubstr("  virgo plugin test build/acme-queue.so\n"));
}

TEST_F(PluginNew, InCWithAnIdOfItsOwn) {
  ASSERT_EQ(make({"acme-queue", "--lang", "c", "--id", "org.acme.q"}), 0) << err;
  EXPECT_THAT(files(), UnorderedElementsAre("CMakeLists.txt", "README.md", "acme_queue.c"));
  expect_filled_in();
  EXPECT_THAT(read_file(dir.file("acme-queue/acme_queue.c")), HasSubstr("\"org.acme.q\""));
  EXPECT_THAT(out, HasSubstr("  module id   org.acme.q\n"));
}

// They are edited, by whoever the umask lets.
TEST_F(PluginNew, FilesAreTheAuthors) {
  const mode_t before = umask(027);
  EXPECT_EQ(make({"acme-queue"}), 0) << err;
  umask(before);
  struct stat info {};
  ASSERT_EQ(stat(dir.file("acme-queue/acme_queue.cpp").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777u, 0640u);
}

TEST_F(PluginNew, NothingIsReplaced) {
  ASSERT_EQ(mkdir(dir.file("acme-queue").c_str(), 0700), 0);
  EXPECT_EQ(make({"acme-queue"}), 1);
  EXPECT_THAT(err, HasSubstr("acme-queue is there already: nothing is replaced"));
  EXPECT_THAT(files(), UnorderedElementsAre());
}

TEST_F(PluginNew, WhatIsWrongIsSaid) {
  EXPECT_EQ(make({}), 2);
  EXPECT_THAT(err, HasSubstr("an argument is missing"));
  EXPECT_EQ(make({"queue"}), 2);
  EXPECT_THAT(err, HasSubstr("'queue' cannot be a plugin's name"));
  EXPECT_EQ(make({"acme-queue", "--lang", "rust"}), 2);
  EXPECT_THAT(err, HasSubstr("there is no template for 'rust': write c, cpp or lua"));
  EXPECT_EQ(make({"acme-queue", "--id="}), 2);
  EXPECT_THAT(err, HasSubstr("--id: write one"));
  EXPECT_FALSE(std::filesystem::exists(dir.file("acme-queue")));
}

TEST_F(PluginNew, DemoTakesTheChecksOfAFolder) {
  Process demo({virgo_binary(), "demo", "--conf-d", dir.file("nowhere")}, dir.file("nowhere-run"));
  EXPECT_EQ(demo.wait(), 2);
  EXPECT_THAT(demo.err(), HasSubstr("--conf-d: '" + dir.file("nowhere") + "' is not a folder"));
}

}  // namespace
}  // namespace virgo::functional
