#include "unit/plugins/proc_tree.hpp"

namespace virgo::native {
namespace {

using metric::Status;

class UptimePlugin : public ShippedPlugin {
 protected:
  UptimePlugin() : ShippedPlugin("uptime") {}
};

const std::string kStat = "cpu  1 2 3 4\nintr 5 6 7\nctxt 99\nbtime 1700000000\nprocesses 3\n";

TEST_F(UptimePlugin, SinceWhenAndHowLong) {
  write("/proc/uptime", "30017.80 21688.09\n");
  write("/proc/stat", kStat);
  auto check = on_tree();
  const auto s = collect(*check);
  ASSERT_EQ(s.size(), 2u);
  EXPECT_EQ(s.at("system.uptime"), 30017.80);
  EXPECT_EQ(s.at("virgo.boot.time"), 1700000000);
}

TEST_F(UptimePlugin, WithoutATimeOfBootTheUptimeIsLeft) {
  write("/proc/uptime", "7 8\n");
  auto check = on_tree();
  EXPECT_EQ(collect(*check), (std::map<std::string, double>{{"system.uptime", 7}}));
  for (const char* text : {"", "btime\n", "btime x\n", "btime 17", "btimes 17\n", "btime -1\n"}) {
    write("/proc/stat", text);
    EXPECT_EQ(collect(*check).size(), 1u) << text;
  }
}

TEST_F(UptimePlugin, AnInterruptLineOfFiftyKilobytes) {
  write("/proc/uptime", "1.5 0.0\n");
  std::string zeros;
  for (int i = 0; i < 25'000; ++i) zeros += " 0";
  write("/proc/stat", "cpu  1 2 3 4\nintr 14046379" + zeros + "\nctxt 1\nbtime 42\n");
  auto check = on_tree();
  EXPECT_EQ(collect(*check).at("virgo.boot.time"), 42);
}

TEST_F(UptimePlugin, AThousandYears) {
  write("/proc/uptime", "31556952000.99 1\n");
  write("/proc/stat", "btime 99999999999999999999999\n");
  auto check = on_tree();
  const auto s = collect(*check);
  EXPECT_EQ(s.at("system.uptime"), 31556952000.99);
  EXPECT_EQ(s.at("virgo.boot.time"), 18446744073709551616.0);
}

TEST_F(UptimePlugin, NodeExportersNames) {
  write("/proc/stat", kStat);
  auto check = on_tree(", naming: prometheus");
  EXPECT_EQ(collect(*check),
            (std::map<std::string, double>{{"node_boot_time_seconds", 1700000000}}));
  write("/proc/stat", "ctxt 99\nbtime 17");
  EXPECT_EQ(collect(*check, Status::failed).size(), 0u);
  EXPECT_EQ(explanation, root + "/proc/stat has no whole btime");
  write("/proc/stat", "");
  collect(*check, Status::failed);
  EXPECT_EQ(explanation, root + "/proc/stat is empty");
}

TEST_F(UptimePlugin, DamagedFilesFailWithASentence) {
  auto check = on_tree();
  collect(*check, Status::failed);
  EXPECT_EQ(explanation, root + "/proc/uptime: No such file or directory");
  for (const char* text : {"30017.80 21688.09", "x y\n", "\n", "-1 2\n", "nan 1\n", "inf 1\n"}) {
    write("/proc/uptime", text);
    EXPECT_EQ(collect(*check, Status::failed).size(), 0u) << text;
    EXPECT_EQ(explanation, root + "/proc/uptime has no whole number of seconds") << text;
  }
  write("/proc/uptime", "5 6\n");
  EXPECT_EQ(collect(*check).at("system.uptime"), 5) << "and it recovers";
}

TEST_F(UptimePlugin, ACutFileIsNeverHalfRead) {
  auto check = on_tree();
  write("/proc/uptime", "30017.80 21688.09\n");
  for (std::size_t n = 0; n < kStat.size(); ++n) {
    write("/proc/stat", kStat.substr(0, n));
    const auto s = collect(*check);
    const bool whole = n > kStat.find("\nprocesses");
    EXPECT_EQ(s.count("virgo.boot.time"), whole ? 1u : 0u) << n;
  }
}

TEST_F(UptimePlugin, ThisHost) {
  auto check = on_host();
  const auto s = collect(*check);
  EXPECT_GT(s.at("system.uptime"), 0);
  EXPECT_NEAR(s.at("virgo.boot.time") + s.at("system.uptime"), static_cast<double>(time(nullptr)),
              60);
}

}  // namespace
}  // namespace virgo::native
