// The metrics of virgo.network, in both namings.
#pragma once

#include <virgo/plugin.hpp>

#include "link.hpp"

namespace plugin {

// A metric of node_exporter's is found by what it is about: kNodeCounters + a LinkCounter,
// kNodeNumbers + a LinkNumber.
enum NetworkMetric : uint32_t {
  kIo,
  kPackets,
  kDropped,
  kErrors,
  kUp,
  kLimit,
  kNodeCounters,
  kNodeNumbers = kNodeCounters + kLinkCounters,
  kNodeUp = kNodeNumbers + kLinkNumbers,
  kNodeInfo
};

struct NetworkMetrics {
  static constexpr virgo_metric kMetrics[] = {
      virgo::sdk::counter("system.network.io", "By", "Bytes received and sent."),
      virgo::sdk::counter("system.network.packet.count", "{packet}", "Packets received and sent."),
      virgo::sdk::counter("system.network.packet.dropped", "{packet}",
                          "Packets dropped without an error in them, for want of room above all."),
      virgo::sdk::counter("system.network.errors", "{error}",
                          "Packets that were damaged or could not be sent."),
      virgo::sdk::gauge("hw.network.up", "1", "1 when the link is up, else 0.", VIRGO_U64),
      virgo::sdk::gauge("hw.network.bandwidth.limit", "By/s", "What the link can carry, if known.",
                        VIRGO_U64),

      virgo::sdk::counter("node_network_receive_bytes_total", "By", "Bytes received."),
      virgo::sdk::counter("node_network_receive_packets_total", "{packet}", "Packets received."),
      virgo::sdk::counter("node_network_receive_errs_total", "{error}", "Bad packets received."),
      virgo::sdk::counter("node_network_receive_drop_total", "{packet}",
                          "Packets received and dropped, or missed by the card."),
      virgo::sdk::counter("node_network_receive_fifo_total", "{error}", "Receiver FIFO overruns."),
      virgo::sdk::counter("node_network_receive_frame_total", "{error}",
                          "Errors of length, overflow, checksum and alignment."),
      virgo::sdk::counter("node_network_receive_compressed_total", "{packet}",
                          "Compressed packets received."),
      virgo::sdk::counter("node_network_receive_multicast_total", "{packet}",
                          "Multicast packets received."),
      virgo::sdk::counter("node_network_transmit_bytes_total", "By", "Bytes sent."),
      virgo::sdk::counter("node_network_transmit_packets_total", "{packet}", "Packets sent."),
      virgo::sdk::counter("node_network_transmit_errs_total", "{error}", "Errors in sending."),
      virgo::sdk::counter("node_network_transmit_drop_total", "{packet}",
                          "Packets dropped instead of sent."),
      virgo::sdk::counter("node_network_transmit_fifo_total", "{error}", "Sender FIFO errors."),
      virgo::sdk::counter("node_network_transmit_colls_total", "{collision}", "Collisions."),
      virgo::sdk::counter("node_network_transmit_carrier_total", "{error}",
                          "Errors of carrier, abort, window and heartbeat."),
      virgo::sdk::counter("node_network_transmit_compressed_total", "{packet}",
                          "Compressed packets sent."),
      virgo::sdk::counter("node_network_receive_nohandler_total", "{packet}",
                          "Packets that nobody wanted."),

      virgo::sdk::gauge("node_network_carrier", "1", "1 when there is a carrier.", VIRGO_I64),
      virgo::sdk::counter("node_network_carrier_changes_total", "{change}",
                          "Times the carrier came or went.", VIRGO_I64),
      virgo::sdk::counter("node_network_carrier_up_changes_total", "{change}",
                          "Times the carrier came.", VIRGO_I64),
      virgo::sdk::counter("node_network_carrier_down_changes_total", "{change}",
                          "Times the carrier went.", VIRGO_I64),
      virgo::sdk::gauge("node_network_dormant", "1", "1 while something must happen first.",
                        VIRGO_I64),
      virgo::sdk::gauge("node_network_flags", "1", "The interface's flags as one number.",
                        VIRGO_I64),
      virgo::sdk::gauge("node_network_iface_id", "1", "Number of the interface.", VIRGO_I64),
      virgo::sdk::gauge("node_network_iface_link", "1", "Number of the interface below it.",
                        VIRGO_I64),
      virgo::sdk::gauge("node_network_iface_link_mode", "1", "1: it can be dormant.", VIRGO_I64),
      virgo::sdk::gauge("node_network_mtu_bytes", "By", "The largest packet.", VIRGO_I64),
      virgo::sdk::gauge("node_network_net_dev_group", "1", "Its group.", VIRGO_I64),
      virgo::sdk::gauge("node_network_protocol_type", "1", "Type of the link layer.", VIRGO_I64),
      virgo::sdk::gauge("node_network_transmit_queue_length", "{packet}",
                        "Packets that fit into the queue.", VIRGO_I64),
      virgo::sdk::gauge("node_network_address_assign_type", "1", "Where its address is from.",
                        VIRGO_I64),
      virgo::sdk::gauge("node_network_name_assign_type", "1", "Where its name is from.", VIRGO_I64),
      virgo::sdk::gauge("node_network_device_id", "1", "Its number among those that share a card.",
                        VIRGO_I64),
      virgo::sdk::gauge("node_network_speed_bytes", "By/s",
                        "What the link can carry; below zero when the driver does not know.",
                        VIRGO_I64),

      virgo::sdk::gauge("node_network_up", "1", "1 when the operating state is up.", VIRGO_U64),
      virgo::sdk::gauge("node_network_info", "1", "Addresses and other texts as labels; always 1.",
                        VIRGO_U64)};
};
static_assert(sizeof NetworkMetrics::kMetrics / sizeof(virgo_metric) == kNodeInfo + 1);

}  // namespace plugin
