// A network interface, as the kernel's RTM_NEWLINK messages describe it.
#pragma once

#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <shared/netlink.hpp>

namespace plugin {

// What is counted of an interface: the columns of /proc/net/dev, each the sum of what the
// kernel puts into that column, and the frames nobody wanted.
enum LinkCounter {
  kRxBytes,
  kRxPackets,
  kRxErrors,
  kRxDropped,
  kRxFifo,
  kRxFrame,
  kRxCompressed,
  kRxMulticast,
  kTxBytes,
  kTxPackets,
  kTxErrors,
  kTxDropped,
  kTxFifo,
  kTxCollisions,
  kTxCarrier,
  kTxCompressed,
  kNetdevColumns,
  kRxNohandler = kNetdevColumns,
  kLinkCounters
};

// Numbers that sysfs has a file for.
enum LinkNumber {
  kCarrier,
  kCarrierChanges,
  kCarrierUpChanges,
  kCarrierDownChanges,
  kDormant,
  kFlags,
  kIfindex,
  kIflink,
  kLinkMode,
  kMtu,
  kGroup,
  kHardwareType,
  kTxQueueLength,
  // Those are in no message.
  kAddressAssignType,
  kNameAssignType,
  kDeviceId,
  kSpeed,  // Mbit/s
  kLinkNumbers
};
constexpr uint32_t kFirstOfFiles = kAddressAssignType;

struct HardwareAddress {
  uint8_t bytes[32];  // MAX_ADDR_LEN of the kernel
  uint8_t size;
};

struct Link {
  char name[IFNAMSIZ];
  uint8_t operstate;  // IF_OPER_...
  bool has_counters;
  bool has_nohandler;
  uint32_t known;  // bit n: numbers[n] is set
  int64_t numbers[kLinkNumbers];
  uint64_t counters[kLinkCounters];
  HardwareAddress address;
  HardwareAddress broadcast;

