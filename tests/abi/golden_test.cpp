// The golden binaries are there: a glob that finds nothing would test nothing.
#include <gtest/gtest.h>

#include <string>

namespace {

TEST(Golden, EveryReleaseHasFour) {
  const std::string machines = VIRGO_ABI_MACHINES;
  if (machines.find(VIRGO_ABI_MACHINE) == std::string::npos)
    GTEST_SKIP() << "tests/abi/golden has binaries for " << machines
                 << " only, and this machine is " << VIRGO_ABI_MACHINE;
  const std::string plugins = VIRGO_ABI_PLUGINS;
  std::string releases = VIRGO_ABI_RELEASES;
  ASSERT_FALSE(releases.empty());
  while (!releases.empty()) {
    const std::string release = releases.substr(0, releases.find('|'));
    releases.erase(0, release.size() + 1);
    for (const char* kind : {"_gcc_c=", "_gcc_cxx=", "_clang_c=", "_clang_cxx="})
      EXPECT_NE(plugins.find("golden_" + release + kind), std::string::npos)
          << "golden_" << release << kind << " is not among " << plugins;
  }
}

}  // namespace
