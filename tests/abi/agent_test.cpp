// The same plugins in the binary that is shipped, which has its C++ library inside
// it, while plugins in C++ bring the shared one.
#include <gmock/gmock.h>

#include "abi/plugins.hpp"
#include "functional/world.hpp"

namespace virgo {
namespace {

using testing::HasSubstr;

class InTheBinary : public testing::TestWithParam<AbiPlugin> {
 protected:
  // `virgo plugin run` of one type: what it prints, as JSON.
  std::string run(std::vector<std::string> arguments, int expected_exit) {
    std::vector<std::string> argv = {
        functional::virgo_binary(), "plugin", "run", GetParam().file, "--once", "--json"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    functional::Process process(argv, folder.file("run"));
    EXPECT_EQ(process.wait(), expected_exit) << process.err();
    return process.out();
  }
  functional::TempDir folder;
};
class InTheBinaryCxx : public InTheBinary {};
INSTANTIATE_TEST_SUITE_P(All, InTheBinary, testing::ValuesIn(abi_plugins()), name_of);
INSTANTIATE_TEST_SUITE_P(InCxx, InTheBinaryCxx, testing::ValuesIn(abi_plugins("_cxx")), name_of);

TEST_P(InTheBinary, FindsAllAsItShouldBeOnAWorker) {
  const std::string out = run({"--type", "abi.worker", "--set", "path=/x", "--set", "count=5"}, 0);
  EXPECT_THAT(out, HasSubstr(R"("metric":"abi.facts","labels":{},"value":"ok")"));
  EXPECT_THAT(out, HasSubstr(R"("metric":"abi.count","labels":{},"value":5,)"));
  EXPECT_THAT(out, HasSubstr(R"("labels":{"from":"map","at":"two"},"value":2,)"));
}

TEST_P(InTheBinary, TakesStepsOnTheLoop) {
  EXPECT_THAT(run({"--type", "abi.steps"}, 0),
              HasSubstr("stop 0 -8, ticks 2, read 1, watch 0 0, worker -10, left 0, freed 0"));
}

TEST_P(InTheBinaryCxx, ThrowsAndCatches) {
  EXPECT_THAT(run({"--type", "abi.throws"}, 1), HasSubstr(R"("thrown by abi.throws")"));
}

}  // namespace
}  // namespace virgo
