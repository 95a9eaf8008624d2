// virgo.systemd: the states of systemd's units, asked for over the system's D-Bus.
//
// On a worker, because a bus may take its time. Neither libsystemd nor libdbus is
// loaded: what is needed of the protocol is in dbus.hpp and bus.hpp.
#include <shared/naming.hpp>
#include <shared/words.hpp>

#include "bus.hpp"
#include "units.hpp"

namespace {

using plugin::Property;
using plugin::Unit;
using plugin::dbus::Message;
using plugin::dbus::Writer;
using virgo::sdk::counter;
using virgo::sdk::gauge;
using virgo::sdk::label;
using virgo::sdk::param;
using virgo::sdk::state;

constexpr std::string_view kSystemd = "org.freedesktop.systemd1";
constexpr std::string_view kManagerPath = "/org/freedesktop/systemd1";
constexpr std::string_view kManager = "org.freedesktop.systemd1.Manager";
constexpr std::string_view kService = "org.freedesktop.systemd1.Service";
constexpr std::string_view kMount = "org.freedesktop.systemd1.Mount";
constexpr std::string_view kTimer = "org.freedesktop.systemd1.Timer";
constexpr std::string_view kSocket = "org.freedesktop.systemd1.Socket";
constexpr std::string_view kProperties = "org.freedesktop.DBus.Properties";

constexpr std::string_view kStates[] = {"active",       "inactive",  "failed",     "activating",
                                        "deactivating", "reloading", "maintenance"};
constexpr unsigned kStateCount = sizeof kStates / sizeof kStates[0];
// Reported even if no unit is in them.
constexpr unsigned kOtelStates = 6;
constexpr unsigned kExporterStates = 5;

// Units whose properties are asked for at once, before the first answer is read: a bus
// allows 128 calls that wait for one.
constexpr unsigned kBatch = 32;
constexpr unsigned kMostAsked = 3 * kBatch;

class Systemd {
 public:
  static constexpr const char* kName = "virgo.systemd";
  static constexpr const char* kSummary =
      "States of systemd's units, and of the system as a whole.";
  static constexpr uint32_t kThread = VIRGO_ON_WORKER;
  enum Metric : uint32_t {
    kUnits,
    kUnitState,
    kRestarts,
    kState,
    kRunning,
    kVersion,
    kNodeUnits,
    kNodeUnitState,
    kNodeRestarts,
    kNodeRunning,
    kNodeVersion,
    kNodeTimer,
    kNodeAccepted,
    kNodeConnections,
    kNodeRefused
  };
  static constexpr virgo_metric kMetrics[] = {
      gauge("virgo.systemd.units", "{unit}", "Units by state.", VIRGO_U64),
      state("virgo.systemd.unit.state", "The state of a unit: active, failed, inactive ..."),
      counter("virgo.systemd.unit.restarts", "{restart}",
              "Restarts of a service by its Restart= setting."),
      state("virgo.systemd.state", "The state of the system: running, degraded, starting ..."),
      gauge("virgo.systemd.running", "1", "1 when the system is up and no unit has failed, else 0.",
            VIRGO_U64),
      state("virgo.systemd.version", "The version of systemd."),
      gauge("node_systemd_units", "", "Units by state.", VIRGO_U64),
      gauge("node_systemd_unit_state", "", "1 for the state the unit is in, 0 for the others.",
            VIRGO_U64),
      counter("node_systemd_service_restart_total", "",
              "Restarts of a service by its Restart= setting."),
      gauge("node_systemd_system_running", "", "1 when the system is up and no unit has failed.",
            VIRGO_U64),
      gauge("node_systemd_version", "", "The version of systemd as a number.", VIRGO_F64),
      gauge("node_systemd_timer_last_trigger_seconds", "",
            "When a timer last went off, in seconds since 1970.", VIRGO_F64),
      counter("node_systemd_socket_accepted_connections_total", "",
              "Connections a socket unit has accepted."),
      gauge("node_systemd_socket_current_connections", "", "Connections a socket unit has open.",
            VIRGO_U64),
      counter("node_systemd_socket_refused_connections_total", "",
              "Connections a socket unit has refused.")};
  static constexpr virgo_param kParams[] = {
      param("include", VIRGO_PARAM_LIST, nullptr,
            "Units to report one by one, as shell patterns. Default: those that have failed; "
            "with the names of node_exporter all."),
      param("exclude", VIRGO_PARAM_LIST, nullptr,
            "Units not to report one by one, as shell patterns. Default: none; with the names "
            "of node_exporter automounts, devices, mounts, scopes, slices and targets."),
      param("restarts", VIRGO_PARAM_BOOL, "false",
            "Report how often the services among these units were restarted."),
      param("max_series", VIRGO_PARAM_INT, "2000",
            "The most series of single units to report. Units beyond it are in the counts only."),
      param("bus", VIRGO_PARAM_TEXT, "/run/dbus/system_bus_socket",
            "The socket of the bus: a path below root, unix:path=PATH or unix:abstract=NAME."),
      plugin::naming_param(),
      plugin::root_param()};

