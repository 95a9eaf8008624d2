// virgo.sockets: how many sockets there are, in which states, and what waits in their
// queues, counted by the kernel's sock_diag; and the sums of /proc/net/sockstat.
//
// On a worker: a host can have a million sockets.
#include <shared/naming.hpp>
#include <shared/net_file.hpp>

#include "socket_source.hpp"
#include "sockstat.hpp"
#include "tally.hpp"

namespace {

using plugin::SocketTally;
using plugin::SockstatValue;
using virgo::sdk::gauge;
using virgo::sdk::label;

constexpr std::string_view kStates[plugin::kSocketStates] = {
    "",          "established", "syn_sent",   "syn_received", "fin_wait_1", "fin_wait_2",
    "time_wait", "closed",      "close_wait", "last_ack",     "listen",     "closing"};
constexpr std::string_view kNodeStates[plugin::kSocketStates] = {
    "",          "established", "syn_sent",   "syn_recv", "fin_wait1", "fin_wait2",
    "time_wait", "close",       "close_wait", "last_ack", "listen",    "closing"};

class Sockets {
 public:
  static constexpr const char* kName = "virgo.sockets";
  static constexpr const char* kSummary = "Sockets by state, and what waits in their queues.";
  static constexpr uint32_t kThread = VIRGO_ON_WORKER;
  enum Metric : uint32_t {
    kConnections,
    kQueued,
    kWaiting,
    kFull,
    kPortConnections,
    kPortWaiting,
    kPortLimit,
    kUsed,
    kOrphaned,
    kAllocated,
    kMemory,
    kRaw,
    kFragments,
    kFragmentMemory,
    kNodeTcp,
    kNodeUdp
  };
  static constexpr virgo_metric kMetrics[] = {
      gauge("system.network.connection.count", "{connection}",
            "Connections of TCP by state; sockets of UDP, which have none.", VIRGO_U64),
      gauge("virgo.sockets.queued", "By",
            "Bytes that a program has not read yet, or the other side not acknowledged.",
            VIRGO_U64),
      gauge("virgo.sockets.listen.queue", "{connection}",
            "Connections that no program has accepted yet.", VIRGO_U64),
      gauge("virgo.sockets.listen.full", "{socket}",
            "Listening sockets that have no room for another connection.", VIRGO_U64),
      gauge("virgo.sockets.port.connections", "{connection}",
            "Connections to one of the ports asked for.", VIRGO_U64),
      gauge("virgo.sockets.port.listen.queue", "{connection}",
            "Connections to such a port that no program has accepted yet.", VIRGO_U64),
      gauge("virgo.sockets.port.listen.limit", "{connection}",
            "The most that may wait to be accepted there.", VIRGO_U64),
      gauge("virgo.sockets.used", "{socket}", "Sockets of all kinds.", VIRGO_U64),
      gauge("virgo.sockets.tcp.orphaned", "{socket}",
            "Connections that are being closed and belong to no program any more.", VIRGO_U64),
      gauge("virgo.sockets.tcp.allocated", "{socket}",
            "Sockets of TCP that hold memory, connected or not.", VIRGO_U64),
      gauge("virgo.sockets.memory", "By", "Memory in the sockets' queues.", VIRGO_U64),
      gauge("virgo.sockets.raw", "{socket}", "Raw sockets.", VIRGO_U64),
      gauge("virgo.sockets.fragment.queue", "{packet}",
            "Packets of which some fragments are missing.", VIRGO_U64),
      gauge("virgo.sockets.fragment.memory", "By", "Memory of fragments.", VIRGO_U64),
      gauge("node_tcp_connection_states", "1", "Connections by state, and bytes in queues.",
            VIRGO_U64),
      gauge("node_udp_queues", "By", "Bytes in the queues of UDP.", VIRGO_U64)};
  static constexpr virgo_param kParams[] = {
      virgo::sdk::param("ports", VIRGO_PARAM_LIST, nullptr,
                        "Local ports of TCP, at most 64, to report one by one."),
      plugin::naming_param(), plugin::root_param()};

  explicit Sockets(virgo::sdk::Host host) : source_(host) {}

