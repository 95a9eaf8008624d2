#include "unit/plugins/proc_tree.hpp"

namespace virgo::native {
namespace {

using metric::Status;
using testing::HasSubstr;

class ProtocolsPlugin : public ShippedPlugin {
 protected:
  ProtocolsPlugin() : ShippedPlugin("protocols") {
    std::filesystem::create_directories(root + "/proc/net");
  }
  void snmp(const std::string& text) { write("/proc/net/snmp", text); }
  void netstat(const std::string& text) { write("/proc/net/netstat", text); }
  void snmp6(const std::string& text) { write("/proc/net/snmp6", text); }
};

const std::string kSnmp =
    "Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams InUnknownProtos "
    "InDiscards InDelivers OutRequests OutDiscards OutNoRoutes ReasmTimeout ReasmReqds ReasmOKs "
    "ReasmFails FragOKs FragFails FragCreates OutTransmits\n"
    "Ip: 2 64 1001 1002 1003 1004 1005 1006 1007 1008 1009 1010 1011 1012 1013 1014 1015 1016 1017 "
    "1018\n"
    "Icmp: InMsgs InErrors InCsumErrors InDestUnreachs OutMsgs OutErrors OutDestUnreachs\n"
    "Icmp: 2001 2002 2003 2004 2005 2006 2007\n"
    "IcmpMsg: InType3 OutType3\nIcmpMsg: 2101 2102\n"
    "Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets "
    "CurrEstab InSegs OutSegs RetransSegs InErrs OutRsts InCsumErrors\n"
    "Tcp: 1 200 120000 -1 3001 3002 3003 3004 3005 3006 3007 3008 3009 3010 3011\n"
    "Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors\n"
    "Udp: 4001 4002 4003 4004 4005 4006 4007\n"
    "UdpLite: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors\n"
    "UdpLite: 4101 4102 4103 4104 4105 4106\n";
const std::string kNetstat =
    "TcpExt: SyncookiesSent SyncookiesRecv SyncookiesFailed EmbryonicRsts TW ListenOverflows "
    "ListenDrops TCPTimeouts TCPAbortOnMemory TCPMemoryPressures TCPBacklogDrop TCPOFOQueue "
    "TCPSynRetrans TCPRcvQDrop\n"
    "TcpExt: 5001 5002 5003 5004 5005 5006 5007 5008 5009 5010 5011 5012 5013 5014\n"
    "IpExt: InNoRoutes InOctets OutOctets\nIpExt: 5101 5102 5103\n"
    "MPTcpExt: MPCapableSYNRX MPCurrEstab\nMPTcpExt: 5201 5202\n";
const std::string kSnmp6 =
    "Ip6InReceives                   \t6001\nIp6InHdrErrors                  \t6002\n"
    "Ip6InDiscards                   \t6003\nIp6OutForwDatagrams             \t6004\n"
    "Ip6OutDiscards                  \t6005\nIp6OutNoRoutes                  \t6006\n"
    "Ip6ReasmOKs                     \t6007\nIp6ReasmFails                   \t6008\n"
    "Ip6FragOKs                      \t6009\nIp6FragFails                    \t6010\n"
    "Ip6FragCreates                  \t6011\nIp6InOctets                     \t6012\n"
    "Ip6OutOctets                    \t6013\nIcmp6InMsgs                     \t6101\n"
    "Icmp6InErrors                   \t6102\nIcmp6OutMsgs                    \t6103\n"
    "Icmp6OutErrors                  \t6104\nUdp6InDatagrams                 \t6201\n"
    "Udp6NoPorts                     \t6202\nUdp6InErrors                    \t6203\n"
    "Udp6OutDatagrams                \t6204\nUdp6RcvbufErrors                \t6205\n"
    "Udp6SndbufErrors                \t6206\nUdpLite6InErrors                \t6301\n";
constexpr std::size_t kSelected = 62;

const std::map<std::string, double> kTcpSelected = {
    {"tcp.segments{network.io.direction=receive}", 3006},
    {"tcp.segments{network.io.direction=transmit}", 3007},
    {"tcp.retransmits", 3008},
    {"tcp.errors", 3009},
    {"tcp.resets.sent", 3010},
    {"tcp.connection.opens{virgo.network.tcp.open.type=active}", 3001},
    {"tcp.connection.opens{virgo.network.tcp.open.type=passive}", 3002},
    {"tcp.connection.attempt_fails", 3003},
    {"tcp.connection.resets", 3004},
    {"tcp.connection.established", 3005},
    {"tcp.syn_cookies{virgo.network.tcp.syn_cookie.event=sent}", 5001},
    {"tcp.syn_cookies{virgo.network.tcp.syn_cookie.event=received}", 5002},
    {"tcp.syn_cookies{virgo.network.tcp.syn_cookie.event=failed}", 5003},
    {"tcp.listen.overflows", 5006},
    {"tcp.listen.drops", 5007},
    {"tcp.timeouts", 5008},
    {"tcp.memory_aborts", 5009},
    {"tcp.memory_pressures", 5010},
    {"tcp.backlog_drops", 5011},
    {"tcp.out_of_order", 5012},
    {"tcp.syn_retransmits", 5013},
    {"tcp.receive_queue_drops", 5014}};
const std::map<std::string, double> kOthersSelected = {
    {"ip.header_errors{network.type=ipv4}", 1002},
    {"ip.forwarded{network.type=ipv4}", 1004},
    {"ip.discards{network.type=ipv4,network.io.direction=receive}", 1006},
    {"ip.discards{network.type=ipv4,network.io.direction=transmit}", 1009},
    {"ip.no_routes{network.type=ipv4}", 1010},
    {"ip.reassembly{network.type=ipv4,virgo.network.ip.result=ok}", 1013},
    {"ip.reassembly{network.type=ipv4,virgo.network.ip.result=failed}", 1014},
    {"ip.fragmentation{network.type=ipv4,virgo.network.ip.result=ok}", 1015},
    {"ip.fragmentation{network.type=ipv4,virgo.network.ip.result=failed}", 1016},
    {"ip.fragments{network.type=ipv4}", 1017},
    {"icmp.messages{network.type=ipv4,network.io.direction=receive}", 2001},
    {"icmp.errors{network.type=ipv4,network.io.direction=receive}", 2002},
    {"icmp.messages{network.type=ipv4,network.io.direction=transmit}", 2005},
    {"icmp.errors{network.type=ipv4,network.io.direction=transmit}", 2006},
    {"udp.datagrams{network.type=ipv4,network.io.direction=receive}", 4001},
    {"udp.no_ports{network.type=ipv4}", 4002},
    {"udp.receive_errors{network.type=ipv4}", 4003},
    {"udp.datagrams{network.type=ipv4,network.io.direction=transmit}", 4004},
    {"udp.receive_buffer_errors{network.type=ipv4}", 4005},
    {"udp.send_buffer_errors{network.type=ipv4}", 4006},
    {"ip.header_errors{network.type=ipv6}", 6002},
    {"ip.discards{network.type=ipv6,network.io.direction=receive}", 6003},
    {"ip.forwarded{network.type=ipv6}", 6004},
    {"ip.discards{network.type=ipv6,network.io.direction=transmit}", 6005},
    {"ip.no_routes{network.type=ipv6}", 6006},
    {"ip.reassembly{network.type=ipv6,virgo.network.ip.result=ok}", 6007},
    {"ip.reassembly{network.type=ipv6,virgo.network.ip.result=failed}", 6008},
    {"ip.fragmentation{network.type=ipv6,virgo.network.ip.result=ok}", 6009},
    {"ip.fragmentation{network.type=ipv6,virgo.network.ip.result=failed}", 6010},
    {"ip.fragments{network.type=ipv6}", 6011},
    {"icmp.messages{network.type=ipv6,network.io.direction=receive}", 6101},
    {"icmp.errors{network.type=ipv6,network.io.direction=receive}", 6102},
    {"icmp.messages{network.type=ipv6,network.io.direction=transmit}", 6103},
    {"icmp.errors{network.type=ipv6,network.io.direction=transmit}", 6104},
    {"udp.datagrams{network.type=ipv6,network.io.direction=receive}", 6201},
    {"udp.no_ports{network.type=ipv6}", 6202},
    {"udp.receive_errors{network.type=ipv6}", 6203},
    {"udp.datagrams{network.type=ipv6,network.io.direction=transmit}", 6204},
    {"udp.receive_buffer_errors{network.type=ipv6}", 6205},
    {"udp.send_buffer_errors{network.type=ipv6}", 6206}};

TEST_F(ProtocolsPlugin, WhatPeopleAlertOn) {
  snmp(kSnmp);
  netstat(kNetstat);
  snmp6(kSnmp6);
  std::map<std::string, double> expected;
  for (const auto& [name, value] : kTcpSelected) expected["virgo.network." + name] = value;
  for (const auto& [name, value] : kOthersSelected) expected["virgo.network." + name] = value;
  ASSERT_EQ(expected.size(), kSelected);
  auto check = on_tree();
  EXPECT_EQ(collect(*check), expected);
}

TEST_F(ProtocolsPlugin, EverythingElseTooIfAskedFor) {
  snmp(kSnmp);
  netstat(kNetstat);
  snmp6(kSnmp6);
  auto check = on_tree(", all: true");
  const auto s = collect(*check);
  EXPECT_EQ(s.size(), kSelected + 20 + 7 + 2 + 15 + 7 + 6 + 14 + 3 + 2 + 24);
  EXPECT_EQ(s.at("virgo.network.IcmpMsg.InType3"), 2101);
  EXPECT_EQ(s.at("virgo.network.TcpExt.TW"), 5005);
  EXPECT_EQ(s.at("virgo.network.MPTcpExt.MPCurrEstab"), 5202);
  EXPECT_EQ(s.at("virgo.network.UdpLite6.InErrors"), 6301);
  EXPECT_EQ(s.at("virgo.network.tcp.retransmits"), 3008);
  EXPECT_EQ(s.at("virgo.network.Tcp.RetransSegs"), 3008);
}

TEST_F(ProtocolsPlugin, KindsOfWhatIsFound) {
  snmp(kSnmp);
  netstat(kNetstat);
  auto check = on_tree(", all: true");
  TestRun run = new_run();
  check->start(run);
  run_until_finished(run);
  std::set<std::string> gauges;
  for (std::size_t i = 0; i < run.samples().size(); ++i) {
    if (run.samples().metric(i).name == "virgo.network.Tcp.MaxConn") {
      EXPECT_EQ(run.samples().value(i).i64, -1) << "no limit";
    }
    if (run.samples().metric(i).kind == metric::Kind::gauge)
      gauges.insert(run.samples().metric(i).name.substr(strlen("virgo.network.")));
  }
  EXPECT_EQ(gauges,
            (std::set<std::string>{"Ip.Forwarding", "Ip.DefaultTTL", "Tcp.RtoAlgorithm",
                                   "Tcp.RtoMin", "Tcp.RtoMax", "Tcp.MaxConn", "Tcp.CurrEstab",
                                   "tcp.connection.established", "MPTcpExt.MPCurrEstab"}));
}

TEST_F(ProtocolsPlugin, NodeExportersNames) {
  snmp(kSnmp);
  netstat(kNetstat);
  snmp6(kSnmp6);
  auto check = on_tree(", naming: prometheus");
  const auto s = collect(*check);
  EXPECT_EQ(s.at("node_netstat_Ip_Forwarding"), 2);
  EXPECT_EQ(s.at("node_netstat_Tcp_CurrEstab"), 3005);
  EXPECT_EQ(s.at("node_netstat_TcpExt_ListenOverflows"), 5006);
  EXPECT_EQ(s.at("node_netstat_IpExt_OutOctets"), 5103);
  EXPECT_EQ(s.at("node_netstat_Ip6_InOctets"), 6012);
  EXPECT_EQ(s.at("node_netstat_UdpLite_InErrors"), 4103);
  EXPECT_EQ(s.at("node_netstat_UdpLite6_InErrors"), 6301);
  EXPECT_EQ(s.size(), 40u);
  for (const char* other : {"Tcp_MaxConn", "TcpExt_TW", "Ip_InHdrErrors", "UdpLite_NoPorts",
                            "IcmpMsg_InType3", "Icmp_OutErrors", "TcpExt_TCPOFOQueue"})
    EXPECT_EQ(s.count(std::string("node_netstat_") + other), 0u) << other;
  auto everything = on_tree(", naming: prometheus, all: true");
  const auto a = collect(*everything);
  EXPECT_EQ(a.size(), 100u);
  EXPECT_EQ(a.at("node_netstat_TcpExt_TW"), 5005);
}

TEST_F(ProtocolsPlugin, ColumnsInAnyOrderAndOnesNobodyKnows) {
  snmp("Tcp: OutRsts Novelty InSegs\nTcp: 1 2 3\nSctp6: A\nSctp6: 7\nIcmpMsg:\nIcmpMsg:\n");
  auto check = on_tree();
  EXPECT_EQ(collect(*check), (std::map<std::string, double>{
                                 {"virgo.network.tcp.resets.sent", 1},
                                 {"virgo.network.tcp.segments{network.io.direction=receive}", 3}}));
  auto everything = on_tree(", all: true");
  EXPECT_EQ(collect(*everything).size(), 6u);
}

TEST_F(ProtocolsPlugin, AHostWithoutIpv6OrNetstat) {
  snmp(kSnmp);
  auto check = on_tree();
  EXPECT_EQ(collect(*check).size(), 30u);
  netstat("");
  snmp6("");
  EXPECT_EQ(collect(*check).size(), 30u);
}

TEST_F(ProtocolsPlugin, AHostWithoutTheFile) {
  auto check = on_tree();
  collect(*check, Status::unsupported);
  EXPECT_EQ(explanation, "there is no " + root +
                             "/proc/net/snmp: /proc is not mounted, or the kernel was built "
                             "without IPv4");
  snmp("");
  collect(*check, Status::failed);
  EXPECT_EQ(explanation, root + "/proc/net/snmp is empty");
}

TEST_F(ProtocolsPlugin, CountersOf32And64Bits) {
  auto check = on_tree();
  const auto segments = [&](const std::string& raw) {
    snmp("Tcp: InSegs\nTcp: " + raw + "\n");
    return collect(*check).at("virgo.network.tcp.segments{network.io.direction=receive}");
  };
  EXPECT_EQ(segments("4294967290"), 4294967290.0);
  EXPECT_EQ(segments("4"), 4294967300.0) << "a kernel of 32 bits";
  EXPECT_EQ(segments("9007199254740992"), 9007199254740992.0);
  EXPECT_EQ(segments("18446744073709551615"), 18446744073709551615.0);
  EXPECT_EQ(segments("99999999999999999999999"), 18446744073709551615.0);
}

TEST_F(ProtocolsPlugin, NamesThatAreTooLong) {
  const std::string name(500, 'x');
  snmp("Tcp: " + name + " InSegs\nTcp: 1 2\n");
  auto check = on_tree(", all: true");
  EXPECT_EQ(collect(*check).size(), 2u);
}

TEST_F(ProtocolsPlugin, DamagedFilesFailWithASentence) {
  auto check = on_tree();
  const std::string why = " is damaged: names without values, or a line cut off";
  for (const char* text :
       {"Tcp: InSegs OutSegs\nTcp: 1\n", "Tcp: InSegs\nTcp: 1 2\n", "Tcp: InSegs\nUdp: 1\n",
        "Tcp: InSegs\n", "Tcp: InSegs\nTcp: 1", "Tcp: InSegs\nTcp: x\n", "\n\n", "Tcp\n1\n",
        "Tcp: InSegs\nTcp: --1\n", "garbage", "Tcp: InSegs\n\nTcp: 1\n"}) {
    snmp(text);
    EXPECT_EQ(collect(*check, Status::failed).size(), 0u) << text;
    EXPECT_EQ(explanation, root + "/proc/net/snmp" + why) << text;
  }
  snmp(kSnmp);
  netstat("TcpExt: TW\nTcpExt: \n");
  EXPECT_EQ(collect(*check, Status::failed).size(), 0u) << "not the good file's either";
  EXPECT_EQ(explanation, root + "/proc/net/netstat" + why);
  netstat(kNetstat);
  for (const char* text :
       {"Ip6InReceives \t12", "Ip6InReceives 12\n", "Ip6InReceives\tx\n", "\n"}) {
    snmp6(text);
    EXPECT_EQ(collect(*check, Status::failed).size(), 0u) << text;
    EXPECT_EQ(explanation, root + "/proc/net/snmp6" + why) << text;
  }
  snmp6(kSnmp6);
  EXPECT_EQ(collect(*check).size(), kSelected) << "and it recovers";
}

TEST_F(ProtocolsPlugin, ACutFileIsNeverHalfRead) {
  snmp(kSnmp);
  netstat(kNetstat);
  auto check = on_tree(", all: true");
  const auto whole = collect(*check);
  for (std::size_t n = 1; n < kSnmp.size(); ++n) {
    snmp(kSnmp.substr(0, n));
    TestRun run = new_run();
    check->start(run);
    run_until_finished(run);
    EXPECT_EQ(run.status == Status::ok, kSnmp[n - 1] == '\n' && run.samples().size() > 0) << n;
    for (const auto& [series, value] : flatten(run.samples()))
      EXPECT_EQ(value, whole.at(series)) << n;
  }
}

TEST_F(ProtocolsPlugin, ThisHost) {
  auto check = on_host();
  const auto s = collect(*check);
  EXPECT_GE(s.size(), 30u);
  EXPECT_EQ(s.count("virgo.network.tcp.retransmits"), 1u);
}

}  // namespace
}  // namespace virgo::native
