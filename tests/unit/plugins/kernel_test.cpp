#include "unit/plugins/proc_tree.hpp"

namespace virgo::native {
namespace {

using metric::Status;

class KernelPlugin : public ShippedPlugin {
 protected:
  KernelPlugin() : ShippedPlugin("kernel") {}
};

const std::string kStat =
    "cpu  1000 20 300 40000 50 6 7 80 900 10\ncpu0 1000 20 300 40000 50 6 7 80 900 10\n"
    "intr 14046379 0 9 0 0 3\nctxt 19990781\nbtime 1795404675\nprocesses 338711\n"
    "procs_running 14\nprocs_blocked 0\nsoftirq 550 10 20 30 40 50 60 70 80 90 100\n";

std::string softirq(const std::string& type) {
  return "virgo.kernel.softirqs{virgo.kernel.softirq.type=" + type + "}";
}

TEST_F(KernelPlugin, TotalsAndSoftirqsByType) {
  write("/proc/stat", kStat);
  auto check = on_tree();
  EXPECT_EQ(collect(*check), (std::map<std::string, double>{
                                 {"virgo.kernel.context_switches", 19990781},
                                 {"virgo.kernel.interrupts", 14046379},
                                 {softirq("hi"), 10},
                                 {softirq("timer"), 20},
                                 {softirq("net_tx"), 30},
                                 {softirq("net_rx"), 40},
                                 {softirq("block"), 50},
                                 {softirq("irq_poll"), 60},
                                 {softirq("tasklet"), 70},
                                 {softirq("sched"), 80},
                                 {softirq("hrtimer"), 90},
                                 {softirq("rcu"), 100},
                             }));
}

TEST_F(KernelPlugin, NodeExportersNames) {
  write("/proc/stat", kStat);
  auto check = on_tree(", naming: prometheus");
  const auto s = collect(*check);
  EXPECT_EQ(s.size(), 12u);
  EXPECT_EQ(s.at("node_context_switches_total"), 19990781);
  EXPECT_EQ(s.at("node_intr_total"), 14046379);
  EXPECT_EQ(s.at("node_softirqs_total{vector=block_iopoll}"), 60);
  EXPECT_EQ(s.at("node_softirqs_total{vector=rcu}"), 100);
}

TEST_F(KernelPlugin, WhatAnOldKernelDoesNotCountIsLeftOut) {
  write("/proc/stat", "cpu  1 2 3 4\nintr 5 1 2\nctxt 6\nbtime 7\n");
  auto check = on_tree();
  EXPECT_EQ(collect(*check).size(), 2u) << "before 2.6.31";
  write("/proc/stat", "intr 5 1 2\nctxt 6\nsoftirq 45 1 2 3 4 5 6 7 8 9\n");
  EXPECT_EQ(collect(*check).size(), 2u) << "nine kinds: which of ours is missing?";
  write("/proc/stat", "ctxt 6\n");
  EXPECT_EQ(collect(*check).size(), 1u);
  write("/proc/stat", "intr 5\n");
  EXPECT_EQ(collect(*check).at("virgo.kernel.interrupts"), 5);
}

TEST_F(KernelPlugin, KindsOfAKernelToComeAreNotMixedUp) {
  write("/proc/stat", "ctxt 1\nsoftirq 66 1 2 3 4 5 6 7 8 9 10 11\nsoftirqs 1\nctxtx 2\n");
  auto check = on_tree();
  const auto s = collect(*check);
  EXPECT_EQ(s.size(), 11u);
  EXPECT_EQ(s.at(softirq("rcu")), 10);
  EXPECT_EQ(s.at("virgo.kernel.context_switches"), 1);
}

TEST_F(KernelPlugin, SoftirqsGoOnWhereTheirThirtyTwoBitsEnd) {
  const auto stat = [this](const std::string& net_rx) {
    write("/proc/stat", "ctxt 1\nsoftirq 9 0 0 0 " + net_rx + " 0 0 0 0 0 0\n");
  };
  auto otel = on_tree();
  auto node = on_tree(", naming: prometheus");
  stat("4294967290");
  EXPECT_EQ(collect(*otel).at(softirq("net_rx")), 4294967290.0);
  stat("10");
  EXPECT_EQ(collect(*otel).at(softirq("net_rx")), 4294967306.0);
  EXPECT_EQ(collect(*node).at("node_softirqs_total{vector=net_rx}"), 10) << "as there";
}

TEST_F(KernelPlugin, HugeCounters) {
  write("/proc/stat", "intr 18446744073709551615 1\nctxt 99999999999999999999999\n");
  auto check = on_tree();
  const auto s = collect(*check);
  EXPECT_EQ(s.at("virgo.kernel.interrupts"), 18446744073709551615.0);
  EXPECT_EQ(s.at("virgo.kernel.context_switches"), 18446744073709551615.0);
  write("/proc/stat", "intr 9007199254740992 1\nctxt 4294967296\n");
  EXPECT_EQ(collect(*check).at("virgo.kernel.interrupts"), 9007199254740992.0);
}

TEST_F(KernelPlugin, AThousandProcessorsAndInterrupts) {
  std::string text;
  for (int i = 0; i < 1024; ++i) text += "cpu" + std::to_string(i) + " 1 2 3 4 5 6 7 8 9 10\n";
  text += "intr 77";
  for (int i = 0; i < 25'000; ++i) text += " 0";
  write("/proc/stat", text + "\nctxt 88\n");
  auto check = on_tree();
  const auto s = collect(*check);
  EXPECT_EQ(s.at("virgo.kernel.interrupts"), 77);
  EXPECT_EQ(s.at("virgo.kernel.context_switches"), 88);
}

TEST_F(KernelPlugin, DamagedFilesFailWithASentence) {
  auto check = on_tree();
  collect(*check, Status::failed);
  EXPECT_EQ(explanation, root + "/proc/stat: No such file or directory");
  for (const char* text : {"cpu  1 2 3 4\n", "ctxt\nintr\n", "ctxt x\nintr -1 2\n", "ctxt 99",
                           "softirq 1 1 1 1 1 1 1 1 1 1 1\n", "\n"}) {
    write("/proc/stat", text);
    EXPECT_EQ(collect(*check, Status::failed).size(), 0u) << text;
    EXPECT_EQ(explanation, root + "/proc/stat has no whole ctxt and intr") << text;
  }
  write("/proc/stat", "");
  collect(*check, Status::failed);
  EXPECT_EQ(explanation, root + "/proc/stat is empty");
  write("/proc/stat", kStat);
  EXPECT_EQ(collect(*check).size(), 12u) << "and it recovers";
}

TEST_F(KernelPlugin, ACutFileIsNeverHalfRead) {
  write("/proc/stat", kStat);
  auto check = on_tree(", naming: prometheus");
  const auto whole = collect(*check);
  for (std::size_t n = 0; n < kStat.size(); ++n) {
    write("/proc/stat", kStat.substr(0, n));
    const bool any = n > kStat.find("\nctxt");
    for (const auto& [series, value] : collect(*check, any ? Status::ok : Status::failed))
      EXPECT_EQ(value, whole.at(series)) << n;
  }
}

TEST_F(KernelPlugin, ThisHost) {
  auto check = on_host();
  const auto s = collect(*check);
  EXPECT_EQ(s.size(), 12u);
  EXPECT_GT(s.at("virgo.kernel.context_switches"), 0);
  EXPECT_GT(s.at("virgo.kernel.interrupts"), 0);
}

}  // namespace
}  // namespace virgo::native
