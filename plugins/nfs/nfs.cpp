// virgo.nfs: what this host asks of NFS servers, from /proc/net/rpc/nfs.
#include <shared/naming.hpp>
#include <shared/net_file.hpp>
#include <shared/wrapping.hpp>

#include "operations.hpp"

namespace {

using plugin::NfsStats;
using virgo::sdk::counter;
using virgo::sdk::label;

class Nfs {
 public:
  static constexpr const char* kName = "virgo.nfs";
  static constexpr const char* kSummary = "Calls of the NFS client, and how many it had to repeat.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  enum Metric : uint32_t {
    kNet,
    kConnections,
    kCalls,
    kRetransmissions,
    kAuthRefreshes,
    kProcedures,
    kOperations,
    kNodePackets,
    kNodeConnections,
    kNodeCalls,
    kNodeRetransmissions,
    kNodeAuthRefreshes,
    kNodeRequests
  };
  static constexpr virgo_metric kMetrics[] = {
      counter("nfs.client.net.count", "{record}", "Records of TCP and datagrams of UDP handled."),
      counter("nfs.client.net.tcp.connection.accepted", "{connection}", "Connections of TCP."),
      counter("nfs.client.rpc.count", "{request}", "Calls to servers, answered or not."),
      counter("nfs.client.rpc.retransmit.count", "{retransmit}",
              "Calls sent again, for want of an answer."),
      counter("nfs.client.rpc.authrefresh.count", "{authrefresh}",
              "Times the credentials of a call were renewed."),
      counter("nfs.client.procedure.count", "{procedure}", "Calls of NFS 2 and 3 by procedure."),
      counter("nfs.client.operation.count", "{operation}", "Calls of NFS 4 by operation."),
      counter("node_nfs_packets_total", "{record}", "Records of TCP and datagrams of UDP handled."),
      counter("node_nfs_connections_total", "{connection}", "Connections of TCP."),
      counter("node_nfs_rpcs_total", "{request}", "Calls to servers, answered or not."),
      counter("node_nfs_rpc_retransmissions_total", "{retransmit}",
              "Calls sent again, for want of an answer."),
      counter("node_nfs_rpc_authentication_refreshes_total", "{authrefresh}",
              "Times the credentials of a call were renewed."),
      counter("node_nfs_requests_total", "{request}", "Calls by version and method.")};
  static constexpr virgo_param kParams[] = {plugin::naming_param(), plugin::root_param()};

  explicit Nfs(virgo::sdk::Host) {}

  virgo_status configure(virgo::sdk::Config root) {
    naming_ = plugin::naming_of(root);
    return file_.set_path(root["root"].as_text(), "rpc/nfs") ? VIRGO_OK : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    size_t length = 0;
    const char* text = file_.read(run, &length);
    if (text == nullptr) {
      if (access(file_.path(), F_OK) == 0) return VIRGO_ERR_FAILED;
      plugin::explain(run,
                      "there is no %s: the kernel's NFS client is not loaded, as on a host "
                      "that has not mounted anything by NFS",
                      file_.path());
      return VIRGO_ERR_UNSUPPORTED;
    }
    NfsStats stats;
    plugin::parse_nfs({text, length}, &stats);
    if (!stats.knows(plugin::kRpcAuthRefreshes)) {
      plugin::explain(run, "%s has no whole rpc line", file_.path());
      return VIRGO_ERR_FAILED;
    }
    unwrap(stats);
    if (naming_ == plugin::Naming::prometheus)
      report_node(run, stats);
    else
      report(run, stats);
    return VIRGO_OK;
  }

 private:
  // All of them are 32 bits wide in the kernel.
  void unwrap(NfsStats& stats) {
    for (unsigned n = 0; n < plugin::kNfsNumbers; ++n)
      stats.numbers[n] = numbers_[n].next(stats.numbers[n]);
    for (unsigned v = 0; v < plugin::kNfsVersions; ++v)
      for (unsigned n = 0; n < stats.counts[v]; ++n)
        stats.operations[v][n] = operations_[v][n].next(stats.operations[v][n]);
  }

  static void report(virgo::sdk::Run run, const NfsStats& s) {
    if (s.knows(plugin::kNetConnections)) {
      run.emit(kNet, s.numbers[plugin::kNetUdp], {label("network.transport", "udp")});
      run.emit(kNet, s.numbers[plugin::kNetTcp], {label("network.transport", "tcp")});
      run.emit(kConnections, s.numbers[plugin::kNetConnections]);
    }
    run.emit(kCalls, s.numbers[plugin::kRpcCalls]);
    run.emit(kRetransmissions, s.numbers[plugin::kRpcRetransmissions]);
    run.emit(kAuthRefreshes, s.numbers[plugin::kRpcAuthRefreshes]);
    for (unsigned v = 0; v < plugin::kNfsVersions; ++v) report_version(run, s, v);
  }
  // Most of the many are never called.
  static void report_version(virgo::sdk::Run run, const NfsStats& s, unsigned v) {
    const plugin::NfsVersion& version = plugin::kVersions[v];
    const bool is_4 = version.number == "4";
    for (unsigned n = 0; n < version.count && n < s.counts[v]; ++n)
      if (s.operations[v][n] > 0)
        run.emit(is_4 ? kOperations : kProcedures, s.operations[v][n],
                 {label("onc_rpc.version", version.number),
                  label(is_4 ? "nfs.operation.name" : "onc_rpc.procedure.name",
                        version.operations[n].name)});
  }

  // As node_exporter does: all of them, also those the kernel does not have.
  static void report_node(virgo::sdk::Run run, const NfsStats& s) {
    run.emit(kNodePackets, s.numbers[plugin::kNetUdp], {label("protocol", "udp")});
    run.emit(kNodePackets, s.numbers[plugin::kNetTcp], {label("protocol", "tcp")});
    run.emit(kNodeConnections, s.numbers[plugin::kNetConnections]);
    run.emit(kNodeCalls, s.numbers[plugin::kRpcCalls]);
    run.emit(kNodeRetransmissions, s.numbers[plugin::kRpcRetransmissions]);
    run.emit(kNodeAuthRefreshes, s.numbers[plugin::kRpcAuthRefreshes]);
    for (unsigned v = 0; v < plugin::kNfsVersions; ++v) {
      const plugin::NfsVersion& version = plugin::kVersions[v];
      for (unsigned n = 0; n < version.count && !version.operations[n].node.empty(); ++n)
        run.emit(kNodeRequests, s.operations[v][n],
                 {label("proto", version.number), label("method", version.operations[n].node)});
    }
  }

  plugin::NetFile file_;
  plugin::Naming naming_ = plugin::Naming::otel;
  plugin::Wrapping32 numbers_[plugin::kNfsNumbers];
  plugin::Wrapping32 operations_[plugin::kNfsVersions][plugin::kMostOperations];
};

}  // namespace

VIRGO_CXX_MODULE("io.virgo.nfs", "0.2.0", Nfs);
