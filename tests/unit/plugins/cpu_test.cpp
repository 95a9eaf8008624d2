#include "unit/plugins/proc_tree.hpp"

namespace virgo::native {
namespace {

using metric::Status;
using testing::HasSubstr;

class CpuPlugin : public ShippedPlugin {
 protected:
  CpuPlugin() : ShippedPlugin("cpu") {}
  const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
};

constexpr const char* kTwoCpus =
    "cpu  1000 20 300 40000 50 6 7 80 900 10\n"
    "cpu0 600 10 100 20000 30 3 4 40 500 5\n"
    "cpu1 400 10 200 20000 20 3 3 40 400 5\n"
    "intr 12345 1 2 3\nctxt 99\nbtime 1700000000\n";

TEST_F(CpuPlugin, TheSumOfAllProcessorsByMode) {
  write("/proc/stat", kTwoCpus);
  auto check = on_tree();
  const auto s = collect(*check);
  ASSERT_EQ(s.size(), 8u);
  EXPECT_DOUBLE_EQ(s.at("system.cpu.time{cpu.mode=user}"), 1000 / ticks);
  EXPECT_DOUBLE_EQ(s.at("system.cpu.time{cpu.mode=nice}"), 20 / ticks);
  EXPECT_DOUBLE_EQ(s.at("system.cpu.time{cpu.mode=system}"), 300 / ticks);
  EXPECT_DOUBLE_EQ(s.at("system.cpu.time{cpu.mode=idle}"), 40000 / ticks);
  EXPECT_DOUBLE_EQ(s.at("system.cpu.time{cpu.mode=iowait}"), 50 / ticks);
  EXPECT_DOUBLE_EQ(s.at("system.cpu.time{cpu.mode=interrupt}"), 13 / ticks) << "irq and softirq";
  EXPECT_DOUBLE_EQ(s.at("system.cpu.time{cpu.mode=steal}"), 80 / ticks);
  EXPECT_EQ(s.at("system.cpu.logical.count"), 2);
}

TEST_F(CpuPlugin, EachProcessorInsteadOfTheSum) {
  write("/proc/stat", kTwoCpus);
  auto check = on_tree(", per_cpu: true");
  const auto s = collect(*check);
  ASSERT_EQ(s.size(), 15u);
  EXPECT_DOUBLE_EQ(s.at("system.cpu.time{cpu.mode=user,cpu.logical_number=0}"), 600 / ticks);
  EXPECT_DOUBLE_EQ(s.at("system.cpu.time{cpu.mode=user,cpu.logical_number=1}"), 400 / ticks);
  EXPECT_EQ(s.count("system.cpu.time{cpu.mode=user}"), 0u);
  EXPECT_EQ(s.at("system.cpu.logical.count"), 2);
}

TEST_F(CpuPlugin, ReadsTheFileAnewEachRun) {
  write("/proc/stat", kTwoCpus);
  auto check = on_tree();
  collect(*check);
  write("/proc/stat", "cpu  2000 20 300 40000\n");
  const auto s = collect(*check);
  EXPECT_DOUBLE_EQ(s.at("system.cpu.time{cpu.mode=user}"), 2000 / ticks);
  EXPECT_EQ(s.size(), 4u) << "columns an old kernel does not have are not made up";
}

TEST_F(CpuPlugin, HugeCounters) {
  write("/proc/stat",
        "cpu  18446744073709551615 99999999999999999999999 0 1 2 18446744073709551615 9 0\n");
  auto check = on_tree();
  const auto s = collect(*check);
  EXPECT_GT(s.at("system.cpu.time{cpu.mode=user}"), 1e17);
  EXPECT_GT(s.at("system.cpu.time{cpu.mode=nice}"), 1e17);
  EXPECT_GT(s.at("system.cpu.time{cpu.mode=interrupt}"), 1e17);
}

TEST_F(CpuPlugin, AThousandProcessors) {
  std::string text = "cpu  1 1 1 1 1 1 1 1\n";
  for (int i = 0; i < 1024; ++i)
    text += "cpu" + std::to_string(i) + " 123456789 123456789 123456789 123456789 1 1 1 1 1 1\n";
  text += "intr " + std::string(50'000, '0') + "\n";
  write("/proc/stat", text);
  auto check = on_tree();
  EXPECT_EQ(collect(*check).at("system.cpu.logical.count"), 1024);
}

TEST_F(CpuPlugin, DamagedFilesFailWithASentence) {
  auto check = on_tree();
  collect(*check, Status::failed);
  EXPECT_EQ(explanation, root + "/proc/stat: No such file or directory");
  for (const char* text :
       {"cpu  1 2 3\n", "cpu  1 2 3 4", "cpu\n", "cpu  a b c d e\n", "intr 1 2 3 4\n", "\n"}) {
    write("/proc/stat", text);
    EXPECT_EQ(collect(*check, Status::failed).size(), 0u) << text;
    EXPECT_EQ(explanation, root + "/proc/stat has no whole cpu line") << text;
  }
  write("/proc/stat", "");
  collect(*check, Status::failed);
  EXPECT_EQ(explanation, root + "/proc/stat is empty");
  write("/proc/stat", kTwoCpus);
  EXPECT_EQ(collect(*check).size(), 8u) << "and it recovers";
}

TEST_F(CpuPlugin, EveryCutOfTheFileIsAnswered) {
  const std::string whole = kTwoCpus;
  auto check = on_tree(", per_cpu: true");
  for (std::size_t n = 0; n < whole.size(); ++n) {
    write("/proc/stat", whole.substr(0, n));
    TestRun run = new_run();
    check->start(run);
    run_until_finished(run);
    EXPECT_EQ(run.status, run.samples().size() > 0 ? Status::ok : Status::failed);
  }
}

TEST_F(CpuPlugin, ThisHost) {
  auto check = on_host();
  const auto s = collect(*check);
  EXPECT_GE(s.at("system.cpu.logical.count"), 1);
  EXPECT_GT(s.at("system.cpu.time{cpu.mode=idle}") + s.at("system.cpu.time{cpu.mode=user}"), 0);
}

}  // namespace
}  // namespace virgo::native
