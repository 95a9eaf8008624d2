#include "sdk/followed.hpp"

#include <gtest/gtest.h>

#include "sdk/guide.hpp"

namespace virgo::sdk_test {
namespace {

// As the page calls the folder in which its reader works.
std::string with_readers_folder(std::string out, const std::string& folder) {
  for (std::size_t at = out.find(folder); at != std::string::npos; at = out.find(folder, at))
    out.replace(at, folder.size(), "/home/me/");
  return out;
}

}  // namespace

void follow(Installed& virgo, const std::string& page, std::size_t least,
            const Compilers& compilers) {
  const std::string name = page.substr(page.rfind('/') + 1);
  const std::string text = functional::read_file(page);
  const std::vector<Step> steps = read_guide(text);
  ASSERT_GT(steps.size(), least) << text;
  std::vector<std::string> commands;
  for (const Step& step : steps)
    commands.insert(commands.end(), step.commands.begin(), step.commands.end());
  const std::vector<Done> done = virgo.shell(commands, compilers);

  std::size_t at = 0;
  for (const Step& step : steps) {
    std::string out;
    for (const std::string& command : step.commands) {
      const Done& one = done[at++];
      ASSERT_TRUE(one.ran) << name << ":" << step.line << ": not reached: " << command;
      ASSERT_EQ(one.code, 0) << name << ":" << step.line << ": " << command << "\n" << one.out;
      out += with_readers_folder(one.out, virgo.work_file(""));
    }
    if (step.shown.empty()) continue;
    EXPECT_EQ(missing_line(step.shown, out), "")
        << name << ":" << step.line << ": this line is not what was printed:\n"
        << out;
  }
}

}  // namespace virgo::sdk_test
