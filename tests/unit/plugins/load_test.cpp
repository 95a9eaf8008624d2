#include "unit/plugins/proc_tree.hpp"

namespace virgo::native {
namespace {

using metric::Status;

class LoadPlugin : public ShippedPlugin {
 protected:
  LoadPlugin() : ShippedPlugin("load") {}
};

constexpr const char* kLoadavg = "21.33 18.08 0.01 23/206 18543\n";
using Samples = std::map<std::string, double>;

TEST_F(LoadPlugin, ThreeAveragesInBothNamings) {
  write("/proc/loadavg", kLoadavg);
  EXPECT_EQ(collect(*on_tree()), (Samples{{"system.cpu.load_average.1m", 21.33},
                                          {"system.cpu.load_average.5m", 18.08},
                                          {"system.cpu.load_average.15m", 0.01}}));
  EXPECT_EQ(collect(*on_tree(", naming: prometheus")),
            (Samples{{"node_load1", 21.33}, {"node_load5", 18.08}, {"node_load15", 0.01}}));
}

TEST_F(LoadPlugin, AsTheRackspaceAgent) {
  write("/proc/loadavg", kLoadavg);
  auto check = make("agent.load_average", "{root: " + root + "}");
  EXPECT_EQ(collect(*check), (Samples{{"1m", 21.33}, {"5m", 18.08}, {"15m", 0.01}}));
  write("/proc/loadavg", "1 2\n");
  collect(*check, Status::failed);
}

TEST_F(LoadPlugin, HugeLoadsAndOtherColumns) {
  write("/proc/loadavg", "123456789.25 0.00 18446744073709551616.00\n");
  auto check = on_tree();
  EXPECT_EQ(collect(*check).at("system.cpu.load_average.1m"), 123456789.25);
  EXPECT_EQ(collect(*check).at("system.cpu.load_average.15m"), 18446744073709551616.0);
  write("/proc/loadavg", "1 2 3 4/5 6 7 8 9\n");
  EXPECT_EQ(collect(*check).at("system.cpu.load_average.15m"), 3) << "read anew, more columns";
}

TEST_F(LoadPlugin, DamagedFilesFailWithASentence) {
  auto check = on_tree();
  collect(*check, Status::failed);
  EXPECT_EQ(explanation, root + "/proc/loadavg: No such file or directory");
  for (const char* text :
       {"\n", "1 2\n", "a b c\n", "1 2 nan\n", "inf 1 1\n", "-1 1 1\n", "1,5 1 1\n", "1 2 3"}) {
    write("/proc/loadavg", text);
    EXPECT_EQ(collect(*check, Status::failed).size(), 0u) << text;
    EXPECT_EQ(explanation, root + "/proc/loadavg has no whole line with three numbers") << text;
  }
  write("/proc/loadavg", kLoadavg);
  EXPECT_EQ(collect(*check).size(), 3u) << "and it recovers";
}

TEST_F(LoadPlugin, EveryCutOfTheFileFails) {
  const std::string whole = kLoadavg;
  auto check = on_tree();
  for (std::size_t n = 0; n < whole.size(); ++n) {
    write("/proc/loadavg", whole.substr(0, n));
    EXPECT_EQ(collect(*check, Status::failed).size(), 0u);
  }
}

TEST_F(LoadPlugin, ThisHost) {
  for (const auto& [name, value] : collect(*on_host())) EXPECT_GE(value, 0) << name;
}

}  // namespace
}  // namespace virgo::native
