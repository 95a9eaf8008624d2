// Which of the hundreds of counters are reported, and as which metrics.
#pragma once

#include "metrics.hpp"
#include "snmp.hpp"

namespace plugin {

// One counter of the kernel's and what it is here. Empty labels are left out.
struct ProtocolCounter {
  std::string_view protocol;
  std::string_view name;
  ProtocolMetrics::Metric metric;
  std::string_view network_type;
  std::string_view key;
  std::string_view value;
};

constexpr std::string_view kDirection = "network.io.direction";
constexpr std::string_view kOpenType = "virgo.network.tcp.open.type";
constexpr std::string_view kCookieEvent = "virgo.network.tcp.syn_cookie.event";
constexpr std::string_view kResult = "virgo.network.ip.result";

using M = ProtocolMetrics;
constexpr ProtocolCounter kProtocolCounters[] = {
    {"Tcp", "InSegs", M::kTcpSegments, "", kDirection, "receive"},
    {"Tcp", "OutSegs", M::kTcpSegments, "", kDirection, "transmit"},
    {"Tcp", "RetransSegs", M::kTcpRetransmits, "", "", ""},
    {"TcpExt", "TCPSynRetrans", M::kTcpSynRetransmits, "", "", ""},
    {"TcpExt", "TCPTimeouts", M::kTcpTimeouts, "", "", ""},
    {"Tcp", "InErrs", M::kTcpErrors, "", "", ""},
    {"TcpExt", "TCPOFOQueue", M::kTcpOutOfOrder, "", "", ""},
    {"TcpExt", "TCPRcvQDrop", M::kTcpReceiveQueueDrops, "", "", ""},
    {"TcpExt", "TCPBacklogDrop", M::kTcpBacklogDrops, "", "", ""},
    {"Tcp", "OutRsts", M::kTcpResetsSent, "", "", ""},
    {"Tcp", "EstabResets", M::kTcpConnectionResets, "", "", ""},
    {"Tcp", "ActiveOpens", M::kTcpOpens, "", kOpenType, "active"},
    {"Tcp", "PassiveOpens", M::kTcpOpens, "", kOpenType, "passive"},
    {"Tcp", "AttemptFails", M::kTcpAttemptFails, "", "", ""},
    {"Tcp", "CurrEstab", M::kTcpEstablished, "", "", ""},
    {"TcpExt", "ListenOverflows", M::kTcpListenOverflows, "", "", ""},
    {"TcpExt", "ListenDrops", M::kTcpListenDrops, "", "", ""},
    {"TcpExt", "SyncookiesSent", M::kTcpSynCookies, "", kCookieEvent, "sent"},
    {"TcpExt", "SyncookiesRecv", M::kTcpSynCookies, "", kCookieEvent, "received"},
    {"TcpExt", "SyncookiesFailed", M::kTcpSynCookies, "", kCookieEvent, "failed"},
    {"TcpExt", "TCPAbortOnMemory", M::kTcpMemoryAborts, "", "", ""},
    {"TcpExt", "TCPMemoryPressures", M::kTcpMemoryPressures, "", "", ""},
    {"Udp", "InDatagrams", M::kUdpDatagrams, "ipv4", kDirection, "receive"},
    {"Udp", "OutDatagrams", M::kUdpDatagrams, "ipv4", kDirection, "transmit"},
    {"Udp", "NoPorts", M::kUdpNoPorts, "ipv4", "", ""},
    {"Udp", "InErrors", M::kUdpReceiveErrors, "ipv4", "", ""},
    {"Udp", "RcvbufErrors", M::kUdpReceiveBufferErrors, "ipv4", "", ""},
    {"Udp", "SndbufErrors", M::kUdpSendBufferErrors, "ipv4", "", ""},
    {"Udp6", "InDatagrams", M::kUdpDatagrams, "ipv6", kDirection, "receive"},
    {"Udp6", "OutDatagrams", M::kUdpDatagrams, "ipv6", kDirection, "transmit"},
    {"Udp6", "NoPorts", M::kUdpNoPorts, "ipv6", "", ""},
    {"Udp6", "InErrors", M::kUdpReceiveErrors, "ipv6", "", ""},
    {"Udp6", "RcvbufErrors", M::kUdpReceiveBufferErrors, "ipv6", "", ""},
    {"Udp6", "SndbufErrors", M::kUdpSendBufferErrors, "ipv6", "", ""},
    {"Icmp", "InMsgs", M::kIcmpMessages, "ipv4", kDirection, "receive"},
    {"Icmp", "OutMsgs", M::kIcmpMessages, "ipv4", kDirection, "transmit"},
    {"Icmp", "InErrors", M::kIcmpErrors, "ipv4", kDirection, "receive"},
    {"Icmp", "OutErrors", M::kIcmpErrors, "ipv4", kDirection, "transmit"},
    {"Icmp6", "InMsgs", M::kIcmpMessages, "ipv6", kDirection, "receive"},
    {"Icmp6", "OutMsgs", M::kIcmpMessages, "ipv6", kDirection, "transmit"},
    {"Icmp6", "InErrors", M::kIcmpErrors, "ipv6", kDirection, "receive"},
    {"Icmp6", "OutErrors", M::kIcmpErrors, "ipv6", kDirection, "transmit"},
    {"Ip", "ForwDatagrams", M::kIpForwarded, "ipv4", "", ""},
    {"Ip", "InDiscards", M::kIpDiscards, "ipv4", kDirection, "receive"},
    {"Ip", "OutDiscards", M::kIpDiscards, "ipv4", kDirection, "transmit"},
    {"Ip", "InHdrErrors", M::kIpHeaderErrors, "ipv4", "", ""},
    {"Ip", "OutNoRoutes", M::kIpNoRoutes, "ipv4", "", ""},
    {"Ip", "FragOKs", M::kIpFragmentation, "ipv4", kResult, "ok"},
    {"Ip", "FragFails", M::kIpFragmentation, "ipv4", kResult, "failed"},
    {"Ip", "FragCreates", M::kIpFragments, "ipv4", "", ""},
    {"Ip", "ReasmOKs", M::kIpReassembly, "ipv4", kResult, "ok"},
    {"Ip", "ReasmFails", M::kIpReassembly, "ipv4", kResult, "failed"},
    {"Ip6", "OutForwDatagrams", M::kIpForwarded, "ipv6", "", ""},
    {"Ip6", "InDiscards", M::kIpDiscards, "ipv6", kDirection, "receive"},
    {"Ip6", "OutDiscards", M::kIpDiscards, "ipv6", kDirection, "transmit"},
    {"Ip6", "InHdrErrors", M::kIpHeaderErrors, "ipv6", "", ""},
    {"Ip6", "OutNoRoutes", M::kIpNoRoutes, "ipv6", "", ""},
    {"Ip6", "FragOKs", M::kIpFragmentation, "ipv6", kResult, "ok"},
    {"Ip6", "FragFails", M::kIpFragmentation, "ipv6", kResult, "failed"},
    {"Ip6", "FragCreates", M::kIpFragments, "ipv6", "", ""},
    {"Ip6", "ReasmOKs", M::kIpReassembly, "ipv6", kResult, "ok"},
    {"Ip6", "ReasmFails", M::kIpReassembly, "ipv6", kResult, "failed"}};
constexpr unsigned kProtocolCounterCount = sizeof kProtocolCounters / sizeof *kProtocolCounters;

template <size_t kSize>
constexpr bool is_one_of(std::string_view name, const std::string_view (&names)[kSize]) {
  for (const std::string_view one : names)
    if (name == one) return true;
  return false;
}

// Of the fields, those that are no running totals.
inline bool is_protocol_gauge(const SnmpField& f) {
  constexpr std::string_view kIp[] = {"Forwarding", "DefaultTTL"};
  constexpr std::string_view kTcp[] = {"RtoAlgorithm", "RtoMin", "RtoMax", "MaxConn", "CurrEstab"};
  if (f.protocol == "Ip") return is_one_of(f.name, kIp);
  if (f.protocol == "Tcp") return is_one_of(f.name, kTcp);
  return f.protocol == "MPTcpExt" && f.name == "MPCurrEstab";
}

// What node_exporter reports unless it is told otherwise.
inline bool is_node_default(const SnmpField& f) {
  constexpr std::string_view kErrors[] = {"InErrors", "InErrs"};
  constexpr std::string_view kOctets[] = {"InOctets", "OutOctets"};
  constexpr std::string_view kMessages[] = {"InMsgs", "OutMsgs"};
  constexpr std::string_view kRetries[] = {"TCPSynRetrans", "TCPTimeouts"};
  constexpr std::string_view kTcp[] = {"ActiveOpens",  "InSegs",      "OutSegs",  "OutRsts",
                                       "PassiveOpens", "RetransSegs", "CurrEstab"};
  constexpr std::string_view kUdp[] = {"InDatagrams", "OutDatagrams", "NoPorts", "RcvbufErrors",
                                       "SndbufErrors"};
  if (is_one_of(f.name, kErrors)) return true;
  if (f.protocol == "Ip") return f.name == "Forwarding";
  if (f.protocol == "Ip6" || f.protocol == "IpExt") return is_one_of(f.name, kOctets);
  if (f.protocol == "Icmp" || f.protocol == "Icmp6") return is_one_of(f.name, kMessages);
  if (f.protocol == "TcpExt")
    return starts_with(f.name, "Listen") || starts_with(f.name, "Syncookies") ||
           is_one_of(f.name, kRetries);
  if (f.protocol == "Tcp") return is_one_of(f.name, kTcp);
  return (f.protocol == "Udp" || f.protocol == "Udp6") && is_one_of(f.name, kUdp);
}

}  // namespace plugin
