// RTM_NEWLINK messages of kernels, drivers and moods that are not at hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "network/link.hpp"

namespace {

using plugin::Link;
using testing::ElementsAreArray;

std::string attribute(std::uint16_t type, const std::string& value) {
  const nlattr header{static_cast<std::uint16_t>(sizeof header + value.size()), type};
  std::string out(reinterpret_cast<const char*>(&header), sizeof header);
  out += value;
  out.resize((out.size() + 3) / 4 * 4, '\0');
  return out;
}
template <class T>
std::string bytes(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}
std::string link_of(unsigned flags, const std::string& attributes) {
  ifinfomsg info{};
  info.ifi_type = 772;
  info.ifi_index = 7;
  info.ifi_flags = flags;
  return bytes(info) + attribute(IFLA_IFNAME, std::string("eth0") + '\0') + attributes;
}
Link parse(const std::string& body) {
  Link link;
  std::string_view alias;
  EXPECT_TRUE(plugin::parse_link(body, &link, &alias));
  return link;
}

// Each counter of the kernel is a power of two, so that every sum tells what is in it.
rtnl_link_stats64 distinct_counters() {
  rtnl_link_stats64 s{};
  s.rx_packets = 1u << 0u;
  s.tx_packets = 1u << 1u;
  s.rx_bytes = 1u << 2u;
  s.tx_bytes = 1u << 3u;
  s.rx_errors = 1u << 4u;
  s.tx_errors = 1u << 5u;
  s.rx_dropped = 1u << 6u;
  s.tx_dropped = 1u << 7u;
  s.multicast = 1u << 8u;
  s.collisions = 1u << 9u;
  s.rx_length_errors = 1u << 10u;
  s.rx_over_errors = 1u << 11u;
  s.rx_crc_errors = 1u << 12u;
  s.rx_frame_errors = 1u << 13u;
  s.rx_fifo_errors = 1u << 14u;
  s.rx_missed_errors = 1u << 15u;
  s.tx_aborted_errors = 1u << 16u;
  s.tx_carrier_errors = 1u << 17u;
  s.tx_fifo_errors = 1u << 18u;
  s.tx_heartbeat_errors = 1u << 19u;
  s.tx_window_errors = 1u << 20u;
  s.rx_compressed = 1u << 21u;
  s.tx_compressed = 1u << 22u;
  s.rx_nohandler = 1u << 23u;
  return s;
}

TEST(Link, TheColumnsOfTheCounters) {
  const Link link = parse(link_of(0, attribute(IFLA_STATS64, bytes(distinct_counters()))));
  EXPECT_TRUE(link.has_counters);
  EXPECT_TRUE(link.has_nohandler);
  const std::uint64_t expected[plugin::kLinkCounters] = {
      1u << 2u,                                               // received: bytes
      1u << 0u,                                               // packets
      1u << 4u,                                               // errors
      (1u << 6u) + (1u << 15u),                               // dropped and missed
      1u << 14u,                                              // fifo
      (1u << 10u) + (1u << 11u) + (1u << 12u) + (1u << 13u),  // frame
      1u << 21u,                                              // compressed
      1u << 8u,                                               // multicast
      1u << 3u,                                               // sent: bytes
      1u << 1u,                                               // packets
      1u << 5u,                                               // errors
      1u << 7u,                                               // dropped
      1u << 18u,                                              // fifo
      1u << 9u,                                               // collisions
      (1u << 16u) + (1u << 17u) + (1u << 19u) + (1u << 20u),  // carrier
      1u << 22u,                                              // compressed
      1u << 23u};                                             // nohandler
  EXPECT_THAT(link.counters, ElementsAreArray(expected));
}

TEST(Link, SumsOfHugeCountersDoNotWrap) {
  rtnl_link_stats64 s{};
  s.rx_dropped = UINT64_MAX - 1;
  s.rx_missed_errors = 5;
  s.rx_bytes = UINT64_MAX;
  const Link link = parse(link_of(0, attribute(IFLA_STATS64, bytes(s))));
  EXPECT_EQ(link.counters[plugin::kRxDropped], UINT64_MAX);
  EXPECT_EQ(link.counters[plugin::kRxBytes], UINT64_MAX);
}

TEST(Link, CountersOfOlderAndNewerKernels) {
  const std::string all = bytes(distinct_counters());
  const std::string old = all.substr(0, offsetof(rtnl_link_stats64, rx_nohandler));
  Link link = parse(link_of(0, attribute(IFLA_STATS64, old)));
  EXPECT_TRUE(link.has_counters);
  EXPECT_FALSE(link.has_nohandler);
  EXPECT_EQ(link.counters[plugin::kTxCompressed], 1u << 22u);
  link = parse(link_of(0, attribute(IFLA_STATS64, all + std::string(80, '\x7f'))));
  EXPECT_TRUE(link.has_nohandler);
  EXPECT_EQ(link.counters[plugin::kRxNohandler], 1u << 23u);
  link = parse(link_of(0, attribute(IFLA_STATS64, all.substr(0, 16))));
  EXPECT_FALSE(link.has_counters);
  EXPECT_FALSE(parse(link_of(0, "")).has_counters);
}

TEST(Link, FlagsAsSysfsShowsThem) {
  const auto flags = [](const Link& link) { return link.numbers[plugin::kFlags]; };
  EXPECT_EQ(flags(parse(link_of(IFF_UP | IFF_RUNNING | IFF_LOWER_UP | IFF_DORMANT, ""))), IFF_UP);
  EXPECT_EQ(flags(parse(link_of(0, attribute(IFLA_PROMISCUITY, bytes(std::uint32_t{2}))))),
            IFF_PROMISC);
  EXPECT_EQ(flags(parse(link_of(0, attribute(plugin::kAllmulti, bytes(std::uint32_t{1}))))),
            IFF_ALLMULTI);
}

TEST(Link, WhatNobodyKnowsOfAnInterfaceThatIsOff) {
  const std::string carrier = attribute(IFLA_CARRIER, std::string(1, '\1'));
  EXPECT_FALSE(parse(link_of(0, carrier)).knows(plugin::kCarrier));
  EXPECT_FALSE(parse(link_of(0, carrier)).knows(plugin::kDormant));
  const Link up = parse(link_of(IFF_UP | IFF_DORMANT, carrier));
  EXPECT_EQ(up.numbers[plugin::kCarrier], 1);
  EXPECT_EQ(up.numbers[plugin::kDormant], 1);
}

TEST(Link, NumbersAndAddresses) {
  const Link link = parse(link_of(
      IFF_UP, attribute(IFLA_MTU, bytes(std::uint32_t{9000})) +
                  attribute(IFLA_LINK, bytes(std::uint32_t{3})) +
                  attribute(IFLA_CARRIER_CHANGES, bytes(std::uint32_t{4294967295u})) +
                  attribute(IFLA_OPERSTATE, std::string(1, '\5')) +
                  attribute(IFLA_ADDRESS, std::string("\x02\xfc\0\0\0\x0a", 6)) +
                  attribute(IFLA_BROADCAST, std::string(40, '\xff')) + attribute(IFLA_GROUP, "x") +
                  attribute(NLA_F_NESTED | IFLA_LINKINFO, "?")));
  EXPECT_EQ(link.numbers[plugin::kMtu], 9000);
  EXPECT_EQ(link.numbers[plugin::kIflink], 3);
  EXPECT_EQ(link.numbers[plugin::kIfindex], 7);
  EXPECT_EQ(link.numbers[plugin::kHardwareType], 772);
  EXPECT_EQ(link.numbers[plugin::kCarrierChanges], 4294967295);
  EXPECT_FALSE(link.knows(plugin::kGroup)) << "too short for a number";
  EXPECT_EQ(plugin::operstate_name(link.operstate), "dormant");
  EXPECT_EQ(plugin::operstate_name(99), "unknown");
  char text[plugin::kAddressText];
  EXPECT_EQ(plugin::write_address(link.address, text), "02:fc:00:00:00:0a");
  EXPECT_EQ(plugin::write_address(link.broadcast, text).size(), 32u * 3 - 1) << "no more than fit";
  EXPECT_EQ(parse(link_of(0, "")).numbers[plugin::kIflink], 7) << "itself";
}

TEST(Link, NamesThatAreNone) {
  Link link;
  std::string_view alias;
  const ifinfomsg info{};
  for (const std::string& name : {std::string(), std::string(1, '\0'), std::string(16, 'x')}) {
    EXPECT_FALSE(plugin::parse_link(bytes(info) + attribute(IFLA_IFNAME, name), &link, &alias));
  }
  EXPECT_TRUE(plugin::parse_link(bytes(info) + attribute(IFLA_IFNAME, std::string(15, 'x')), &link,
                                 &alias));
  EXPECT_STREQ(link.name, "xxxxxxxxxxxxxxx");
}

TEST(Link, EveryCutOfAMessageIsAnswered) {
  const std::string whole =
      link_of(IFF_UP, attribute(IFLA_IFALIAS, std::string("uplink") + '\0') +
                          attribute(IFLA_STATS64, bytes(distinct_counters())));
  std::string_view alias;
  Link link;
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const std::string cut = whole.substr(0, n);  // so that a tool sees reads beyond it
    const bool named = plugin::parse_link(cut, &link, &alias);
    EXPECT_EQ(named, n >= sizeof(ifinfomsg) + 9);
    EXPECT_FALSE(link.has_counters);
  }
  EXPECT_TRUE(plugin::parse_link(whole, &link, &alias));
  EXPECT_EQ(alias, "uplink");
  EXPECT_TRUE(link.has_counters);
}

TEST(Netlink, WhatTheKernelAnswersInstead) {
  const auto error = [](std::uint16_t type, const std::string& body) {
    return plugin::error_of({type, 0, 0, body});
  };
  EXPECT_EQ(error(NLMSG_ERROR, bytes(std::int32_t{-ENODEV})), ENODEV);
  EXPECT_EQ(error(NLMSG_ERROR, bytes(std::int32_t{0})), 0);
  EXPECT_EQ(error(NLMSG_ERROR, bytes(INT32_MIN)), EBADMSG);
  EXPECT_EQ(error(NLMSG_ERROR, "x"), EBADMSG);
  EXPECT_EQ(error(NLMSG_DONE, ""), 0) << "older kernels";
  EXPECT_EQ(error(NLMSG_DONE, bytes(std::int32_t{-ENOMEM})), ENOMEM);
}

}  // namespace
