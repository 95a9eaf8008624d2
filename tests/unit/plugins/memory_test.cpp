#include "unit/plugins/proc_tree.hpp"

namespace virgo::native {
namespace {

using metric::Status;

class MemoryPlugin : public ShippedPlugin {
 protected:
  MemoryPlugin() : ShippedPlugin("memory") {}
};

// A host without swap.
constexpr const char* kMeminfo =
    "MemTotal:       16000000 kB\nMemFree:         1000000 kB\nMemAvailable:    9000000 kB\n"
    "Buffers:          500000 kB\nCached:          6000000 kB\nSwapCached:            0 kB\n"
    "SwapTotal:             0 kB\nSwapFree:              0 kB\nShmem:            200000 kB\n"
    "Slab:             900000 kB\nSReclaimable:     700000 kB\nSUnreclaim:       200000 kB\n"
    "HugePages_Total:       0\nHugepagesize:       2048 kB\n";
constexpr double kKiB = 1024;

TEST_F(MemoryPlugin, StatesThatAddUpToTheLimit) {
  write("/proc/meminfo", kMeminfo);
  auto check = on_tree();
  const auto s = collect(*check);
  ASSERT_EQ(s.size(), 9u);
  EXPECT_EQ(s.at("system.memory.usage{system.memory.state=free}"), 1000000 * kKiB);
  EXPECT_EQ(s.at("system.memory.usage{system.memory.state=buffers}"), 500000 * kKiB);
  EXPECT_EQ(s.at("system.memory.usage{system.memory.state=cached}"), 6700000 * kKiB);
  EXPECT_EQ(s.at("system.memory.usage{system.memory.state=used}"), 7800000 * kKiB);
  EXPECT_EQ(s.at("system.memory.limit"), 16000000 * kKiB);
  EXPECT_EQ(s.at("system.memory.linux.available"), 9000000 * kKiB);
  EXPECT_EQ(s.at("system.memory.linux.shared"), 200000 * kKiB);
  EXPECT_EQ(s.at("system.memory.linux.slab.usage{system.memory.linux.slab.state=reclaimable}"),
            700000 * kKiB);
  EXPECT_EQ(s.at("system.memory.linux.slab.usage{system.memory.linux.slab.state=unreclaimable}"),
            200000 * kKiB);
}

TEST_F(MemoryPlugin, FieldsTheKernelDoesNotHaveAreLeftOut) {
  write("/proc/meminfo", "MemTotal: 100 kB\nMemFree: 40 kB\n");
  auto check = on_tree();
  const auto s = collect(*check);
  EXPECT_EQ(s.size(), 5u);
  EXPECT_EQ(s.at("system.memory.usage{system.memory.state=used}"), 60 * kKiB);
  EXPECT_EQ(s.count("system.memory.linux.available"), 0u);
}

TEST_F(MemoryPlugin, NumbersThatDoNotAddUpAreNotWrappedAround) {
  write("/proc/meminfo",
        "MemTotal: 100 kB\nMemFree: 90 kB\nBuffers: 50 kB\nCached: 18446744073709551615 kB\n"
        "SReclaimable: 99999999999999999999999999 kB\n");
  auto check = on_tree();
  const auto s = collect(*check);
  EXPECT_EQ(s.at("system.memory.usage{system.memory.state=used}"), 0);
  EXPECT_GT(s.at("system.memory.usage{system.memory.state=cached}"), 1e19);
}

TEST_F(MemoryPlugin, DamagedFilesFailWithASentence) {
  auto check = on_tree();
  collect(*check, Status::failed);
  EXPECT_EQ(explanation, root + "/proc/meminfo: No such file or directory");
  for (const char* text :
       {"MemTotal: 100 kB\n", "MemFree: 1 kB\n", "MemTotal: 100 kB\nMemFree: 40",
        "MemTotal: 100\nMemFree: 40\n", "MemTotal: x kB\nMemFree: 1 kB\n", "::::\n"}) {
    write("/proc/meminfo", text);
    EXPECT_EQ(collect(*check, Status::failed).size(), 0u) << text;
    EXPECT_EQ(explanation, root + "/proc/meminfo has no whole MemTotal and MemFree");
  }
  write("/proc/meminfo", "");
  collect(*check, Status::failed);
  EXPECT_EQ(explanation, root + "/proc/meminfo is empty");
  write("/proc/meminfo", kMeminfo);
  EXPECT_EQ(collect(*check).size(), 9u);
}

TEST_F(MemoryPlugin, EveryCutOfTheFileIsAnswered) {
  const std::string whole = kMeminfo;
  auto check = on_tree();
  for (std::size_t n = 0; n < whole.size(); ++n) {
    write("/proc/meminfo", whole.substr(0, n));
    TestRun run = new_run();
    check->start(run);
    run_until_finished(run);
    EXPECT_EQ(run.status, run.samples().size() > 0 ? Status::ok : Status::failed);
  }
}

TEST_F(MemoryPlugin, ThisHost) {
  auto check = on_host();
  const auto s = collect(*check);
  double sum = 0;
  for (const char* state : {"used", "free", "buffers", "cached"})
    sum += s.at(std::string("system.memory.usage{system.memory.state=") + state + "}");
  EXPECT_EQ(sum, s.at("system.memory.limit"));
}

}  // namespace
}  // namespace virgo::native