  bool knows(LinkNumber n) const { return (known >> n & 1u) != 0; }
  void set(LinkNumber n, int64_t value) {
    numbers[n] = value;
    known |= 1u << n;
  }
  bool is_up() const { return knows(kFlags) && (numbers[kFlags] & IFF_UP) != 0; }
};

constexpr std::string_view kOperstates[] = {"unknown", "notpresent", "down", "lowerlayerdown",
                                            "testing", "dormant",    "up"};
inline std::string_view operstate_name(uint8_t state) {
  return state < sizeof kOperstates / sizeof kOperstates[0] ? kOperstates[state] : "unknown";
}

constexpr uint8_t kOperstateUp = 6;

constexpr size_t kAddressText = 3 * sizeof HardwareAddress::bytes;
// "02:fc:00:00:00:01", written into `text`.
inline std::string_view write_address(const HardwareAddress& address, char (&text)[kAddressText]) {
  constexpr char kDigits[] = "0123456789abcdef";
  size_t n = 0;
  for (uint8_t i = 0; i < address.size; ++i) {
    if (i > 0) text[n++] = ':';
    text[n++] = kDigits[address.bytes[i] >> 4u];
    text[n++] = kDigits[address.bytes[i] & 15u];
  }
  return {text, n};
}

inline HardwareAddress hardware_address(std::string_view bytes) {
  HardwareAddress out{};
  out.size =
      static_cast<uint8_t>(bytes.size() < sizeof out.bytes ? bytes.size() : sizeof out.bytes);
  if (out.size > 0) memcpy(out.bytes, bytes.data(), out.size);
  return out;
}

inline void set_counters(Link& link, std::string_view bytes) {
  rtnl_link_stats64 s{};  // older kernels have fewer of them, newer ones more
  memcpy(&s, bytes.data(), bytes.size() < sizeof s ? bytes.size() : sizeof s);
  uint64_t* const c = link.counters;
  c[kRxBytes] = s.rx_bytes;
  c[kRxPackets] = s.rx_packets;
  c[kRxErrors] = s.rx_errors;
  c[kRxDropped] = plus(s.rx_dropped, s.rx_missed_errors);
  c[kRxFifo] = s.rx_fifo_errors;
  c[kRxFrame] =
      plus(plus(s.rx_length_errors, s.rx_over_errors), plus(s.rx_crc_errors, s.rx_frame_errors));
  c[kRxCompressed] = s.rx_compressed;
  c[kRxMulticast] = s.multicast;
  c[kTxBytes] = s.tx_bytes;
  c[kTxPackets] = s.tx_packets;
  c[kTxErrors] = s.tx_errors;
  c[kTxDropped] = s.tx_dropped;
  c[kTxFifo] = s.tx_fifo_errors;
  c[kTxCollisions] = s.collisions;
  c[kTxCarrier] = plus(plus(s.tx_carrier_errors, s.tx_aborted_errors),
                       plus(s.tx_window_errors, s.tx_heartbeat_errors));
  c[kTxCompressed] = s.tx_compressed;
  c[kRxNohandler] = s.rx_nohandler;
  link.has_counters = bytes.size() > offsetof(rtnl_link_stats64, tx_compressed);
  link.has_nohandler =
      bytes.size() >= offsetof(rtnl_link_stats64, rx_nohandler) + sizeof s.rx_nohandler;
}

// The numbers that are attributes of their own; of other attributes nothing.
inline void set_number(Link& link, const NetlinkAttribute& attribute) {
  struct Known {
    uint16_t type;
    uint8_t size;
    LinkNumber number;
  };
  static constexpr Known kKnown[] = {{IFLA_CARRIER, 1, kCarrier},
                                     {IFLA_CARRIER_CHANGES, 4, kCarrierChanges},
                                     {IFLA_CARRIER_UP_COUNT, 4, kCarrierUpChanges},
                                     {IFLA_CARRIER_DOWN_COUNT, 4, kCarrierDownChanges},
                                     {IFLA_LINK, 4, kIflink},
                                     {IFLA_LINKMODE, 1, kLinkMode},
                                     {IFLA_MTU, 4, kMtu},
                                     {IFLA_GROUP, 4, kGroup},
                                     {IFLA_TXQLEN, 4, kTxQueueLength}};
  for (const Known& known : kKnown) {
    uint32_t wide = 0;
    uint8_t narrow = 0;
    if (known.type != attribute.type) continue;
    if (known.size == 4 && load(attribute.value, &wide)) link.set(known.number, wide);
    if (known.size == 1 && load(attribute.value, &narrow)) link.set(known.number, narrow);
  }
}

// sysfs shows what was set of the flags; the message also what has come of it.
inline void set_flags(Link& link, uint32_t flags, uint32_t promiscuity, uint32_t allmulti) {
  constexpr uint32_t kOutcome = IFF_RUNNING | IFF_LOWER_UP | IFF_DORMANT;
  flags &= ~kOutcome;
  if (promiscuity > 0) flags |= IFF_PROMISC;
  if (allmulti > 0) flags |= IFF_ALLMULTI;
  link.set(kFlags, flags);
  if (!link.is_up()) link.known &= ~(1u << kCarrier);  // nobody knows while it is off
}

constexpr uint16_t kAllmulti = 61;  // IFLA_ALLMULTI, which headers before Linux 6.0 lack

// Understands one message of type RTM_NEWLINK. `alias` is what an administrator called
// it, lent by the message. False when it does not say the interface's name.
inline bool parse_link(std::string_view body, Link* link, std::string_view* alias) {
  ifinfomsg info;
  *link = Link{};
  *alias = {};
  if (!load(body, &info)) return false;
  skip_aligned(body, sizeof info);
  uint32_t promiscuity = 0;
  uint32_t allmulti = 0;
  NetlinkAttribute a;
  while (next_attribute(body, &a)) {
    if (a.type == IFLA_IFNAME || a.type == IFLA_IFALIAS) {
      const std::string_view text = take_until(a.value, '\0');
      if (a.type == IFLA_IFALIAS) {
        *alias = text;
      } else if (text.size() < sizeof link->name) {
        memcpy(link->name, text.data(), text.size());
        link->name[text.size()] = '\0';
      }
    } else if (a.type == IFLA_STATS64) {
      set_counters(*link, a.value);
    } else if (a.type == IFLA_ADDRESS) {
      link->address = hardware_address(a.value);
    } else if (a.type == IFLA_BROADCAST) {
      link->broadcast = hardware_address(a.value);
    } else if (a.type == IFLA_OPERSTATE) {
      load(a.value, &link->operstate);
    } else if (a.type == IFLA_PROMISCUITY) {
      load(a.value, &promiscuity);
    } else if (a.type == kAllmulti) {
      load(a.value, &allmulti);
    } else {
      set_number(*link, a);
    }
  }
  link->set(kIfindex, info.ifi_index);
  link->set(kHardwareType, info.ifi_type);
  if (!link->knows(kIflink)) link->set(kIflink, info.ifi_index);
  set_flags(*link, info.ifi_flags, promiscuity, allmulti);
  if (link->is_up()) link->set(kDormant, (info.ifi_flags & IFF_DORMANT) != 0 ? 1 : 0);
  return link->name[0] != '\0';
}

}  // namespace plugin