  explicit Systemd(virgo::sdk::Host host) : host_(host) {}
  ~Systemd() { free(listed_); }
  Systemd(const Systemd&) = delete;
  Systemd& operator=(const Systemd&) = delete;

  virgo_status configure(virgo::sdk::Config root) {
    exporter_ = plugin::naming_of(root) == plugin::Naming::prometheus;
    restarts_ = root["restarts"].as_bool();
    const int64_t most = root["max_series"].as_int(0);
    if (most < 1 || most > 1'000'000) root["max_series"].reject("must be from 1 to 1000000");
    max_series_ = static_cast<uint64_t>(most);
    if (!bus_.set_address(root["root"].as_text(), root["bus"].as_text()))
      root["bus"].reject(
          "must be an absolute path, unix:path=PATH or unix:abstract=NAME, of at "
          "most 107 bytes together with root");
    return selection_.set(root) ? VIRGO_OK : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    const bool kept = bus_.connected();
    virgo_status status = kept ? VIRGO_OK : bus_.connect(run);
    if (status == VIRGO_OK) status = ask_manager(run);
    // The bus may have been restarted since the last run.
    if (kept && status == VIRGO_ERR_UNREACHABLE && answers_ == 0) {
      status = bus_.connect(run);
      if (status == VIRGO_OK) status = ask_manager(run);
    }
    if (status == VIRGO_OK) status = report_units(run);
    free(listed_);
    listed_ = nullptr;
    bus_.release();
    return status;
  }

 private:
  enum class What : uint8_t { type, restarts, last_trigger, accepted, connections, refused };
  struct Asked {
    uint32_t serial;
    uint8_t unit;  // of the batch
    What what;
  };
  struct Batch {
    Unit units[kBatch];
    char types[kBatch][24];
    unsigned count = 0;
    Asked asked[kMostAsked];
    unsigned asked_count = 0;
  };

  void call_get(uint32_t serial, std::string_view path, std::string_view interface,
                std::string_view property) {
    calls_.add_call(serial, {kSystemd, path, kProperties, "Get"}, interface, property);
  }

  virgo_status ask_manager(virgo::sdk::Run run) {
    answers_ = 0;
    calls_.clear();
    const uint32_t list = bus_.next_serial();
    const uint32_t system_state = bus_.next_serial();
    const uint32_t version = bus_.next_serial();
    calls_.add_call(list, {kSystemd, kManagerPath, kManager, "ListUnits"});
    call_get(system_state, kManagerPath, kManager, "SystemState");
    call_get(version, kManagerPath, kManager, "Version");
    if (const virgo_status s = bus_.send(run, calls_); s != VIRGO_OK) return s;
    while (answers_ < 3) {
      Message answer;
      if (const virgo_status s = bus_.receive(run, &answer); s != VIRGO_OK) return s;
      if (answer.reply_serial == list) {
        if (const virgo_status s = keep_units(run, answer); s != VIRGO_OK) return s;
      } else if (answer.reply_serial == system_state) {
        report_system_state(run, answer);
      } else if (answer.reply_serial == version) {
        report_version(run, answer);
      } else {
        continue;  // of a run before
      }
      ++answers_;
    }
    return VIRGO_OK;
  }

  virgo_status keep_units(virgo::sdk::Run run, const Message& answer) {
    if (answer.type == plugin::dbus::kError) {
      const std::string_view e = answer.error_name;
      const int length = static_cast<int>(e.size() < 200 ? e.size() : 200);
      if (e == "org.freedesktop.DBus.Error.NameHasNoOwner" ||
          e == "org.freedesktop.DBus.Error.ServiceUnknown") {
        plugin::explain(run,
                        "The bus at %s knows no systemd (%.*s): this host is run by another "
                        "init, or this is a container",
                        bus_.name(), length, e.data());
        return VIRGO_ERR_UNSUPPORTED;
      }
      plugin::explain(run, "systemd does not list its units: %.*s", length, e.data());
      return VIRGO_ERR_FAILED;
    }
    plugin::dbus::Reader body = answer.body;
    if (answer.signature != plugin::kUnitsSignature || !body.array('(', &units_))
      return bus_.failed(run, VIRGO_ERR_FAILED, "sent a list of units that is none");
    free(listed_);
    listed_ = bus_.take_message();
    return VIRGO_OK;
  }

