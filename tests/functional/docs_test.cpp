// Documents that are generated agree with the code they are generated from.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "functional/world.hpp"

namespace virgo::functional {
namespace {

constexpr const char* kMetricCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

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
  EXPECT_GE(plugins, 25);
}

// What a page shows as a run is what that check can report, and each page shows one.
TEST(Docs, TheRunsOnThePagesShowDeclaredMetrics) {
  const std::string begin = "<!-- begin: virgo plugin run ";
  for (const auto& entry : std::filesystem::directory_iterator(source_dir() + "/plugins")) {
    const std::string page = read_file(entry.path() / "README.md");
    if (page.empty() || !std::filesystem::is_directory(entry)) continue;
    const std::string name = entry.path().filename();
    for (std::size_t at = page.find(begin); at != std::string::npos;
         at = page.find(begin, at + 1)) {
      const std::size_t end = page.find("<!-- end -->", at);
      ASSERT_NE(end, std::string::npos) << name;
      std::istringstream lines(page.substr(at, end - at));
      for (std::string line; std::getline(lines, line);) {
        const std::string metric = line.substr(0, line.find(' '));
        // A name of ours; those of others, in text files, are as they are found.
        const bool is_sample = metric.find('.') != std::string::npos &&
                               metric.find_first_not_of(kMetricCharacters) == std::string::npos;
        if (is_sample) {
          EXPECT_NE(page.find("`" + metric + "`"), std::string::npos)
              << "plugins/" << name << "/README.md shows " << metric
              << ", which is not declared: run ./dev docs";
        }
      }
    }
    EXPECT_NE(page.find("\nMETRIC "), std::string::npos)
        << "plugins/" << name << "/README.md shows no run";
  }
}

// The list of what there is names every type of every module.
TEST(Docs, TheListOfChecksIsComplete) {
  const std::string list = read_file(source_dir() + "/plugins/README.md");
  for (const auto& entry : std::filesystem::directory_iterator(source_dir() + "/plugins")) {
    std::istringstream page(read_file(entry.path() / "README.md"));
    if (!std::filesystem::is_directory(entry)) continue;
    const std::string name = entry.path().filename();
    if (name == "shared") continue;
    EXPECT_NE(list.find("[" + name + "](" + name + "/README.md)"), std::string::npos) << name;
  }
}

TEST(Docs, TheShippedConfigurationPassesItsOwnCheck) {
  TempDir dir;
  Process check({virgo_binary(), "config", "check", source_dir() + "/config/agent.yaml"},
                dir.file("check"));
  EXPECT_EQ(check.wait(), 0) << check.err();
}

// host/README.md draws the graph that host/src/CMakeLists.txt links.
TEST(Docs, TheMapOfTheHostHasItsPartsAndTheirLinks) {
  const std::string page = read_file(source_dir() + "/host/README.md");
  std::istringstream lines(read_file(source_dir() + "/host/src/CMakeLists.txt"));
  int parts = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("virgo_part(", 0) != 0) continue;
    ++parts;
    std::istringstream words(line.substr(11, line.find(')') - 11));
    std::string name;
    words >> name;
    EXPECT_NE(page.find("\n| `" + name + "` | "), std::string::npos) << name;
    const std::string column =
        " " + name + std::string(9 - std::min<std::size_t>(9, name.size()), ' ');
    const std::size_t at = page.find(column + "= ");
    if (name == "base") continue;
    if (at == std::string::npos) {  // on the left, drawn with lines
      EXPECT_NE(page.find("- " + name), std::string::npos) << name;
      continue;
    }
    const std::string drawn = page.substr(at, page.find('\n', at) - at);
    std::string links;
    for (std::string word; words >> word && word != "THIRD_PARTY";)
      if (word != "LINK") links += (links.empty() ? "= " : " + ") + word;
    EXPECT_EQ(drawn.substr(drawn.find('=')), links) << name;
  }
  EXPECT_GE(parts, 20);
}

}  // namespace
}  // namespace virgo::functional