  virgo_status configure(virgo::sdk::Config root) {
    naming_ = plugin::naming_of(root);
    const std::string_view prefix = root["root"].as_text();
    const bool done = ports_.set(root["ports"]) && source_.set_root(prefix) &&
                      sockstat_.set_path(prefix, "sockstat") &&
                      sockstat6_.set_path(prefix, "sockstat6");
    return done ? VIRGO_OK : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    SocketTally tallies[plugin::kTables] = {};
    ports_.begin(true);  // should there be no IPv6 any more
    for (unsigned table = 0; table < plugin::kTables; ++table) {
      const virgo_status status = count(run, table, tallies);
      if (status < 0 && status != VIRGO_ERR_UNSUPPORTED) return status;
      tallies[table].present = status >= 0;
    }
    if (naming_ == plugin::Naming::prometheus)
      report_node(run, tallies);
    else
      report(run, tallies);
    each_sockstat(run, sockstat_);
    each_sockstat(run, sockstat6_);
    return VIRGO_OK;
  }

 private:
  virgo_status count(virgo::sdk::Run run, unsigned table, SocketTally* tallies) {
    const bool has_ports = !plugin::is_udp(table);
    SocketTally* const ipv4 = tallies + (has_ports ? 0 : 2);
    const bool tells_both = table == 0 && !source_.reads_table(0);
    return source_.each(
        run, table,
        [&] {
          tallies[table] = {};
          if (has_ports) ports_.begin(plugin::is_ipv6(table));
          if (!tells_both) return;
          tallies[1] = {};
          ports_.begin(true);
        },
        [&](const plugin::Socket& socket) {
          ipv4[socket.is_ipv6 ? 1 : 0].add(socket);
          if (has_ports) ports_.add(socket, socket.is_ipv6);
        });
  }

  void report(virgo::sdk::Run run, const SocketTally* tallies) const {
    uint64_t waiting = 0;
    uint64_t full = 0;
    for (unsigned i = 0; i < plugin::kTables; ++i) {
      if (!tallies[i].present) continue;
      report_table(run, tallies[i], i);
      waiting += tallies[i].waiting;
      full += tallies[i].full;
    }
    report_queues(run, tallies, 0, "tcp");
    report_queues(run, tallies, 2, "udp");
    run.emit(kWaiting, waiting);
    if (!source_.reads_table(0)) run.emit(kFull, full);
    for (uint32_t i = 0; i < ports_.size(); ++i)
      report_port(run, ports_.number(i), ports_.tally(i));
  }
  static void report_table(virgo::sdk::Run run, const SocketTally& tally, unsigned table) {
    const bool udp = plugin::is_udp(table);
    const virgo_label transport = label("network.transport", udp ? "udp" : "tcp");
    const virgo_label type = label("network.type", plugin::is_ipv6(table) ? "ipv6" : "ipv4");
    if (udp) {
      run.emit(kConnections, tally.all(), {transport, type});
      return;
    }
    for (unsigned s = plugin::kEstablished; s < plugin::kSocketStates; ++s)
      run.emit(kConnections, tally.states[s],
               {transport, type, label("network.connection.state", kStates[s])});
  }
  static void report_queues(virgo::sdk::Run run, const SocketTally* tallies, unsigned first,
                            std::string_view transport) {
    const auto emit = [&](uint64_t bytes, std::string_view direction) {
      run.emit(kQueued, bytes,
               {label("network.transport", transport), label("network.io.direction", direction)});
    };
    emit(tallies[first].received + tallies[first + 1].received, "receive");
    emit(tallies[first].sent + tallies[first + 1].sent, "transmit");
  }
  void report_port(virgo::sdk::Run run, unsigned number, const plugin::PortTally& tally) const {
    char digits[8];
    const int n = snprintf(digits, sizeof digits, "%u", number);
    const virgo_label port = label("network.local.port", {digits, static_cast<size_t>(n)});
    run.emit(kPortConnections, tally.established,
             {port, label("network.connection.state", "established")});
    run.emit(kPortConnections, tally.listening,
             {port, label("network.connection.state", "listen")});
    if (tally.listening == 0) return;
    run.emit(kPortWaiting, tally.waiting, {port});
    if (!source_.reads_table(0)) run.emit(kPortLimit, tally.limit, {port});
  }

