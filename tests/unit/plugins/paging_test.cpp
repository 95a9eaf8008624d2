#include "unit/plugins/proc_tree.hpp"

namespace virgo::native {
namespace {

using metric::Status;
using testing::HasSubstr;
using Samples = std::map<std::string, double>;

class PagingPlugin : public ShippedPlugin {
 protected:
  PagingPlugin() : ShippedPlugin("paging") {
    std::filesystem::create_directories(root + "/proc/sys/kernel");
  }
  static std::string usage(const std::string& device, const std::string& state) {
    return "system.paging.usage{system.device=" + device + ",system.paging.state=" + state + "}";
  }
  static std::string faults(const std::string& type) {
    return "system.paging.faults{system.paging.fault.type=" + type + "}";
  }
  static std::string operations(const std::string& type, const std::string& direction) {
    return "system.paging.operations{system.paging.fault.type=" + type +
           ",system.paging.direction=" + direction + "}";
  }
};

constexpr const char* kVmstat =
    "nr_free_pages 4800000\npgpgin 1000\npgpgout 2000\npswpin 30\npswpout 40\npgalloc_dma 7\n"
    "pgfault 5000\npgmajfault 600\npgfree 12\nnuma_pte_updates 5\nhtlb_buddy_alloc_success 0\n"
    "oom_kill_x 9\noom_kill 3\noom_killer 8\nswap_ra 9\n";
constexpr const char* kHeadings = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";
constexpr double kKiB = 1024;

TEST_F(PagingPlugin, EachSwapDeviceAndTheCounters) {
  write("/proc/vmstat", kVmstat);
  write("/proc/swaps",
        std::string(kHeadings) +
            "/dev/sda2                               partition\t8388604\t\t1024\t\t-2\n"
            "/swap\\040file\\134x\\040(deleted)           file\t\t4194300\t\t0\t\t-3\n");
  EXPECT_EQ(collect(*on_tree()),
            (Samples{{usage("/dev/sda2", "used"), 1024 * kKiB},
                     {usage("/dev/sda2", "free"), 8387580 * kKiB},
                     {usage("/swap file\\x (deleted)", "used"), 0},
                     {usage("/swap file\\x (deleted)", "free"), 4194300 * kKiB},
                     {faults("major"), 600},
                     {faults("minor"), 4400},
                     {operations("major", "in"), 30},
                     {operations("major", "out"), 40},
                     {operations("minor", "in"), 1000},
                     {operations("minor", "out"), 2000}}));
}

TEST_F(PagingPlugin, NamesOfNodeExporter) {
  write("/proc/vmstat",
        std::string(kVmstat) + "pgdefault_x 1\npgmigrate_fail 1\npswpx 18446744073709551615\n");
  write("/proc/swaps", std::string(kHeadings) + "/dev/sda2 partition 1 1 1\n");
  EXPECT_EQ(collect(*on_tree(", naming: prometheus")),
            (Samples{{"node_vmstat_pgpgin", 1000},
                     {"node_vmstat_pgpgout", 2000},
                     {"node_vmstat_pswpin", 30},
                     {"node_vmstat_pswpout", 40},
                     {"node_vmstat_pgfault", 5000},
                     {"node_vmstat_pgmajfault", 600},
                     {"node_vmstat_pgdefault_x", 1},
                     {"node_vmstat_pswpx", 18446744073709551615.0}}));
}

TEST_F(PagingPlugin, AHostWithoutSwapHasNoUsage) {
  write("/proc/vmstat", kVmstat);
  write("/proc/swaps", kHeadings);
  write("/proc/meminfo", "SwapTotal: 100 kB\nSwapFree: 40 kB\n");
  EXPECT_EQ(collect(*on_tree()).size(), 6u) << "what /proc/swaps says is enough";
}

TEST_F(PagingPlugin, WithoutTheTableOfDevicesTheirSum) {
  write("/proc/vmstat", "pgfault 1\n");
  EXPECT_EQ(collect(*on_tree()).size(), 0u) << "a fault without its kind is not reported";
  write("/proc/meminfo", "SwapTotal: 0 kB\nSwapFree: 0 kB\n");
  EXPECT_EQ(collect(*on_tree()).size(), 0u);
  write("/proc/meminfo", "SwapTotal: 100 kB\nSwapFree: 40 kB\n");
  const Samples sum = collect(*on_tree());
  write("/proc/swaps", "");
  EXPECT_EQ(collect(*on_tree()), sum) << "an empty table says nothing";
  EXPECT_EQ(sum, (Samples{{"system.paging.usage{system.paging.state=used}", 60 * kKiB},
                          {"system.paging.usage{system.paging.state=free}", 40 * kKiB}}));
}

TEST_F(PagingPlugin, KernelsWithoutSwapHaveOnlyTheOthers) {
  write("/proc/vmstat", "pgpgin 1\npgpgout 2\npgfault 3\npgmajfault 1\n");
  EXPECT_EQ(collect(*on_tree()), (Samples{{faults("major"), 1},
                                          {faults("minor"), 2},
                                          {operations("minor", "in"), 1},
                                          {operations("minor", "out"), 2}}));
}

TEST_F(PagingPlugin, CountersOf32BitsGoOn) {
  auto check = on_tree();
  const auto in = [&](const std::string& value) {
    write("/proc/vmstat", "pgpgin " + value + "\n");
    return collect(*check).at(operations("minor", "in"));
  };
  EXPECT_EQ(in("4294967290"), 4294967290.0);
  EXPECT_EQ(in("4"), 4294967300.0);
  EXPECT_EQ(in("9007199254740993"), 9007199254740993.0) << "and those of 64 are as they are";
  EXPECT_EQ(in("99999999999999999999999"), 18446744073709551615.0);
}

TEST_F(PagingPlugin, MinorFaultsDoNotGoBack) {
  auto check = on_tree();
  const auto minor = [&](int all, int major) {
    write("/proc/vmstat",
          "pgfault " + std::to_string(all) + "\npgmajfault " + std::to_string(major) + "\n");
    return collect(*check).at(faults("minor"));
  };
  EXPECT_EQ(minor(100, 10), 90);
  EXPECT_EQ(minor(101, 12), 90) << "the kernel counted a major one first";
  EXPECT_EQ(minor(110, 12), 98);
  EXPECT_EQ(minor(5, 9), 0) << "but anew they may begin, and are never below none";
}

TEST_F(PagingPlugin, OddTablesOfSwapDevices) {
  write("/proc/vmstat", kVmstat);
  std::string table = kHeadings;
  for (int i = 0; i < 1000; ++i)
    table += "/dev/s" + std::to_string(i) + " partition 8 2 -1 new column\n";
  table +=
      "/dev/x partition 8\n/dev/y partition a b\n\n   \n/dev/z file 5 9 -1\n"
      "/dev/big file 18446744073709551615 1 1\n/dev/cut partition 8 2";
  write("/proc/swaps", table);
  const auto s = collect(*on_tree());
  EXPECT_EQ(s.size(), 2006u + 4u);
  EXPECT_EQ(s.at(usage("/dev/s999", "free")), 6 * kKiB);
  EXPECT_EQ(s.at(usage("/dev/z", "free")), 0) << "more used than there is";
  EXPECT_GT(s.at(usage("/dev/big", "free")), 1.8e19);
}

TEST_F(PagingPlugin, DamagedFilesFailWithASentence) {
  for (const char* type : {"virgo.paging", "virgo.oom"}) {
    auto check = make(type, "{root: " + root + "}");
    std::filesystem::remove(root + "/proc/vmstat");
    collect(*check, Status::failed);
    EXPECT_EQ(explanation, root + "/proc/vmstat: No such file or directory");
    for (const char* text : {"\n", "pgfault\n", "pgfault x\n", "pgfault 12", "1\n"}) {
      write("/proc/vmstat", text);
      collect(*check, Status::failed);
      EXPECT_THAT(explanation, HasSubstr("/proc/vmstat has no whole line")) << text;
    }
    write("/proc/vmstat", kVmstat);
    EXPECT_GT(collect(*check).size(), 0u) << "and it recovers";
  }
  write("/proc/vmstat", "nr_free_pages 1\n");
  collect(*on_tree(", naming: prometheus"), Status::failed);
}

TEST_F(PagingPlugin, EveryCutOfTheFilesIsAnswered) {
  const std::string swaps = std::string(kHeadings) + "/dev/sda2 partition 8388604 1024 -2\n";
  const std::string vmstat = kVmstat;
  auto check = on_tree();
  write("/proc/vmstat", vmstat);
  for (std::size_t n = 0; n <= swaps.size(); ++n) {
    write("/proc/swaps", swaps.substr(0, n));
    EXPECT_EQ(collect(*check).size(), n < swaps.size() ? 6u : 8u);
  }
  write("/proc/swaps", kHeadings);
  for (std::size_t n = 0; n < vmstat.size(); ++n) {
    write("/proc/vmstat", vmstat.substr(0, n));
    check = on_tree();
    TestRun run = new_run();
    check->start(run);
    run_until_finished(run);
    for (const auto& [key, value] : flatten(run.samples()))
      EXPECT_THAT(value, testing::AnyOf(1000, 2000, 30, 40, 600, 4400)) << "no half numbers";
  }
}

TEST_F(PagingPlugin, OutOfMemoryKillsAndHungTasks) {
  write("/proc/vmstat", kVmstat);
  EXPECT_EQ(collect(*make("virgo.oom", "{root: " + root + "}")), (Samples{{"virgo.oom.kills", 3}}));
  write("/proc/sys/kernel/hung_task_detect_count", "7\n");
  EXPECT_EQ(collect(*make("virgo.oom", "{root: " + root + "}")),
            (Samples{{"virgo.oom.kills", 3}, {"virgo.hung_tasks", 7}}));
  EXPECT_EQ(collect(*make("virgo.oom", "{root: " + root + ", naming: prometheus}")),
            (Samples{{"node_vmstat_oom_kill", 3}, {"node_kernel_hung_task_detect_count", 7}}));
  write("/proc/sys/kernel/hung_task_detect_count", "x\n");
  EXPECT_EQ(collect(*make("virgo.oom", "{root: " + root + "}")).size(), 1u);
}

TEST_F(PagingPlugin, KernelsThatDoNotCountKills) {
  write("/proc/vmstat", "pgfault 5\n");
  auto check = make("virgo.oom", "{root: " + root + "}");
  collect(*check, Status::unsupported);
  EXPECT_EQ(explanation,
            root + "/proc/vmstat has no oom_kill: the kernel counts its kills since Linux 4.13");
  write("/proc/sys/kernel/hung_task_detect_count", "0\n");
  EXPECT_EQ(collect(*check), (Samples{{"virgo.hung_tasks", 0}}));
}

TEST_F(PagingPlugin, ThisHost) {
  const auto s = collect(*on_host());
  EXPECT_GT(s.at(faults("minor")), 0);
  EXPECT_EQ(collect(*make("virgo.oom")).count("virgo.oom.kills"), 1u);
}

}  // namespace
}  // namespace virgo::native
