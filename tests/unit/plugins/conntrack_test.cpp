#include "unit/plugins/proc_tree.hpp"

namespace virgo::native {
namespace {

using metric::Status;

constexpr const char* kHeadings =
    "entries  clashres found new invalid ignore delete chainlength insert insert_failed drop "
    "early_drop icmp_error  expect_new expect_create expect_delete search_restart\n";
constexpr const char* kFirst =
    "0000000a  0000000b 0000000c 0000000d 0000000e 0000000f 00000010 00000011 00000012 00000013 "
    "00000014 00000015 00000016  00000017 00000018 00000019 0000001a\n";
constexpr const char* kSecond =
    "0000000a  00000000 00000100 00000000 00000200 00000300 00000000 00000000 00000400 00000500 "
    "00000600 00000700 00000000  00000000 00000000 00000000 ffffffff\n";

class ConntrackPlugin : public ShippedPlugin {
 protected:
  ConntrackPlugin() : ShippedPlugin("conntrack") {
    std::filesystem::create_directories(root + "/proc/net/stat");
    std::filesystem::create_directories(root + "/proc/sys/net/netfilter");
  }
  void table(const std::string& count, const std::string& max) {
    write("/proc/sys/net/netfilter/nf_conntrack_count", count);
    write("/proc/sys/net/netfilter/nf_conntrack_max", max);
  }
  void stat(const std::string& lines) { write("/proc/net/stat/nf_conntrack", lines); }
};

TEST_F(ConntrackPlugin, HowFullAndWhatBecameOfPackets) {
  table("123\n", "262144\n");
  stat(std::string(kHeadings) + kFirst + kSecond);
  auto check = on_tree();
  const std::map<std::string, double> expected = {
      {"system.network.conntrack.count", 123},
      {"system.network.conntrack.max", 262144},
      {"virgo.conntrack.found", 12 + 0x100},
      {"virgo.conntrack.invalid", 14 + 0x200},
      {"virgo.conntrack.ignore", 15 + 0x300},
      {"virgo.conntrack.insert", 18 + 0x400},
      {"virgo.conntrack.insert_failed", 19 + 0x500},
      {"virgo.conntrack.drop", 20 + 0x600},
      {"virgo.conntrack.early_drop", 21 + 0x700},
      {"virgo.conntrack.search_restart", 26 + 4294967295.0}};
  EXPECT_EQ(collect(*check), expected);
}

TEST_F(ConntrackPlugin, NodeExportersNames) {
  table("123\n", "262144\n");
  stat(std::string(kHeadings) + kFirst);
  auto check = on_tree(", naming: prometheus");
  const std::map<std::string, double> expected = {
      {"node_nf_conntrack_entries", 123},           {"node_nf_conntrack_entries_limit", 262144},
      {"node_nf_conntrack_stat_found", 12},         {"node_nf_conntrack_stat_invalid", 14},
      {"node_nf_conntrack_stat_ignore", 15},        {"node_nf_conntrack_stat_insert", 18},
      {"node_nf_conntrack_stat_insert_failed", 19}, {"node_nf_conntrack_stat_drop", 20},
      {"node_nf_conntrack_stat_early_drop", 21},    {"node_nf_conntrack_stat_search_restart", 26}};
  EXPECT_EQ(collect(*check), expected);
}

TEST_F(ConntrackPlugin, CountersThatWrapOnOneProcessorGoOn) {
  table("1\n", "2\n");
  auto check = on_tree();
  stat("found\nfffffff0\n00000005\n");
  EXPECT_EQ(collect(*check).at("virgo.conntrack.found"), 0xfffffff0p0 + 5);
  stat("found\n00000010\n00000006\n");
  EXPECT_EQ(collect(*check).at("virgo.conntrack.found"), 0x100000010p0 + 6);
}

TEST_F(ConntrackPlugin, KernelsWithOtherColumnsOrNone) {
  table("0\n", "18446744073709551615\n");
  auto check = on_tree();
  auto s = collect(*check);
  EXPECT_EQ(s.size(), 2u) << "a kernel without that file";
  EXPECT_GT(s.at("system.network.conntrack.max"), 1.8e19);
  stat("drop new found\n00000001 00000002 00000003\n");
  s = collect(*check);
  EXPECT_EQ(s.size(), 4u);
  EXPECT_EQ(s.at("virgo.conntrack.drop"), 1);
  EXPECT_EQ(s.at("virgo.conntrack.found"), 3);
  for (const char* text : {"", "\n", "found drop\n", "found drop", "x y z\n1 2 3\n"}) {
    stat(text);
    EXPECT_EQ(collect(*check).size(), 2u) << text;
  }
  stat("found drop\nxyz\n\n00000001 fffffffffffffffffffffffff\n");
  s = collect(*check);
  EXPECT_EQ(s.at("virgo.conntrack.found"), 1);
  EXPECT_GT(s.at("virgo.conntrack.drop"), 1.8e19);
}

TEST_F(ConntrackPlugin, AThousandProcessors) {
  table("1\n", "2\n");
  std::string lines = kHeadings;
  for (int i = 0; i < 1000; ++i) lines += kFirst;
  stat(lines);
  auto check = on_tree();
  for (int i = 0; i < 2; ++i) EXPECT_EQ(collect(*check).at("virgo.conntrack.found"), 12000);
}

TEST_F(ConntrackPlugin, NotLoadedIsNoFailure) {
  auto check = on_tree();
  EXPECT_EQ(collect(*check, Status::unsupported).size(), 0u);
  EXPECT_EQ(explanation, "there is no " + root +
                             "/proc/sys/net/netfilter/nf_conntrack_count: the kernel does not "
                             "track connections, as no rule of a firewall has asked for it yet");
  table("1\n", "2\n");
  EXPECT_EQ(collect(*check).size(), 2u);
}

TEST_F(ConntrackPlugin, DamagedFilesFailWithASentence) {
  auto check = on_tree();
  for (const char* text : {"", "1", "x\n", "-1\n", "\n"}) {
    table(text, "2\n");
    EXPECT_EQ(collect(*check, Status::failed).size(), 0u) << text;
    EXPECT_EQ(explanation, root + "/proc/sys/net/netfilter/nf_conntrack_count has no whole number");
    table("1\n", text);
    EXPECT_EQ(collect(*check, Status::failed).size(), 0u) << text;
    EXPECT_EQ(explanation, root + "/proc/sys/net/netfilter/nf_conntrack_max has no whole number");
  }
}

TEST_F(ConntrackPlugin, EveryCutOfTheFileIsAnswered) {
  table("1\n", "2\n");
  const std::string whole = std::string(kHeadings) + kFirst;
  auto check = on_tree();
  for (std::size_t n = 0; n < whole.size(); ++n) {
    stat(whole.substr(0, n));
    EXPECT_EQ(collect(*check).size(), 2u) << "no number that is cut off";
  }
}

TEST_F(ConntrackPlugin, ThisHost) {
  const bool has = std::filesystem::exists("/proc/sys/net/netfilter/nf_conntrack_count");
  auto check = on_host();
  const auto s = collect(*check, has ? Status::ok : Status::unsupported);
  if (!has) return;
  EXPECT_LE(s.at("system.network.conntrack.count"), s.at("system.network.conntrack.max"));
}

}  // namespace
}  // namespace virgo::native