  // As node_exporter counts: the queues of listening sockets are taken for bytes, too.
  static void report_node(virgo::sdk::Run run, const SocketTally* t) {
    for (unsigned s = plugin::kEstablished; s < plugin::kSocketStates; ++s)
      if (const uint64_t count = t[0].states[s] + t[1].states[s]; count > 0)
        run.emit(kNodeTcp, count, {label("state", kNodeStates[s])});
    const auto queued = [&](uint64_t bytes, std::string_view state) {
      if (t[0].all() + t[1].all() > 0) run.emit(kNodeTcp, bytes, {label("state", state)});
    };
    queued(t[0].received + t[0].waiting + t[1].received + t[1].waiting, "rx_queued_bytes");
    queued(t[0].sent + t[0].room + t[1].sent + t[1].room, "tx_queued_bytes");
    for (unsigned i = 2; i < plugin::kTables; ++i) {
      if (!t[i].present) continue;
      const virgo_label ip = label("ip", plugin::is_ipv6(i) ? "v6" : "v4");
      run.emit(kNodeUdp, t[i].received, {ip, label("queue", "rx")});
      run.emit(kNodeUdp, t[i].sent, {ip, label("queue", "tx")});
    }
  }

  void each_sockstat(virgo::sdk::Run run, plugin::NetFile& file) const {
    size_t length = 0;
    const char* text = file.try_read(&length);
    if (text == nullptr) return;
    plugin::each_sockstat({text, length}, [&](const SockstatValue& v) {
      if (naming_ == plugin::Naming::prometheus)
        report_node_sockstat(run, v);
      else
        report_sockstat(run, v);
    });
  }
  static uint64_t bytes_of(uint64_t pages) {
    return plugin::times(pages, static_cast<uint64_t>(sysconf(_SC_PAGESIZE)));
  }
  static void report_sockstat(virgo::sdk::Run run, const SockstatValue& v) {
    const bool is_ipv6 = v.protocol.back() == '6';
    const std::string_view protocol = v.protocol.substr(0, v.protocol.size() - (is_ipv6 ? 1 : 0));
    const virgo_label type = label("network.type", is_ipv6 ? "ipv6" : "ipv4");
    const auto is = [&](std::string_view p, std::string_view f) {
      return protocol == p && v.field == f;
    };
    if (is("sockets", "used")) run.emit(kUsed, v.value);
    if (is("TCP", "orphan")) run.emit(kOrphaned, v.value);
    if (is("TCP", "alloc")) run.emit(kAllocated, v.value);
    if (is("TCP", "mem")) run.emit(kMemory, bytes_of(v.value), {label("network.transport", "tcp")});
    if (is("UDP", "mem")) run.emit(kMemory, bytes_of(v.value), {label("network.transport", "udp")});
    if (is("RAW", "inuse")) run.emit(kRaw, v.value, {type});
    if (is("FRAG", "inuse")) run.emit(kFragments, v.value, {type});
    if (is("FRAG", "memory")) run.emit(kFragmentMemory, v.value, {type});
  }
  static void report_node_sockstat(virgo::sdk::Run run, const SockstatValue& v) {
    char name[96];
    const auto emit = [&](const char* end, uint64_t value) {
      const int n = snprintf(name, sizeof name, "node_sockstat_%.*s_%.*s%s",
                             static_cast<int>(v.protocol.size()), v.protocol.data(),
                             static_cast<int>(v.field.size()), v.field.data(), end);
      if (n > 0 && static_cast<size_t>(n) < sizeof name)
        run.emit_undeclared({name, static_cast<size_t>(n)}, "", VIRGO_GAUGE, value);
    };
    emit("", v.value);
    if (v.field == "mem") emit("_bytes", bytes_of(v.value));
  }

  plugin::SocketSource source_;
  plugin::NetFile sockstat_;
  plugin::NetFile sockstat6_;
  plugin::Ports ports_;
  plugin::Naming naming_ = plugin::Naming::otel;
};

}  // namespace

VIRGO_CXX_MODULE("io.virgo.sockets", "0.2.0", Sockets);
