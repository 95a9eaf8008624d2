// virgo.network and agent.network on the tree of another host. For what the kernel itself
// says see network_kernel_test.cpp.
#include "unit/plugins/proc_tree.hpp"

namespace virgo::native {
namespace {

using metric::Status;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kHeadings =
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop "
    "fifo colls carrier compressed\n";
constexpr const char* kEth0 =
    "  eth0: 5000000000 101 2 3 4 5 6 7 6000000000 201 12 13 14 15 16 17\n";
constexpr const char* kLo = "    lo: 10 1 0 0 0 0 0 0 10 1 0 0 0 0 0 0\n";

class NetworkPlugin : public ShippedPlugin {
 protected:
  NetworkPlugin() : ShippedPlugin("network") {
    std::filesystem::create_directories(root + "/proc/net");
  }
  void netdev(const std::string& lines) { write("/proc/net/dev", kHeadings + lines); }
  void device(const std::string& name, const std::map<std::string, std::string>& files) {
    std::filesystem::create_directories(root + "/sys/class/net/" + name);
    for (const auto& [file, text] : files)
      write("/sys/class/net/" + name + "/" + file, text + "\n");
  }
  static std::string io(const std::string& name, const std::string& direction) {
    return "system.network.io{network.interface.name=" + name +
           ",network.io.direction=" + direction + "}";
  }
};

TEST_F(NetworkPlugin, TrafficAndErrorsByDirection) {
  netdev(std::string(kLo) + kEth0);
  device("eth0", {{"operstate", "up"}, {"speed", "1000"}});
  auto check = on_tree();
  const auto s = collect(*check);
  ASSERT_EQ(s.size(), 10u) << "and no loopback";
  EXPECT_EQ(s.at(io("eth0", "receive")), 5e9);
  EXPECT_EQ(s.at(io("eth0", "transmit")), 6e9);
  const std::string eth0 = "{network.interface.name=eth0,network.io.direction=";
  EXPECT_EQ(s.at("system.network.packet.count" + eth0 + "receive,system.device=eth0}"), 101);
  EXPECT_EQ(s.at("system.network.packet.count" + eth0 + "transmit,system.device=eth0}"), 201);
  EXPECT_EQ(s.at("system.network.packet.dropped" + eth0 + "receive}"), 3);
  EXPECT_EQ(s.at("system.network.packet.dropped" + eth0 + "transmit}"), 13);
  EXPECT_EQ(s.at("system.network.errors" + eth0 + "receive}"), 2);
  EXPECT_EQ(s.at("system.network.errors" + eth0 + "transmit}"), 12);
  EXPECT_EQ(s.at("hw.network.up{hw.id=eth0,network.interface.name=eth0}"), 1);
  EXPECT_EQ(s.at("hw.network.bandwidth.limit{hw.id=eth0,network.interface.name=eth0}"), 125e6);
}

TEST_F(NetworkPlugin, NodeExportersNames) {
  netdev(kEth0);
  device("eth0", {{"operstate", "up"},
                  {"speed", "-1"},
                  {"flags", "0x1003"},
                  {"ifindex", "4"},
                  {"address", "02:fc:00:00:00:01"},
                  {"broadcast", "ff:ff:ff:ff:ff:ff"},
                  {"ifalias", "uplink \"A\""},
                  {"duplex", "full"},
                  {"carrier_changes", "3"},
                  {"dev_id", "0x1f"},
                  {"mtu", "1500"}});
  auto check = on_tree(", naming: prometheus");
  const auto s = collect(*check);
  const char* const columns[] = {
      "receive_bytes",  "receive_packets",  "receive_errs",       "receive_drop",
      "receive_fifo",   "receive_frame",    "receive_compressed", "receive_multicast",
      "transmit_bytes", "transmit_packets", "transmit_errs",      "transmit_drop",
      "transmit_fifo",  "transmit_colls",   "transmit_carrier",   "transmit_compressed"};
  const double values[] = {5e9, 101, 2, 3, 4, 5, 6, 7, 6e9, 201, 12, 13, 14, 15, 16, 17};
  for (int i = 0; i < 16; ++i)
    EXPECT_EQ(s.at("node_network_" + std::string(columns[i]) + "_total{device=eth0}"), values[i]);
  EXPECT_EQ(s.at("node_network_flags{device=eth0}"), 4099);
  EXPECT_EQ(s.at("node_network_iface_id{device=eth0}"), 4);
  EXPECT_EQ(s.at("node_network_device_id{device=eth0}"), 31);
  EXPECT_EQ(s.at("node_network_mtu_bytes{device=eth0}"), 1500);
  EXPECT_EQ(s.at("node_network_carrier_changes_total{device=eth0}"), 3);
  EXPECT_EQ(s.at("node_network_up{device=eth0}"), 1);
  EXPECT_EQ(s.count("node_network_carrier{device=eth0}"), 0u) << "no such file";
  EXPECT_EQ(s.at("node_network_speed_bytes{device=eth0}"), -125000);
  EXPECT_EQ(s.at("node_network_info{address=02:fc:00:00:00:01,broadcast=ff:ff:ff:ff:ff:ff,"
                 "device=eth0,duplex=full,ifalias=uplink \"A\",operstate=up}"),
            1);
  EXPECT_EQ(s.size(), 16u + 6 + 2);
}

TEST_F(NetworkPlugin, WhatIsLeftOut) {
  std::string lines;
  for (const char* name : {"lo", "eth0", "veth12ab", "br-0123456789ab", "docker0", "wg0", "bond0"})
    lines += std::string(name) + ": 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n";
  netdev(lines);
  const auto names = [this](const std::string& params) {
    auto check = on_tree(params);
    std::vector<std::string> out;
    for (const auto& [series, value] : collect(*check))
      if (series.rfind("hw.network.up", 0) == 0)
        out.push_back(series.substr(20, series.find(',') - 20));
    return out;
  };
  EXPECT_THAT(names(""), ElementsAre("bond0", "eth0", "wg0"));
  EXPECT_THAT(names(", exclude: []").size(), 7u);
  EXPECT_THAT(names(", include: [lo, 'docker*']"), ElementsAre("docker0", "lo"));
  EXPECT_THAT(names(", include: ['*0'], exclude: ['?ond0']"),
              ElementsAre("docker0", "eth0", "wg0"));
  EXPECT_THAT(names(", include: [nothing]"), ElementsAre());
}

TEST_F(NetworkPlugin, WhetherALinkIsUp) {
  netdev(kEth0);
  const std::string up = "hw.network.up{hw.id=eth0,network.interface.name=eth0}";
  auto check = on_tree();
  const auto is_up = [&](const std::string& operstate, const std::string& carrier) {
    device("eth0", {{"operstate", operstate}, {"carrier", carrier}});
    return collect(*check).at(up);
  };
  EXPECT_EQ(is_up("up", "1"), 1);
  EXPECT_EQ(is_up("down", "0"), 0);
  EXPECT_EQ(is_up("lowerlayerdown", "1"), 0);
  EXPECT_EQ(is_up("unknown", "1"), 1) << "a tunnel";
  EXPECT_EQ(is_up("unknown", "0"), 0);
  EXPECT_EQ(is_up("dormant", "1"), 0);
}

TEST_F(NetworkPlugin, SpeedIsReadWhenTheLinkChanges) {
  netdev(kEth0);
  const std::string limit = "hw.network.bandwidth.limit{hw.id=eth0,network.interface.name=eth0}";
  device("eth0", {{"operstate", "up"}, {"speed", "1000"}});
  auto check = on_tree();
  EXPECT_EQ(collect(*check).at(limit), 125e6);
  device("eth0", {{"speed", "100"}});
  EXPECT_EQ(collect(*check).at(limit), 125e6) << "nothing says that it has changed";
  device("eth0", {{"operstate", "down"}, {"speed", "-1"}});
  EXPECT_EQ(collect(*check).count(limit), 0u);
  device("eth0", {{"operstate", "up"}, {"speed", "4294967295"}});
  EXPECT_EQ(collect(*check).count(limit), 0u) << "-1 in 32 bits";
  device("eth0", {{"speed", "2500"}});
  double last = 0;
  for (int i = 0; i < 64 && last == 0; ++i) {
    const auto s = collect(*check);
    if (s.count(limit) != 0) last = s.at(limit);
  }
  EXPECT_EQ(last, 312.5e6) << "now and then it is read anyway";
}

TEST_F(NetworkPlugin, InterfacesComeGoAndBeginAnew) {
  netdev(std::string(kEth0) + "wlan0: 9 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0\n");
  auto check = on_tree();
  EXPECT_EQ(collect(*check).size(), 18u);
  netdev("wlan0: 3 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0\n");
  auto s = collect(*check);
  EXPECT_EQ(s.size(), 9u);
  EXPECT_EQ(s.at(io("wlan0", "receive")), 3) << "a driver was loaded anew";
  netdev("wan: 4 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0\n");
  s = collect(*check);
  EXPECT_EQ(s.at(io("wan", "receive")), 4);
  EXPECT_EQ(s.count(io("wlan0", "receive")), 0u);
}

TEST_F(NetworkPlugin, OddNamesAndNumbers) {
  netdev(
      "  e:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19\n"
      "eth0.4095@x%$!: 18446744073709551615 99999999999999999999999 9007199254740993 0 0 0 0 0 "
      "0 0 0 0 0 0 0 0\n"
      "../../../proc: 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n"
      "..: 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n"
      "fifteen-letters: 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n"
      "sixteen--letters: 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n"
      "old0: 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n"
      "eth7: 1 1 1 x 1 1 1 1 1 1 1 1 1 1 1 1\n");
  device("e", {{"operstate", "up"}});
  write("/sys/class/operstate", "up\n");  // where ".." would lead to
  auto check = on_tree();
  const auto s = collect(*check);
  EXPECT_EQ(s.size(), 5u * 9);
  EXPECT_EQ(s.at(io("e", "receive")), 1);
  EXPECT_GT(s.at(io("eth0.4095@x%$!", "receive")), 1.8e19);
  EXPECT_EQ(s.count(io("fifteen-letters", "receive")), 1u);
  EXPECT_EQ(s.at("hw.network.up{hw.id=e,network.interface.name=e}"), 1);
  EXPECT_EQ(s.at("hw.network.up{hw.id=..,network.interface.name=..}"), 0);
}

TEST_F(NetworkPlugin, ManyInterfacesUpToTheCap) {
  std::string lines;
  for (int i = 0; i < 1000; ++i)
    lines += "e" + std::to_string(i) + ": 1000 1 1 1 1 1 1 1 2000 1 1 1 1 1 1 1\n";
  netdev(lines);
  const LogLines log;
  auto check = on_tree(", max_series: 50");  // four of ten series each, and the sum
  for (int i = 0; i < 2; ++i) {
    const auto s = collect(*check);
    EXPECT_EQ(s.size(), 4u * 9 + 8);
    EXPECT_EQ(s.at("system.network.io{otel.metric.overflow=true,network.io.direction=receive}"),
              996 * 1000);
    EXPECT_EQ(s.at("system.network.packet.count{otel.metric.overflow=true,"
                   "network.io.direction=transmit}"),
              996);
  }
  ASSERT_EQ(log.all().size(), 1u) << "once";
  EXPECT_THAT(log.all()[0], HasSubstr("max_series is 50: of 1000 network interfaces the first 4"));
  auto enough = on_tree(", max_series: 10010");
  EXPECT_EQ(collect(*enough, Status::limit).size(), 5000u) << "the agent's own limit";
}

TEST_F(NetworkPlugin, TheSumIsThereFromTheFirstInterfaceTooMany) {
  const std::string one = ": 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n";
  auto check = on_tree(", max_series: 30");
  netdev("a" + one + "b" + one);
  EXPECT_EQ(collect(*check).size(), 18u);
  netdev("a" + one + "b" + one + "c" + one);
  EXPECT_EQ(collect(*check).size(), 18u + 8);
  netdev("c" + one);
  EXPECT_EQ(collect(*check).size(), 9u);
  auto node = on_tree(", naming: prometheus, max_series: 100");
  netdev("a" + one + "b" + one);
  const auto s = collect(*node);
  EXPECT_EQ(s.at("node_network_receive_bytes_total{otel.metric.overflow=true}"), 1);
}

TEST_F(NetworkPlugin, TheNetworkOfTheHostsFirstProcess) {
  netdev("container0: 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n");
  std::filesystem::create_directories(root + "/proc/1/net");
  write("/proc/1/net/dev", std::string(kHeadings) + kEth0);
  auto check = on_tree();
  EXPECT_EQ(collect(*check).count(io("eth0", "receive")), 1u);
}

TEST_F(NetworkPlugin, DamagedFilesFailWithASentence) {
  auto check = on_tree();
  collect(*check, Status::failed);
  EXPECT_EQ(explanation, root + "/proc/net/dev: No such file or directory");
  for (const char* text : {kHeadings, "x", "\n\n", "eth0: 1 2 3\n", "eth0: 1 2 3 4 5 6 7 8 9"}) {
    write("/proc/net/dev", text);
    EXPECT_EQ(collect(*check, Status::failed).size(), 0u) << text;
    EXPECT_EQ(explanation, root + "/proc/net/dev has no whole line of an interface");
  }
  write("/proc/net/dev", "");
  collect(*check, Status::failed);
  EXPECT_EQ(explanation, root + "/proc/net/dev is empty");
  netdev(kEth0);
  EXPECT_EQ(collect(*check).size(), 9u);
}

TEST_F(NetworkPlugin, EveryCutOfTheFileIsAnswered) {
  const std::string whole = std::string(kHeadings) + kLo + kEth0;
  auto check = on_tree(", exclude: []");
  for (std::size_t n = 0; n < whole.size(); ++n) {
    write("/proc/net/dev", whole.substr(0, n));
    TestRun run = new_run();
    check->start(run);
    run_until_finished(run);
    EXPECT_EQ(run.status, run.samples().size() > 0 ? Status::ok : Status::failed);
    EXPECT_EQ(run.samples().size() % 9, 0u);
  }
}

TEST_F(NetworkPlugin, OneInterfaceAsTheRackspaceAgentSaidIt) {
  netdev(std::string(kLo) + kEth0);
  device("eth0", {{"carrier", "1"}});
  auto check = make("agent.network", "{target: eth0, root: " + root + "}");
  TestRun run = new_run();
  check->start(run);
  run_until_finished(run);
  ASSERT_EQ(run.status, Status::ok);
  const std::vector<std::pair<std::string, std::uint64_t>> expected = {
      {"rx_bytes bytes", 5000000000}, {"tx_bytes bytes", 6000000000},
      {"rx_packets packets", 101},    {"tx_packets packets", 201},
      {"rx_errors errors", 2},        {"tx_errors errors", 12},
      {"rx_overruns overruns", 4},    {"tx_overruns overruns", 14},
      {"rx_dropped packets", 3},      {"tx_dropped packets", 13},
      {"rx_frame frames", 5},         {"tx_collisions collisions", 15},
      {"tx_carrier errors", 16}};
  const auto& samples = run.samples();
  ASSERT_EQ(samples.size(), expected.size() + 1);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(samples.metric(i).name + " " + samples.metric(i).unit, expected[i].first);
    EXPECT_EQ(samples.metric(i).type, metric::Type::u64);
    EXPECT_EQ(samples.value(i).u64, expected[i].second);
  }
  EXPECT_EQ(samples.metric(13).name + " " + samples.metric(13).unit, "link_state link_state");
  EXPECT_EQ(samples.value(13).text, "up");
}

TEST_F(NetworkPlugin, StatesAndErrorsAsTheRackspaceAgentSaidThem) {
  netdev(kEth0);
  auto check = make("agent.network", "{target: eth0, root: " + root + "}");
  for (const auto& [file, state] : {std::pair{"1", "up"}, {"0", "down"}, {"", "unknown"}}) {
    device("eth0", {{"carrier", file}});
    TestRun run = new_run();
    check->start(run);
    run_until_finished(run);
    EXPECT_EQ(run.samples().value(13).text, state);
  }
  auto none = make("agent.network", "{root: " + root + "}");
  EXPECT_EQ(collect(*none, Status::invalid).size(), 0u);
  EXPECT_EQ(explanation, "Missing target parameter; give me an interface.");
  auto other = make("agent.network", "{target: eth1, root: " + root + "}");
  EXPECT_EQ(collect(*other, Status::failed).size(), 0u);
  EXPECT_EQ(explanation, "No such interface: eth1");
}

}  // namespace
}  // namespace virgo::native