  void report_system_state(virgo::sdk::Run run, const Message& answer) const {
    const std::string_view text = text_of(answer);
    if (text.empty()) return;
    const uint64_t running = text == "running" ? 1 : 0;
    if (exporter_) {
      run.emit(kNodeRunning, running);
    } else {
      run.emit(kState, text);
      run.emit(kRunning, running);
    }
  }
  void report_version(virgo::sdk::Run run, const Message& answer) const {
    const std::string_view text = text_of(answer);
    if (text.empty()) return;
    if (exporter_)
      run.emit(kNodeVersion, plugin::version_number(text), {label("version", text)});
    else
      run.emit(kVersion, text);
  }
  // The text property an answer carries; empty when there is none.
  static std::string_view text_of(const Message& answer) {
    plugin::dbus::Reader body = answer.body;
    Property value;
    const bool whole = answer.type == plugin::dbus::kMethodReturn && answer.signature == "v";
    return whole && value.read(body) ? value.text : std::string_view();
  }

  virgo_status report_units(virgo::sdk::Run run) {
    uint64_t by_state[kStateCount + 1] = {};
    Batch batch;
    uint64_t series = 0;
    uint64_t left_out = 0;
    Unit unit;
    calls_.clear();
    while (plugin::next_unit(units_, &unit)) {
      ++by_state[index_of(unit.active)];
      if (!wants(unit)) continue;
      const unsigned more = series_of(unit);
      if (series + more > max_series_) {
        ++left_out;
        continue;
      }
      series += more;
      add(batch, unit);
      if (batch.count < kBatch) continue;
      if (const virgo_status s = finish(run, batch); s != VIRGO_OK) return s;
    }
    if (!units_.ok())
      return bus_.failed(run, VIRGO_ERR_FAILED, "sent a list of units that is damaged");
    if (const virgo_status s = finish(run, batch); s != VIRGO_OK) return s;
    report_counts(run, by_state);
    warn(left_out);
    return VIRGO_OK;
  }

  static unsigned index_of(std::string_view active) {
    unsigned i = 0;
    while (i < kStateCount && kStates[i] != active) ++i;
    return i;
  }

  void report_counts(virgo::sdk::Run run, const uint64_t* by_state) const {
    for (unsigned i = 0; i <= kStateCount; ++i) {
      if (i >= (exporter_ ? kExporterStates : kOtelStates) && by_state[i] == 0) continue;
      const std::string_view name = i < kStateCount ? kStates[i] : "other";
      if (exporter_)
        run.emit(kNodeUnits, by_state[i], {label("state", name)});
      else
        run.emit(kUnits, by_state[i], {label("virgo.systemd.unit.state", name)});
    }
  }

  // Names are followed by a NUL in the message.
  bool wants(const Unit& unit) const {
    const char* name = unit.name.data();
    if (exporter_ && selection_.exclude.empty())
      for (const std::string_view kind :
           {".automount", ".device", ".mount", ".scope", ".slice", ".target"})
        if (plugin::ends_with(unit.name, kind)) return false;
    if (!exporter_ && selection_.include.empty())
      return unit.active == "failed" && selection_.wants(name);
    return unit.load == "loaded" && selection_.wants(name);
  }

  unsigned series_of(const Unit& unit) const {
    const unsigned restarts = restarts_ && plugin::ends_with(unit.name, ".service") ? 1 : 0;
    if (!exporter_) return 1 + restarts;
    if (plugin::ends_with(unit.name, ".timer")) return kExporterStates + 1;
    if (plugin::ends_with(unit.name, ".socket")) return kExporterStates + 3;
    return kExporterStates + restarts;
  }

