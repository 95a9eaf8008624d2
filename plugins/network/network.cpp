// virgo.network: traffic, errors and state of the network interfaces, as the kernel
// itself tells them (rtnetlink); and agent.network, one interface in the words of the
// Rackspace agent.
//
// On a worker: the kernel lets one caller at a time at its interfaces, and a driver that
// is being set up can hold all others back for seconds.
#include <shared/naming.hpp>
#include <shared/series_cap.hpp>
#include <shared/words.hpp>

#include "link_source.hpp"
#include "link_table.hpp"
#include "metrics.hpp"

namespace {

using plugin::Device;
using plugin::Link;
using virgo::sdk::counter;
using virgo::sdk::label;

class Network : public plugin::NetworkMetrics {
 public:
  static constexpr const char* kName = "virgo.network";
  static constexpr const char* kSummary = "Traffic, errors and state of the network interfaces.";
  static constexpr uint32_t kThread = VIRGO_ON_WORKER;
  static constexpr virgo_param kParams[] = {
      virgo::sdk::param("include", VIRGO_PARAM_LIST, nullptr,
                        "Names or shell patterns of the interfaces to report; none = all. Set "
                        "without exclude, nothing of it is left out."),
      virgo::sdk::param("exclude", VIRGO_PARAM_LIST,
                        "[lo, \"veth*\", \"br-*\", \"docker*\", \"virbr*\", \"vnet*\", \"tap*\", "
                        "\"cali*\", \"cilium*\", \"lxc*\", \"cni*\", \"flannel*\", "
                        "\"kube-ipvs*\", nodelocaldns, \"ifb*\", \"dummy*\"]",
                        "Names or shell patterns of the interfaces to leave out."),
      plugin::max_series_param("2000"), plugin::naming_param(), plugin::root_param()};

  explicit Network(virgo::sdk::Host host) : host_(host), source_(host) {}

  virgo_status configure(virgo::sdk::Config root) {
    naming_ = plugin::naming_of(root);
    const bool is_node = naming_ == plugin::Naming::prometheus;
    constexpr uint32_t kOfNode = plugin::kNodeInfo + 1 - plugin::kNodeCounters;
    if (!cap_.set(root, is_node ? kOfNode : plugin::kNodeCounters + 4)) return VIRGO_ERR_INVALID;
    const bool done = selection_.include.set(root["include"]) && set_exclude(root) &&
                      source_.set_root(root["root"].as_text());
    return done ? VIRGO_OK : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    const virgo_status status = source_.each(
        run, [this] { begin(); },
        [this](Link& link, std::string_view alias) { take(link, alias); });
    if (status < 0) return status;
    links_.end();
    for (Device* device = links_.first(); device < links_.last(); ++device) {
      if (run.time_left_ns() == 0) return VIRGO_ERR_TIMEOUT;  // a driver's files can be slow
      if (device->changed) read_files(*device);
      report(run, *device);
    }
    if (cap_.over()) report_sum(run);
    cap_.end(host_, "network interfaces");
    return VIRGO_OK;
  }

 private:
  // The defaults of what to leave out are for who has not said what he wants.
  bool set_exclude(virgo::sdk::Config root) {
    bool written = selection_.include.empty();
    for (uint32_t i = 0; i < root.size(); ++i) written = written || root.key_at(i) == "exclude";
    return !written || selection_.exclude.set(root["exclude"]);
  }

  void begin() {
    links_.begin();
    cap_.begin();
    sum_ = Link{};
  }
  void take(Link& link, std::string_view alias) {
    if (!selection_.wants(link.name) || links_.has_seen(link)) return;
    if (cap_.admit() && take_over(link, alias)) return;
    for (unsigned i = 0; i < plugin::kLinkCounters; ++i)
      sum_.counters[i] = plugin::plus(sum_.counters[i], link.counters[i]);
    sum_.has_counters |= link.has_counters;
    sum_.has_nohandler |= link.has_nohandler;
  }
  bool take_over(Link& link, std::string_view alias) {
    if (!source_.reads_files()) return links_.take(link, alias);
    source_.files().read_operstate(link);
    if (naming_ == plugin::Naming::otel) {
      source_.files().read_number(link, plugin::kCarrier);
      return links_.take(link, {});
    }
    source_.files().read_numbers(link, 0);
    source_.files().read_addresses(link);
    return links_.take(link, source_.files().text(link.name, "ifalias"));
  }
  void read_files(Device& device) {
    device.changed = false;
    source_.files().read_number(device.link, plugin::kSpeed);
    if (naming_ == plugin::Naming::otel) return;
    for (const auto n : {plugin::kAddressAssignType, plugin::kNameAssignType, plugin::kDeviceId})
      source_.files().read_number(device.link, n);
    const std::string_view duplex = source_.files().text(device.link.name, "duplex");
    const size_t n = duplex.size() < sizeof device.duplex ? duplex.size() : 0;
    if (n > 0) memcpy(device.duplex, duplex.data(), n);
    device.duplex[n] = '\0';
  }

