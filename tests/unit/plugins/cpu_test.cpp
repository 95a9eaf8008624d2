#include "unit/plugins/proc_tree.hpp"

namespace virgo::native {
namespace {

using metric::Status;
using testing::HasSubstr;

class CpuPlugin : public ShippedPlugin {
 protected:
  CpuPlugin() : ShippedPlugin("cpu") {}
  const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  // How many of a processor's core there are, with `siblings` as the kernel writes them.
  void core(int cpu, const std::string& siblings) {
    const std::string folder = "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology";
    std::filesystem::create_directories(root + folder);
    write(folder + "/thread_siblings_list", siblings + "\n");
  }
  static std::string node(const std::string& cpu, const std::string& mode) {
    return "node_cpu_seconds_total{cpu=" + cpu + ",mode=" + mode + "}";
  }
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

TEST_F(CpuPlugin, CoresAreCountedOnceForAllTheirThreads) {
  write("/proc/stat", kTwoCpus);
  auto check = on_tree();
  EXPECT_EQ(collect(*check).count("system.cpu.physical.count"), 0u) << "the kernel does not say";
  core(0, "0-1");
  core(1, "0-1");
  check = on_tree();
  EXPECT_EQ(collect(*check).at("system.cpu.physical.count"), 1);
  core(1, "1");
  EXPECT_EQ(collect(*check).at("system.cpu.physical.count"), 1) << "looked at only once";
  write("/proc/stat", "cpu  1 2 3 4\ncpu0 1 2 3 4\ncpu1 1 2 3 4\ncpu2 1 2 3 4\n");
  core(0, "0,2");
  core(2, "0,2");
  EXPECT_EQ(collect(*check).at("system.cpu.physical.count"), 2) << "but with each number anew";
}

TEST_F(CpuPlugin, CoresOfAProcessorThatDoesNotTellAreNotGuessed) {
  write("/proc/stat", kTwoCpus);
  core(0, "0");
  for (const char* text : {"", "garbage", ",", "-"}) {
    core(1, text);
    const auto s = collect(*on_tree());
    EXPECT_EQ(s.count("system.cpu.physical.count"), 1u) << text;
  }
  std::filesystem::remove_all(root + "/sys/devices/system/cpu/cpu1");
  EXPECT_EQ(collect(*on_tree()).count("system.cpu.physical.count"), 0u);
}

TEST_F(CpuPlugin, CoresOfALargeHostAreCountedOverSeveralRuns) {
  std::string text = "cpu  1 1 1 1 1 1 1 1\n";
  for (int i = 0; i < 300; ++i) {
    text += "cpu" + std::to_string(i) + " 1 2 3 4\n";
    core(i, std::to_string(i % 150) + "," + std::to_string(i % 150 + 150));
  }
  write("/proc/stat", text);
  auto check = on_tree();
  EXPECT_EQ(collect(*check).count("system.cpu.physical.count"), 0u);
  EXPECT_EQ(collect(*check).count("system.cpu.physical.count"), 0u);
  EXPECT_EQ(collect(*check).at("system.cpu.physical.count"), 150);
}

TEST_F(CpuPlugin, NamesOfNodeExporter) {
  write("/proc/stat", kTwoCpus);
  core(0, "0");
  core(1, "1");
  auto check = on_tree(", naming: prometheus");
  const auto s = collect(*check);
  EXPECT_EQ(s.size(), 20u) << "each processor, and nothing else";
  const std::pair<const char*, double> modes[] = {{"user", 400},   {"nice", 10},   {"system", 200},
                                                  {"idle", 20000}, {"iowait", 20}, {"irq", 3},
                                                  {"softirq", 3},  {"steal", 40}};
  for (const auto& [mode, value] : modes) EXPECT_DOUBLE_EQ(s.at(node("1", mode)), value / ticks);
  EXPECT_DOUBLE_EQ(s.at("node_cpu_guest_seconds_total{cpu=0,mode=user}"), 500 / ticks);
  EXPECT_DOUBLE_EQ(s.at("node_cpu_guest_seconds_total{cpu=0,mode=nice}"), 5 / ticks);
  write("/proc/stat", "cpu  1 2 3 4\ncpu0 1 2 3 4\n");
  EXPECT_EQ(collect(*check).size(), 4u) << "a kernel of long ago";
  write("/proc/stat", "cpu  1 2 3 4 5 6 7 8 9 10 11\ncpu0 1 2 3 4 5 6 7 8 9 10 11 12\n");
  EXPECT_EQ(collect(*check).size(), 10u) << "one that is still to come";
}

TEST_F(CpuPlugin, TotalsDoNotGoBackALittle) {
  const auto at = [this](int idle, int iowait) {
    write("/proc/stat", "cpu  0 0 0 0\ncpu0 1000 0 0 " + std::to_string(idle) + " " +
                            std::to_string(iowait) + "\n");
  };
  auto check = on_tree(", naming: prometheus");
  at(5000, 700);
  collect(*check);
  at(4999, 400);
  auto s = collect(*check);
  EXPECT_DOUBLE_EQ(s.at(node("0", "idle")), 5000 / ticks);
  EXPECT_DOUBLE_EQ(s.at(node("0", "iowait")), 700 / ticks) << "three seconds are a little";
  at(5001, 701);
  s = collect(*check);
  EXPECT_DOUBLE_EQ(s.at(node("0", "idle")), 5001 / ticks);
  EXPECT_DOUBLE_EQ(s.at(node("0", "iowait")), 701 / ticks);
  at(5001 - static_cast<int>(3 * ticks) - 1, 701);
  s = collect(*check);
  EXPECT_DOUBLE_EQ(s.at(node("0", "idle")), 5000 / ticks - 3) << "more is a new beginning";
}

TEST_F(CpuPlugin, ProcessorsGoOfflineAndComeBack) {
  const std::string zero = "cpu0 1 1 1 100\n";
  const std::string one = "cpu1 1 1 1 200\n";
  const std::string two = "cpu2 1 1 1 300\n";
  const auto idle = [&](check::Check& check, const std::string& text) {
    write("/proc/stat", "cpu  1 1 1 1\n" + text);
    std::string out;
    for (const auto& [key, value] : collect(check))
      if (key.find("mode=idle") != std::string::npos)
        out += std::to_string(std::lround(value * ticks)) + " ";
    return out;
  };
  auto check = on_tree(", per_cpu: true");
  EXPECT_EQ(idle(*check, zero + one + two), "100 200 300 ");
  EXPECT_EQ(idle(*check, zero + two), "100 300 ");
  EXPECT_EQ(idle(*check, zero + "cpu1 1 1 1 190\n" + "cpu2 1 1 1 299\n"), "100 190 300 ")
      << "the one that was away has begun anew, the other has not";
  EXPECT_EQ(idle(*check, two), "300 ");
  EXPECT_EQ(idle(*check, one + two), "200 300 ");
  EXPECT_EQ(idle(*check, zero), "100 ");
  EXPECT_EQ(idle(*check, zero + "cpu1 1 1 1 190\n"), "100 190 ") << "forgotten with the last";
}

TEST_F(CpuPlugin, MoreProcessorsThanSeries) {
  LogLines log;
  std::string text = "cpu  1 1 1 1 1 1 1 1\n";
  for (int i = 0; i < 5; ++i) text += "cpu" + std::to_string(i) + " 1 2 3 4 5 6 7 8\n";
  write("/proc/stat", text);
  EXPECT_EQ(collect(*on_tree(", per_cpu: true, max_series: 42")).size(), 36u) << "5 and a sum fit";
  EXPECT_TRUE(log.all().empty());
  auto check = on_tree(", per_cpu: true, max_series: 41");
  auto s = collect(*check);
  EXPECT_EQ(s.size(), 36u) << "four of them, the sum of one, and their number";
  EXPECT_DOUBLE_EQ(s.at("system.cpu.time{cpu.mode=user,otel.metric.overflow=true}"), 1 / ticks);
  EXPECT_EQ(s.count("system.cpu.time{cpu.mode=user,cpu.logical_number=4}"), 0u);
  collect(*check);
  EXPECT_THAT(log.all(), testing::ElementsAre(HasSubstr("max_series is 41")));
  s = collect(*on_tree(", naming: prometheus, max_series: 39"));
  EXPECT_EQ(s.size(), 24u);
  EXPECT_DOUBLE_EQ(s.at("node_cpu_seconds_total{otel.metric.overflow=true,mode=idle}"), 12 / ticks);
}

class AgentCpuType : public CpuPlugin {
 protected:
  // A run with so little time that it does not wait long for its second sample.
  std::unique_ptr<check::Check> agent_cpu() { return make("agent.cpu", "{root: " + root + "}"); }
  std::map<std::string, double> both(check::Check& check, const std::string& before,
                                     const std::string& after, Status expected = Status::ok) {
    TestRun run(system_clock().now() + std::chrono::milliseconds(400));
    write("/proc/stat", before);
    check.start(run);
    EXPECT_FALSE(run.status) << "it waits";
    write("/proc/stat", after);
    run_until_finished(run);
    EXPECT_EQ(run.status, expected) << run.explanation;
    explanation = run.explanation;
    return flatten(run.samples());
  }
};

TEST_F(AgentCpuType, SharesBetweenTwoSamplesOfTheFirstRun) {
  auto check = agent_cpu();
  const auto s = both(*check, "cpu  0 0 0 0 0\ncpu0 1000 0 0 1000 0 0 0 0\ncpu1 9 9 9 9 9 9 9 9\n",
                      "cpu  0 0 0 0 0\ncpu0 1010 500 20 1040 20 5 700 5\ncpu1 9 9 9 109 9 9 9 9\n");
  const std::map<std::string, double> expected = {{"cpu_count", 2},
                                                  {"user_percent_average", 5},
                                                  {"sys_percent_average", 10},
                                                  {"idle_percent_average", 70},
                                                  {"wait_percent_average", 10},
                                                  {"irq_percent_average", 2.5},
                                                  {"stolen_percent_average", 2.5},
                                                  {"usage_average", 30},
                                                  {"min_cpu_usage", 0},
                                                  {"max_cpu_usage", 60}};
  ASSERT_EQ(s.size(), expected.size());
  for (const auto& [name, value] : expected) EXPECT_DOUBLE_EQ(s.at(name), value) << name;
}

TEST_F(AgentCpuType, LaterRunsUseTheOneBefore) {
  auto check = agent_cpu();
  both(*check, "cpu0 0 0 0 0\n", "cpu0 1 0 0 9\n");
  const auto s = both(*check, "cpu0 1 0 0 9\n", "cpu0 4 0 0 10\ncpu1 1 2 3 4\n");
  EXPECT_DOUBLE_EQ(s.at("min_cpu_usage"), 75);
  EXPECT_DOUBLE_EQ(s.at("usage_average"), 75) << "a new processor has nothing before it";
  EXPECT_EQ(s.at("cpu_count"), 2);
}

TEST_F(AgentCpuType, AProcessorForWhichNoTimePassedDoesNotCount) {
  auto check = agent_cpu();
  auto s = both(*check, "cpu0 5 0 0 5\ncpu1 7 7 7 7\n", "cpu0 6 0 0 6\ncpu1 1 1 1 7\n");
  EXPECT_DOUBLE_EQ(s.at("usage_average"), 50) << "and one that goes back has not used less than 0";
  s = both(*check, "", "cpu0 6 0 0 6\ncpu1 1 9 1 7\n", Status::failed);
  EXPECT_THAT(explanation, HasSubstr("no processor has spent any time since the last sample"));
}

TEST_F(AgentCpuType, TooLittleTimeIsSaid) {
  write("/proc/stat", kTwoCpus);
  auto check = agent_cpu();
  TestRun run(system_clock().now() + std::chrono::milliseconds(50));
  check->start(run);
  run_until_finished(run);
  EXPECT_EQ(run.status, Status::timeout);
  EXPECT_THAT(run.explanation, HasSubstr("less than 100 ms are left"));
}

TEST_F(AgentCpuType, DamagedFilesFailWithASentence) {
  for (const char* text : {"cpu  1 2 3 4\n", "cpu0 1 2 3\n", "cpu0 1 2 3 4", "intr\n"}) {
    write("/proc/stat", text);
    collect(*agent_cpu(), Status::failed);
    EXPECT_EQ(explanation, root + "/proc/stat has no whole line for each cpu") << text;
  }
  std::filesystem::remove(root + "/proc/stat");
  collect(*agent_cpu(), Status::failed);
  EXPECT_THAT(explanation, HasSubstr("No such file"));
  auto check = agent_cpu();
  both(*check, "cpu0 1 2 3 4\n", "cpu0 1 2 3\n", Status::failed);
  EXPECT_THAT(explanation, HasSubstr("no whole line")) << "of the second sample";
}

TEST_F(CpuPlugin, ThisHost) {
  auto check = on_host();
  const auto s = collect(*check);
  EXPECT_GE(s.at("system.cpu.logical.count"), 1);
  EXPECT_GT(s.at("system.cpu.time{cpu.mode=idle}") + s.at("system.cpu.time{cpu.mode=user}"), 0);
}

}  // namespace
}  // namespace virgo::native
