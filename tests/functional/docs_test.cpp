// Documents that are generated agree with the code they are generated from.
#include <gtest/gtest.h>

#include <filesystem>

#include "functional/world.hpp"

namespace virgo::functional {
namespace {

TEST(Docs, TheReferenceOfOptionsIsWhatTheBinaryPrints) {
  TempDir dir;
  Process options({virgo_binary(), "config", "options"}, dir.file("options"));
  ASSERT_EQ(options.wait(), 0);
  const std::string page = read_file(source_dir() + "/host/docs/configuration.md");
  EXPECT_NE(page.find(options.out()), std::string::npos)
      << "host/docs/configuration.md is not up to date: run ./dev docs";
}

TEST(Docs, TheTablesOfEachPluginAreWhatThePluginDeclares) {
  TempDir dir;
  int plugins = 0;
  for (const auto& entry : std::filesystem::directory_iterator(source_dir() + "/plugins")) {
    const std::string page = read_file(entry.path() / "README.md");
    if (page.empty()) continue;
    ++plugins;
    const std::string name = entry.path().filename();
    const std::string file = std::filesystem::path(virgo_binary()).parent_path().parent_path() /
                             "lib/virgo/plugins" / (name + ".so");
    Process info({virgo_binary(), "plugin", "info", "--markdown", file}, dir.file(name));
    EXPECT_EQ(info.wait(), 0) << info.err();
    EXPECT_NE(page.find("<!-- begin: virgo plugin info --markdown -->\n\n" + info.out() +
                        "\n<!-- end -->\n"),
              std::string::npos)
        << "plugins/" << name << "/README.md is not up to date: run ./dev docs";
  }
  EXPECT_GE(plugins, 3);
}

TEST(Docs, TheShippedConfigurationPassesItsOwnCheck) {
  TempDir dir;
  Process check({virgo_binary(), "config", "check", source_dir() + "/config/agent.yaml"},
                dir.file("check"));
  EXPECT_EQ(check.wait(), 0) << check.err();
}

}  // namespace
}  // namespace virgo::functional