  void report(virgo::sdk::Run run, const Device& device) const {
    if (naming_ == plugin::Naming::prometheus) {
      const virgo_label name = label("device", device.link.name);
      report_node_counters(run, device.link, name);
      report_node_class(run, device, name);
    } else {
      report_counters(run, device.link, label("network.interface.name", device.link.name),
                      label("system.device", device.link.name));
      report_link(run, device.link);
    }
  }
  void report_sum(virgo::sdk::Run run) const {
    const virgo_label others = plugin::SeriesCap::label();
    if (naming_ == plugin::Naming::prometheus)
      report_node_counters(run, sum_, others);
    else
      report_counters(run, sum_, others, {});
  }

  static void report_counters(virgo::sdk::Run run, const Link& link, const virgo_label& name,
                              const virgo_label& device) {
    if (!link.has_counters) return;
    const auto both = [&](uint32_t metric, uint64_t received, uint64_t sent) {
      run.emit(metric, received, {name, label("network.io.direction", "receive")});
      run.emit(metric, sent, {name, label("network.io.direction", "transmit")});
    };
    const uint64_t* const c = link.counters;
    both(plugin::kIo, c[plugin::kRxBytes], c[plugin::kTxBytes]);
    report_packets(run, c[plugin::kRxPackets], name, device, "receive");
    report_packets(run, c[plugin::kTxPackets], name, device, "transmit");
    both(plugin::kDropped, c[plugin::kRxDropped], c[plugin::kTxDropped]);
    both(plugin::kErrors, c[plugin::kRxErrors], c[plugin::kTxErrors]);
  }
  // The conventions call the interface "device" here, and by its own name elsewhere.
  static void report_packets(virgo::sdk::Run run, uint64_t packets, const virgo_label& name,
                             const virgo_label& device, std::string_view direction) {
    const virgo_label way = label("network.io.direction", direction);
    if (device.key.len > 0)
      run.emit(plugin::kPackets, packets, {name, way, device});
    else
      run.emit(plugin::kPackets, packets, {name, way});
  }
  static void report_link(virgo::sdk::Run run, const Link& link) {
    const virgo_label id = label("hw.id", link.name);
    const virgo_label name = label("network.interface.name", link.name);
    // Tunnels and the like do not say more than that they have a carrier.
    const bool is_up =
        link.operstate == plugin::kOperstateUp ||
        (link.operstate == 0 && link.knows(plugin::kCarrier) && link.numbers[plugin::kCarrier] > 0);
    run.emit(plugin::kUp, uint64_t{is_up}, {id, name});
    const int64_t speed = link.knows(plugin::kSpeed) ? link.numbers[plugin::kSpeed] : 0;
    if (speed > 0 && speed < UINT32_MAX)  // drivers say -1, as 32 bits now and then
      run.emit(plugin::kLimit, static_cast<uint64_t>(speed) * 125'000, {id, name});
  }

  static void report_node_counters(virgo::sdk::Run run, const Link& link, const virgo_label& name) {
    if (!link.has_counters) return;
    const unsigned count = link.has_nohandler ? plugin::kLinkCounters : plugin::kNetdevColumns;
    for (unsigned i = 0; i < count; ++i)
      run.emit(plugin::kNodeCounters + i, link.counters[i], {name});
  }
  static void report_node_class(virgo::sdk::Run run, const Device& device,
                                const virgo_label& name) {
    const Link& link = device.link;
    for (unsigned i = 0; i < plugin::kLinkNumbers; ++i) {
      if (!link.knows(static_cast<plugin::LinkNumber>(i))) continue;
      const int64_t value = link.numbers[i];
      run.emit(plugin::kNodeNumbers + i, i == plugin::kSpeed ? value * 125'000 : value, {name});
    }
    run.emit(plugin::kNodeUp, uint64_t{link.operstate == plugin::kOperstateUp}, {name});
    char address[plugin::kAddressText];
    char broadcast[plugin::kAddressText];
    run.emit(plugin::kNodeInfo, uint64_t{1},
             {label("address", plugin::write_address(link.address, address)),
              label("broadcast", plugin::write_address(link.broadcast, broadcast)), name,
              label("duplex", device.duplex),
              label("ifalias", device.alias != nullptr ? device.alias : ""),
              label("operstate", plugin::operstate_name(link.operstate))});
  }

  virgo::sdk::Host host_;
  plugin::LinkSource source_;
  plugin::LinkTable links_;
  plugin::Selection selection_;
  plugin::SeriesCap cap_;
  plugin::Naming naming_ = plugin::Naming::otel;
  Link sum_{};  // of those beyond the cap
};

// The check type agent.network of the Rackspace agent: names, units and sentences are its
// own.
class AgentNetwork {
 public:
  static constexpr const char* kName = "agent.network";
  static constexpr const char* kSummary =
      "One network interface, as the Rackspace agent reported it.";
  static constexpr uint32_t kThread = VIRGO_ON_WORKER;
  static constexpr virgo_metric kMetrics[] = {
      counter("rx_bytes", "bytes", "Bytes received."),
      counter("tx_bytes", "bytes", "Bytes sent."),
      counter("rx_packets", "packets", "Packets received."),
      counter("tx_packets", "packets", "Packets sent."),
      counter("rx_errors", "errors", "Bad packets received."),
      counter("tx_errors", "errors", "Errors in sending."),
      counter("rx_overruns", "overruns", "Receiver FIFO overruns."),
      counter("tx_overruns", "overruns", "Sender FIFO errors."),
      counter("rx_dropped", "packets", "Packets received and dropped."),
      counter("tx_dropped", "packets", "Packets dropped instead of sent."),
      counter("rx_frame", "frames", "Errors of length, overflow, checksum and alignment."),
      counter("tx_collisions", "collisions", "Collisions."),
      counter("tx_carrier", "errors", "Errors of carrier, abort, window and heartbeat."),
      {"link_state", "link_state", "up, down, or unknown while it is switched off.", VIRGO_STATE,
       VIRGO_TEXT}};
  static constexpr virgo_param kParams[] = {
      virgo::sdk::param("target", VIRGO_PARAM_TEXT, nullptr, "Name of the interface."),
      plugin::root_param()};

  explicit AgentNetwork(virgo::sdk::Host host) : source_(host) {}

  virgo_status configure(virgo::sdk::Config root) {
    return target_.set(root["target"].as_text()) && source_.set_root(root["root"].as_text())
               ? VIRGO_OK
               : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    const std::string_view target = target_.c_str();
    if (target.empty()) {
      run.explain("Missing target parameter; give me an interface.");
      return VIRGO_ERR_INVALID;
    }
    bool found = false;
    const virgo_status status = source_.one(run, target, [&](Link& link, std::string_view) {
      if (!found) report(run, link);
      found = true;
    });
    if (status < 0 || found) return status;
    plugin::explain(run, "No such interface: %s", target_.c_str());
    return VIRGO_ERR_FAILED;
  }

 private:
  void report(virgo::sdk::Run run, Link& link) {
    static constexpr plugin::LinkCounter kOrder[] = {
        plugin::kRxBytes,   plugin::kTxBytes,   plugin::kRxPackets, plugin::kTxPackets,
        plugin::kRxErrors,  plugin::kTxErrors,  plugin::kRxFifo,    plugin::kTxFifo,
        plugin::kRxDropped, plugin::kTxDropped, plugin::kRxFrame,   plugin::kTxCollisions,
        plugin::kTxCarrier};
    constexpr uint32_t kCount = sizeof kOrder / sizeof kOrder[0];
    for (uint32_t i = 0; link.has_counters && i < kCount; ++i)
      run.emit(i, link.counters[kOrder[i]]);
    if (source_.reads_files()) source_.files().read_number(link, plugin::kCarrier);
    const bool known = link.knows(plugin::kCarrier);
    const bool carrier = known && link.numbers[plugin::kCarrier] > 0;
    run.emit(kCount, carrier ? "up" : known ? "down" : "unknown");
  }

  plugin::LinkSource source_;
  plugin::Text target_;
};

}  // namespace

VIRGO_CXX_MODULE("io.virgo.network", "0.2.0", Network, AgentNetwork);
