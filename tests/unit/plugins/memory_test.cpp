#include "unit/plugins/proc_tree.hpp"

namespace virgo::native {
namespace {

using metric::Status;
using testing::HasSubstr;
using Samples = std::map<std::string, double>;

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

TEST_F(MemoryPlugin, FieldsBeyondTheConventions) {
  write("/proc/meminfo",
        "MemTotal: 100 kB\nMemFree: 40 kB\nDirty: 1 kB\nWriteback: 2 kB\nCommitted_AS: 300 kB\n"
        "CommitLimit: 50 kB\n");
  const auto s = collect(*on_tree());
  EXPECT_EQ(s.size(), 9u);
  EXPECT_EQ(s.at("virgo.memory.dirty"), 1 * kKiB);
  EXPECT_EQ(s.at("virgo.memory.writeback"), 2 * kKiB);
  EXPECT_EQ(s.at("virgo.memory.committed"), 300 * kKiB);
  EXPECT_EQ(s.at("virgo.memory.committed.limit"), 50 * kKiB);
}

TEST_F(MemoryPlugin, NamesOfNodeExporter) {
  write("/proc/meminfo",
        "MemTotal: 100 kB\nMemFree: 40 kB\nActive(anon): 7 kB\nHugePages_Total: 12\n"
        "DirectMap4k: 9 kB\nUnheard: 18446744073709551615 kB\nOdd: 5 MB\nCut: 5");
  EXPECT_EQ(collect(*on_tree(", naming: prometheus")),
            (Samples{{"node_memory_MemTotal_bytes", 100 * kKiB},
                     {"node_memory_MemFree_bytes", 40 * kKiB},
                     {"node_memory_Active_anon_bytes", 7 * kKiB},
                     {"node_memory_HugePages_Total", 12},
                     {"node_memory_DirectMap4k_bytes", 9 * kKiB},
                     {"node_memory_Unheard_bytes", 18446744073709551615.0}}));
  write("/proc/meminfo", "Active: 100 kB\n");
  collect(*on_tree(", naming: prometheus"), Status::failed);
  EXPECT_EQ(explanation, root + "/proc/meminfo has no whole MemTotal and MemFree");
}

TEST_F(MemoryPlugin, NamesTooLongAreCut) {
  write("/proc/meminfo",
        "MemTotal: 100 kB\nMemFree: 40 kB\n" + std::string(5000, 'x') + ": 1 kB\n(((())))(: 2\n");
  EXPECT_EQ(collect(*on_tree(", naming: prometheus")).size(), 4u);
}

TEST_F(MemoryPlugin, AsTheRackspaceAgent) {
  write("/proc/meminfo",
        "MemTotal: 16315440 kB\nMemFree: 1000000 kB\nMemAvailable: 9000000 kB\n"
        "Buffers: 500000 kB\nCached: 6000000 kB\nSReclaimable: 700000 kB\n"
        "SwapTotal: 4000 kB\nSwapFree: 3000 kB\n");
  auto check = make("agent.memory", "{root: " + root + "}");
  Samples expected{{"total", 16315440 * kKiB},
                   {"used", 15315440 * kKiB},
                   {"free", 1000000 * kKiB},
                   {"actual_used", 8815440 * kKiB},
                   {"actual_free", 7500000 * kKiB},
                   {"ram", 15936},
                   {"swap_total", 4000 * kKiB},
                   {"swap_used", 1000 * kKiB},
                   {"swap_free", 3000 * kKiB},
                   {"swap_page_in", 0},
                   {"swap_page_out", 0}};
  EXPECT_EQ(collect(*check), expected) << "a kernel without swap";
  write("/proc/vmstat", "pgpgin 5\npswpin 30\npswpinx 6\npswpout 40\npswpin 12");
  expected["swap_page_in"] = 30;
  expected["swap_page_out"] = 40;
  EXPECT_EQ(collect(*check), expected);
}

TEST_F(MemoryPlugin, TheRackspaceAgentsMegabytesAreRoundedUpToEight) {
  auto check = make("agent.memory", "{root: " + root + "}");
  const auto ram = [&](int mib) {
    write("/proc/meminfo",
          "MemTotal: " + std::to_string(mib * 1024) + " kB\nMemFree: 1 kB\nSwapFree: 9 kB\n");
    return collect(*check).at("ram");
  };
  EXPECT_EQ(ram(8), 8);
  EXPECT_EQ(ram(9), 16);
  EXPECT_EQ(ram(1024), 1024);
  EXPECT_EQ(collect(*check).at("swap_used"), 0) << "more free than there is";
  write("/proc/meminfo", "MemFree: 1 kB\n");
  collect(*check, Status::failed);
  EXPECT_EQ(explanation, root + "/proc/meminfo has no whole MemTotal and MemFree");
}

TEST_F(MemoryPlugin, ThisHost) {
  auto check = on_host();
  const auto s = collect(*check);
  double sum = 0;
  for (const char* state : {"used", "free", "buffers", "cached"})
    sum += s.at(std::string("system.memory.usage{system.memory.state=") + state + "}");
  EXPECT_EQ(sum, s.at("system.memory.limit"));
}

class HugePagesType : public MemoryPlugin {
 protected:
  HugePagesType() { std::filesystem::create_directories(root + kFolder); }
  void pool(const std::string& size, const char* all, const char* free,
            const char* reserved = nullptr, const char* surplus = nullptr) {
    const std::string folder = std::string(kFolder) + "/hugepages-" + size;
    std::filesystem::create_directories(root + folder);
    write(folder + "/nr_hugepages", all);
    write(folder + "/free_hugepages", free);
    if (reserved != nullptr) write(folder + "/resv_hugepages", reserved);
    if (surplus != nullptr) write(folder + "/surplus_hugepages", surplus);
  }
  std::unique_ptr<check::Check> hugepages(const std::string& more = "") {
    return make("virgo.hugepages", "{root: " + root + more + "}");
  }
  static std::string name(const std::string& metric, const std::string& size,
                          const std::string& state = "") {
    return "system.memory.linux.hugepages." + metric +
           "{system.memory.linux.hugepages.page_size=" + size +
           (state.empty() ? "" : ",system.memory.linux.hugepages.state=" + state) + "}";
  }
  static constexpr const char* kFolder = "/sys/kernel/mm/hugepages";
};

TEST_F(HugePagesType, EachPageSize) {
  pool("2048kB", "512\n", "128\n", "16\n", "2\n");
  pool("1048576kB", "0\n", "0\n", "0\n", "0\n");
  EXPECT_EQ(collect(*hugepages()), (Samples{{name("limit", "2048kB"), 512},
                                            {name("page_size", "2048kB"), 2048 * kKiB},
                                            {name("reserved", "2048kB"), 16},
                                            {name("surplus", "2048kB"), 2},
                                            {name("usage", "2048kB", "used"), 384},
                                            {name("usage", "2048kB", "free"), 128},
                                            {name("utilization", "2048kB", "used"), 0.75},
                                            {name("utilization", "2048kB", "free"), 0.25},
                                            {name("limit", "1048576kB"), 0},
                                            {name("page_size", "1048576kB"), 1048576 * kKiB},
                                            {name("reserved", "1048576kB"), 0},
                                            {name("surplus", "1048576kB"), 0},
                                            {name("usage", "1048576kB", "used"), 0},
                                            {name("usage", "1048576kB", "free"), 0}}));
}

TEST_F(HugePagesType, InTheStyleOfNodeExporter) {
  pool("2048kB", "512\n", "128\n", "16\n", "2\n");
  EXPECT_EQ(collect(*hugepages(", naming: prometheus")),
            (Samples{{"node_hugepages_total{size=2048kB}", 512},
                     {"node_hugepages_free{size=2048kB}", 128},
                     {"node_hugepages_reserved{size=2048kB}", 16},
                     {"node_hugepages_surplus{size=2048kB}", 2}}));
}

TEST_F(HugePagesType, WhatAKernelDoesNotHaveIsLeftOut) {
  pool("64kB", "4\n", "9\n");
  const auto s = collect(*hugepages());
  EXPECT_EQ(s.size(), 6u);
  EXPECT_EQ(s.at(name("usage", "64kB", "used")), 0) << "more free than there are";
  EXPECT_EQ(s.at(name("usage", "64kB", "free")), 4) << "and the states add up all the same";
  collect(*hugepages(", naming: prometheus"));
}

TEST_F(HugePagesType, HugeNumbers) {
  pool("18446744073709551615kB", "99999999999999999999999\n", "9007199254740993\n");
  const auto s = collect(*hugepages());
  EXPECT_GT(s.at(name("limit", "18446744073709551615kB")), 1.8e19);
  EXPECT_GT(s.at(name("page_size", "18446744073709551615kB")), 1.8e19);
  EXPECT_EQ(s.at(name("usage", "18446744073709551615kB", "free")), 9007199254740993.0);
}

TEST_F(HugePagesType, HostsWithoutHugePages) {
  auto check = hugepages();
  for (const char* folder : {"other-2048kB", "hugepages-", "hugepages-kB", "hugepages-2M", "x"})
    std::filesystem::create_directories(root + kFolder + "/" + folder);
  collect(*check, Status::unsupported);
  EXPECT_EQ(explanation, root + kFolder + " has no page size: this machine has no huge pages");
  std::filesystem::remove_all(root + kFolder);
  collect(*check, Status::unsupported);
  EXPECT_THAT(explanation, HasSubstr("CONFIG_HUGETLBFS"));
  write("/sys/kernel/mm/hugepages", "");
  collect(*check, Status::failed);
  EXPECT_EQ(explanation, root + kFolder + ": Not a directory");
}

TEST_F(HugePagesType, DamagedFilesFailWithASentenceBesideTheOthers) {
  pool("2048kB", "512\n", "128\n");
  for (const char* text : {"", "\n", "5", "x\n", "5 6\n", "-1\n"}) {
    pool("64kB", text, "1\n");
    EXPECT_EQ(collect(*hugepages(), Status::failed).size(), 6u) << text;
    EXPECT_EQ(explanation, "1 of 2 page sizes in " + root + kFolder +
                               " have no whole nr_hugepages and free_hugepages");
  }
}

TEST_F(HugePagesType, ThisHost) {
  if (!std::filesystem::exists(kFolder)) GTEST_SKIP() << "this kernel has no huge pages";
  for (const auto& [key, value] : collect(*make("virgo.hugepages"))) EXPECT_GE(value, 0) << key;
}

}  // namespace
}  // namespace virgo::native
