#include "unit/plugins/proc_tree.hpp"

namespace virgo::native {
namespace {

using metric::Status;
using testing::HasSubstr;

const std::string kCpus = "/sys/devices/system/cpu";

class CpufreqPlugin : public ShippedPlugin {
 protected:
  CpufreqPlugin() : ShippedPlugin("cpufreq") { std::filesystem::create_directories(root + kCpus); }
  void file(int cpu, const std::string& path, const std::string& text) {
    const std::string whole = kCpus + "/cpu" + std::to_string(cpu) + "/" + path;
    std::filesystem::create_directories(std::filesystem::path(root + whole).parent_path());
    write(whole, text);
  }
  void frequency(int cpu, const std::string& text) { file(cpu, "cpufreq/scaling_cur_freq", text); }
  void throttles(int cpu, int package, int core, const std::string& of_core,
                 const std::string& of_package) {
    file(cpu, "topology/physical_package_id", std::to_string(package) + "\n");
    file(cpu, "topology/core_id", std::to_string(core) + "\n");
    file(cpu, "thermal_throttle/core_throttle_count", of_core);
    file(cpu, "thermal_throttle/package_throttle_count", of_package);
  }
  // Two packages, the first one with two cores of two threads.
  void two_packages() {
    throttles(0, 0, 0, "5\n", "20\n");
    throttles(1, 0, 1, "7\n", "20\n");
    throttles(2, 0, 0, "6\n", "21\n");
    throttles(3, 0, 1, "8\n", "21\n");
    throttles(10, 1, 0, "1\n", "2\n");
  }
};

std::string hertz(int cpu) {
  return "system.cpu.frequency{cpu.logical_number=" + std::to_string(cpu) + "}";
}
std::string throttle(const std::string& scope, int package) {
  return "virgo.cpu.throttles{virgo.cpu.throttle.scope=" + scope +
         ",virgo.cpu.package=" + std::to_string(package) + "}";
}

TEST_F(CpufreqPlugin, FrequenciesInHertz) {
  frequency(0, "2400000\n");
  frequency(11, "800123\n");
  auto check = on_tree();
  EXPECT_EQ(collect(*check),
            (std::map<std::string, double>{{hertz(0), 2400000000.0}, {hertz(11), 800123000.0}}));
}

TEST_F(CpufreqPlugin, ThrottlesByPackage) {
  two_packages();
  auto check = on_tree();
  EXPECT_EQ(collect(*check), (std::map<std::string, double>{{throttle("core", 0), 12},
                                                            {throttle("package", 0), 20},
                                                            {throttle("core", 1), 1},
                                                            {throttle("package", 1), 2}}));
}

TEST_F(CpufreqPlugin, NodeExportersNames) {
  two_packages();
  int n = 0;
  for (const char* name : {"scaling_cur_freq", "scaling_min_freq", "scaling_max_freq",
                           "cpuinfo_cur_freq", "cpuinfo_min_freq", "cpuinfo_max_freq"})
    file(2, std::string("cpufreq/") + name, std::to_string(++n) + "\n");
  auto check = on_tree(", naming: prometheus");
  EXPECT_EQ(collect(*check),
            (std::map<std::string, double>{{"node_cpu_scaling_frequency_hertz{cpu=2}", 1000},
                                           {"node_cpu_scaling_frequency_min_hertz{cpu=2}", 2000},
                                           {"node_cpu_scaling_frequency_max_hertz{cpu=2}", 3000},
                                           {"node_cpu_frequency_hertz{cpu=2}", 4000},
                                           {"node_cpu_frequency_min_hertz{cpu=2}", 5000},
                                           {"node_cpu_frequency_max_hertz{cpu=2}", 6000},
                                           {"node_cpu_core_throttles_total{core=0,package=0}", 5},
                                           {"node_cpu_core_throttles_total{core=1,package=0}", 7},
                                           {"node_cpu_core_throttles_total{core=0,package=1}", 1},
                                           {"node_cpu_package_throttles_total{package=0}", 20},
                                           {"node_cpu_package_throttles_total{package=1}", 2}}));
}

TEST_F(CpufreqPlugin, WhatIsNoNumberIsLeftOut) {
  frequency(0, "1000000\n");
  for (const char* text : {"", "<unknown>\n", "12", "-1\n", "\n", "1 2\n"}) {
    frequency(1, text);
    auto check = on_tree();
    EXPECT_EQ(collect(*check).size(), 1u) << text;
  }
  throttles(3, 0, 0, "x\n", "4\n");
  throttles(4, 0, 1, "3\n", "5\n");
  file(5, "thermal_throttle/core_throttle_count", "9\n");
  file(6, "topology/physical_package_id", "-1\n");
  auto check = on_tree();
  const auto s = collect(*check);
  EXPECT_EQ(s.size(), 3u) << "where is processor 5?";
  EXPECT_EQ(s.at(throttle("core", 0)), 3);
  EXPECT_EQ(s.at(throttle("package", 0)), 4);
}

TEST_F(CpufreqPlugin, OtherFoldersAreNoProcessors) {
  frequency(0, "1000\n");
  for (const char* name : {"cpufreq", "cpu", "cpux", "cpu1x", "cpu-1", "cpu99999999999", "xcpu1"}) {
    std::filesystem::create_directories(root + kCpus + "/" + name + "/cpufreq");
    write(kCpus + "/" + name + "/cpufreq/scaling_cur_freq", "5\n");
  }
  auto check = on_tree();
  EXPECT_EQ(collect(*check).size(), 1u);
}

TEST_F(CpufreqPlugin, AThousandProcessorsThatComeAndGo) {
  auto check = on_tree();
  for (int i = 0; i < 1000; ++i) {
    frequency(i, std::to_string(1000 + i) + "\n");
    throttles(i, i / 100, i % 100 / 2, "1\n", "2\n");
  }
  auto s = collect(*check);
  EXPECT_EQ(s.size(), 1020u);
  EXPECT_EQ(s.at(hertz(999)), 1999000);
  EXPECT_EQ(s.at(throttle("core", 9)), 50);
  for (int i = 1; i < 1000; ++i)
    std::filesystem::remove_all(root + kCpus + "/cpu" + std::to_string(i));
  s = collect(*check);
  EXPECT_EQ(s, (std::map<std::string, double>{
                   {hertz(0), 1000000}, {throttle("core", 0), 1}, {throttle("package", 0), 2}}));
}

TEST_F(CpufreqPlugin, HugeNumbers) {
  frequency(0, "18446744073709551615\n");
  throttles(0, 2147483647, 3, "9007199254740992\n", "18446744073709551615\n");
  auto check = on_tree();
  const auto s = collect(*check);
  EXPECT_EQ(s.at(hertz(0)), 18446744073709551615.0);
  EXPECT_EQ(s.at(throttle("core", 2147483647)), 9007199254740992.0);
  EXPECT_EQ(s.at(throttle("package", 2147483647)), 18446744073709551615.0);
}

TEST_F(CpufreqPlugin, AHostWithoutAnyOfIt) {
  auto empty = on_tree();
  collect(*empty, Status::unsupported);
  std::filesystem::create_directories(root + kCpus + "/cpu0/topology");
  for (const char* more : {"", ", naming: prometheus"}) {
    auto check = on_tree(more);
    EXPECT_EQ(collect(*check, Status::unsupported).size(), 0u);
    EXPECT_EQ(explanation, root + kCpus +
                               " has neither frequencies nor throttling: the kernel has no driver "
                               "for it, as in most virtual machines");
  }
  std::filesystem::remove_all(root + "/sys");
  auto check = on_tree();
  collect(*check, Status::unsupported);
  EXPECT_EQ(explanation, root + kCpus + ": No such file or directory");
  frequency(0, "7\n");
  EXPECT_EQ(collect(*check).size(), 1u) << "and it recovers";
}

TEST_F(CpufreqPlugin, ThisHost) {
  auto check = on_host();
  TestRun run = new_run();
  check->start(run);
  run_until_finished(run);
  EXPECT_EQ(run.status, run.samples().size() > 0 ? Status::ok : Status::unsupported)
      << run.explanation;
}

}  // namespace
}  // namespace virgo::native
