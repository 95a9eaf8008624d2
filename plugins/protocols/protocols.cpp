// virgo.protocols: what IP, ICMP, TCP and UDP count, from /proc/net/snmp, netstat and
// snmp6.
#include <shared/main_file.hpp>
#include <shared/naming.hpp>
#include <shared/wrapping.hpp>

#include "selection.hpp"
#include "snmp6.hpp"

namespace {

using plugin::SnmpField;
using virgo::sdk::label;

class Protocols : public plugin::ProtocolMetrics {
 public:
  static constexpr const char* kName = "virgo.protocols";
  static constexpr const char* kSummary =
      "Counters of the network protocols: retransmits, drops, errors.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  static constexpr virgo_param kParams[] = {
      virgo::sdk::param("all", VIRGO_PARAM_BOOL, "false",
                        "Report everything the kernel counts, some 400 metrics, beside the "
                        "selected ones."),
      plugin::naming_param(), plugin::root_param()};

  explicit Protocols(virgo::sdk::Host) {}

  virgo_status configure(virgo::sdk::Config root) {
    naming_ = plugin::naming_of(root);
    all_ = root["all"].as_bool();
    const std::string_view prefix = root["root"].as_text();
    return snmp_.set_path(prefix, "/proc/net/snmp") &&
                   netstat_.set_path(prefix, "/proc/net/netstat") &&
                   snmp6_.set_path(prefix, "/proc/net/snmp6")
               ? VIRGO_OK
               : VIRGO_ERR_NO_MEMORY;
  }

  // Everything is looked through before anything is reported: a damaged file has no
  // samples.
  virgo_status collect(virgo::sdk::Run run) {
    size_t length = 0;
    virgo_status status = VIRGO_OK;
    const char* text = plugin::read_main(
        snmp_, run, "/proc is not mounted, or the kernel was built without IPv4", &length, &status);
    if (text == nullptr) return status;
    const std::string_view snmp(text, length);
    const std::string_view netstat = optional(netstat_);
    const std::string_view snmp6 = optional(snmp6_);  // there is none without IPv6
    const auto nothing = [](const SnmpField&) {};
    if (!plugin::each_snmp(snmp, nothing)) return damaged(run, snmp_);
    if (!plugin::each_snmp(netstat, nothing)) return damaged(run, netstat_);
    if (!plugin::each_snmp6(snmp6, nothing)) return damaged(run, snmp6_);
    const auto see = [&](const SnmpField& field) { report(run, field); };
    plugin::each_snmp(snmp, see);
    plugin::each_snmp(netstat, see);
    plugin::each_snmp6(snmp6, see);
    return VIRGO_OK;
  }

 private:
  static std::string_view optional(plugin::ProcFile& file) {
    size_t length = 0;
    const char* text = file.try_read(&length);
    return text == nullptr ? std::string_view() : std::string_view(text, length);
  }

  static virgo_status damaged(virgo::sdk::Run run, const plugin::ProcFile& file) {
    plugin::explain(run, "%s is damaged: names without values, or a line cut off", file.path());
    return VIRGO_ERR_FAILED;
  }

  void report(virgo::sdk::Run run, const SnmpField& field) {
    if (naming_ == plugin::Naming::prometheus) {
      if (all_ || plugin::is_node_default(field)) report_found(run, field, "node_netstat_", '_');
      return;
    }
    for (unsigned i = 0; i < plugin::kProtocolCounterCount; ++i) {
      const plugin::ProtocolCounter& counter = plugin::kProtocolCounters[i];
      if (counter.name != field.name || counter.protocol != field.protocol) continue;
      report_selected(
          run, counter,
          plugin::is_protocol_gauge(field) ? field.value : counters_[i].next(field.value));
      break;
    }
    if (all_) report_found(run, field, "virgo.network.", '.');
  }

  static void report_selected(virgo::sdk::Run run, const plugin::ProtocolCounter& counter,
                              uint64_t value) {
    virgo_label labels[2];
    uint32_t count = 0;
    if (!counter.network_type.empty())
      labels[count++] = label("network.type", counter.network_type);
    if (!counter.key.empty()) labels[count++] = label(counter.key, counter.value);
    run.emit(counter.metric, value, labels, count);
  }

  // Under the kernel's own name. Only what goes up and down may be negative, as MaxConn
  // is where there is no limit.
  static void report_found(virgo::sdk::Run run, const SnmpField& field, std::string_view start,
                           char between) {
    char name[128];
    if (start.size() + field.protocol.size() + 1 + field.name.size() > sizeof name) return;
    size_t n = 0;
    const auto add = [&](std::string_view part) {
      memcpy(name + n, part.data(), part.size());
      n += part.size();
    };
    add(start);
    add(field.protocol);
    name[n++] = between;
    add(field.name);
    if (plugin::is_protocol_gauge(field))
      run.emit_undeclared({name, n}, "", VIRGO_GAUGE, field.signed_value);
    else
      run.emit_undeclared({name, n}, "", VIRGO_COUNTER, field.value);
  }

  plugin::ProcFile snmp_;
  plugin::ProcFile netstat_;
  plugin::ProcFile snmp6_;
  // A 32-bit kernel keeps most of these in 32 bits.
  plugin::Wrapping32 counters_[plugin::kProtocolCounterCount];
  plugin::Naming naming_ = plugin::Naming::otel;
  bool all_ = false;
};

}  // namespace

VIRGO_CXX_MODULE("io.virgo.protocols", "0.2.0", Protocols);