  void add(Batch& batch, const Unit& unit) {
    batch.units[batch.count] = unit;
    batch.types[batch.count][0] = '\0';
    const auto ask = [&](std::string_view interface, std::string_view property, What what) {
      const uint32_t serial = bus_.next_serial();
      call_get(serial, unit.path, interface, property);
      batch.asked[batch.asked_count++] = {serial, static_cast<uint8_t>(batch.count), what};
    };
    if (plugin::ends_with(unit.name, ".service")) {
      if (exporter_) ask(kService, "Type", What::type);
      if (restarts_) ask(kService, "NRestarts", What::restarts);
    } else if (exporter_ && plugin::ends_with(unit.name, ".mount")) {
      ask(kMount, "Type", What::type);
    } else if (exporter_ && plugin::ends_with(unit.name, ".timer")) {
      ask(kTimer, "LastTriggerUSec", What::last_trigger);
    } else if (exporter_ && plugin::ends_with(unit.name, ".socket")) {
      ask(kSocket, "NAccepted", What::accepted);
      ask(kSocket, "NConnections", What::connections);
      ask(kSocket, "NRefused", What::refused);
    }
    ++batch.count;
  }

  // Asks for what the batch wants to know, and reports its units.
  virgo_status finish(virgo::sdk::Run run, Batch& batch) {
    if (batch.asked_count > 0)
      if (const virgo_status s = bus_.send(run, calls_); s != VIRGO_OK) return s;
    for (unsigned answered = 0; answered < batch.asked_count;) {
      Message answer;
      if (const virgo_status s = bus_.receive(run, &answer); s != VIRGO_OK) return s;
      for (unsigned i = 0; i < batch.asked_count; ++i) {
        Asked& asked = batch.asked[i];
        if (asked.serial != answer.reply_serial) continue;
        asked.serial = 0;  // a second answer is none
        ++answered;
        take_property(run, batch, asked, answer);
        break;
      }
    }
    for (unsigned i = 0; i < batch.count; ++i) report_state(run, batch.units[i], batch.types[i]);
    batch.count = 0;
    batch.asked_count = 0;
    calls_.clear();
    return VIRGO_OK;
  }

  // A unit may have gone in the meantime, or an old systemd lack the property: then
  // there is an error instead of a value, and nothing to report.
  void take_property(virgo::sdk::Run run, Batch& batch, const Asked& asked,
                     const Message& answer) const {
    plugin::dbus::Reader body = answer.body;
    Property value;
    if (answer.type != plugin::dbus::kMethodReturn || answer.signature != "v" || !value.read(body))
      return;
    const std::string_view name = batch.units[asked.unit].name;
    const auto emit = [&](Metric metric, auto v) { run.emit(metric, v, {label("name", name)}); };
    switch (asked.what) {
      case What::type:
        snprintf(batch.types[asked.unit], sizeof batch.types[0], "%.*s",
                 static_cast<int>(value.text.size() < 23 ? value.text.size() : 23),
                 value.text.empty() ? "" : value.text.data());
        break;
      case What::restarts:
        if (exporter_)
          emit(kNodeRestarts, value.number);
        else
          run.emit(kRestarts, value.number, {label("virgo.systemd.unit.name", name)});
        break;
      case What::last_trigger:
        emit(kNodeTimer, static_cast<double>(value.number) / 1e6);
        break;
      case What::accepted:
        emit(kNodeAccepted, value.number);
        break;
      case What::connections:
        emit(kNodeConnections, value.number);
        break;
      case What::refused:
        emit(kNodeRefused, value.number);
        break;
    }
  }

  void report_state(virgo::sdk::Run run, const Unit& unit, const char* type) const {
    if (!exporter_) {
      run.emit(kUnitState, unit.active, {label("virgo.systemd.unit.name", unit.name)});
      return;
    }
    for (unsigned i = 0; i < kExporterStates; ++i)
      run.emit(kNodeUnitState, uint64_t{unit.active == kStates[i]},
               {label("name", unit.name), label("state", kStates[i]), label("type", type)});
  }

  void warn(uint64_t left_out) {
    if (left_out > 0 && !warned_) {
      char text[160];
      const int n = snprintf(text, sizeof text,
                             "max_series is %llu: %llu units have no series of their own, they are "
                             "in the counts by state only",
                             static_cast<unsigned long long>(max_series_),
                             static_cast<unsigned long long>(left_out));
      host_.log(VIRGO_LOG_WARN, {text, static_cast<size_t>(n)});
    }
    warned_ = left_out > 0;
  }

  virgo::sdk::Host host_;
  plugin::dbus::Bus bus_;
  Writer calls_;
  plugin::Selection selection_;
  plugin::dbus::Reader units_;  // over listed_
  char* listed_ = nullptr;
  uint64_t max_series_ = 0;
  unsigned answers_ = 0;
  bool exporter_ = false;
  bool restarts_ = false;
  bool warned_ = false;
};

}  // namespace

VIRGO_CXX_MODULE("io.virgo.systemd", "0.2.0", Systemd);
