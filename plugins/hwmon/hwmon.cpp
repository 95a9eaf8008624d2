// virgo.hwmon: temperatures, fans, voltages and power from the sensors the kernel knows,
// /sys/class/hwmon.
//
// On a worker, because some sensors answer slowly.
#include <dirent.h>
#include <shared/naming.hpp>
#include <shared/proc_file.hpp>
#include <shared/words.hpp>

#include "sensor_file.hpp"
#include "small_file.hpp"

namespace {

using plugin::Folder;
using plugin::SensorFile;
using plugin::Small;
using virgo::sdk::counter;
using virgo::sdk::gauge;
using virgo::sdk::label;
using virgo::sdk::param;

constexpr unsigned kMostChips = 256;

class Hwmon {
 public:
  static constexpr const char* kName = "virgo.hwmon";
  static constexpr const char* kSummary = "Temperatures, fans, voltages and power by sensor.";
  static constexpr uint32_t kThread = VIRGO_ON_WORKER;
  enum Metric : uint32_t { kTemperature, kLimit, kFan, kVoltage, kPower, kEnergy };
  static constexpr virgo_metric kMetrics[] = {
      gauge("hw.temperature", "Cel", "Temperature of a sensor."),
      gauge("hw.temperature.limit", "Cel", "A temperature the sensor should not pass."),
      gauge("hw.fan.speed", "rpm", "Speed of a fan."),
      gauge("hw.voltage", "V", "Voltage of a sensor."),
      gauge("hw.power", "W", "Power of a sensor."),
      counter("hw.energy", "J", "Energy a sensor has counted.", VIRGO_F64)};
  static constexpr virgo_param kParams[] = {
      param("include", VIRGO_PARAM_LIST, nullptr,
            "Chips to report, by their driver's name (coretemp, nvme), as shell patterns. "
            "Default: all."),
      param("exclude", VIRGO_PARAM_LIST, nullptr, "Chips to leave out, likewise."),
      param("max_series", VIRGO_PARAM_INT, "1000",
            "The most series to report; those beyond it are not reported."),
      plugin::naming_param(), plugin::root_param()};

  explicit Hwmon(virgo::sdk::Host host) : host_(host) {}

  virgo_status configure(virgo::sdk::Config root) {
    exporter_ = plugin::naming_of(root) == plugin::Naming::prometheus;
    const int64_t most = root["max_series"].as_int(0);
    if (most < 1 || most > 1'000'000) root["max_series"].reject("must be from 1 to 1000000");
    max_series_ = static_cast<uint64_t>(most);
    return class_.set(root["root"].as_text(), "/sys/class/hwmon") && selection_.set(root)
               ? VIRGO_OK
               : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    Folder chips(AT_FDCWD, class_.c_str());
    if (!chips.opened()) {
      const int error = errno;
      plugin::explain(run, "%s: %s%s", class_.c_str(), strerror(error),
                      error == ENOENT ? "; the kernel knows no sensors here" : "");
      return error == ENOENT ? VIRGO_ERR_UNSUPPORTED : VIRGO_ERR_FAILED;
    }
    chip_count_ = 0;
    series_ = 0;
    left_out_ = 0;
    while (const char* name = chips.next()) {
      if (name[0] == '.' || chip_count_ == kMostChips) continue;
      if (run.time_left_ns() == 0) return VIRGO_ERR_TIMEOUT;
      Folder chip(chips.fd(), name);
      if (chip.opened()) report_chip(run, chip, name);
    }
    warn();
    if (chip_count_ > 0) return VIRGO_OK;
    plugin::explain(run, "%s has no sensors: virtual machines have none", class_.c_str());
    return VIRGO_ERR_UNSUPPORTED;
  }

 private:
  struct Chip {
    char id[128];    // "platform_coretemp_0": the device's, which stays the same
    char name[128];  // "coretemp", or ""
  };
  struct Place {
    int folder;
    const Chip* chip;
  };

  void report_chip(virgo::sdk::Run run, Folder& folder, const char* entry) {
    Chip chip;
    Small name;
    chip.name[0] = '\0';
    if (name.read(folder.fd(), "name"))
      plugin::clean_name(name.text(), chip.name, sizeof chip.name);
    name_chip(chip, entry);
    ++chip_count_;
    if (!selection_.wants(chip.name)) return;
    if (exporter_ && chip.name[0] != '\0')
      emit_named(run, "node_hwmon_chip_names", 1,
                 {label("chip", chip.id), label("chip_name", chip.name)});
    report_folder(run, folder, -1, chip);
    // Old drivers have their files with the device.
    Folder device(folder.fd(), "device");
    if (device.opened()) report_folder(run, device, folder.fd(), chip);
  }

  // As node_exporter does: type and name of the device, else the driver's name, else
  // "hwmon3". The second chip of one device has "hwmon3" behind that.
  void name_chip(Chip& chip, const char* entry) {
    plugin::Text path;
    char* real = nullptr;
    char tail[64];
    snprintf(tail, sizeof tail, "/%.40s/device", entry);
    if (path.set(class_.c_str(), tail)) real = realpath(path.c_str(), nullptr);
    chip.id[0] = '\0';
    if (real != nullptr) {
      const char* last = strrchr(real, '/');
      const char* before = last;
      while (before > real && before[-1] != '/') --before;
      const std::string_view type(before, static_cast<size_t>(last - before));
      size_t n = plugin::clean_name(type, chip.id, 60);
      if (n > 0) chip.id[n++] = '_';
      if (plugin::clean_name(last + 1, chip.id + n, 60) == 0) chip.id[0] = '\0';
    }
    free(real);
    if (chip.id[0] == '\0') memcpy(chip.id, chip.name, sizeof chip.id);
    if (chip.id[0] == '\0') plugin::clean_name(entry, chip.id, sizeof chip.id);
    const uint64_t hash = hash_of(chip.id);
    for (unsigned i = 0; i < chip_count_; ++i)
      if (chips_[i] == hash) {
        chip.id[100] = '\0';
        const size_t n = strlen(chip.id);
        snprintf(chip.id + n, sizeof chip.id - n, "_%.20s", entry);
        break;
      }
    chips_[chip_count_] = hash;
  }
  static uint64_t hash_of(const char* text) {
    uint64_t h = 0xcbf29ce484222325u;
    for (; *text != '\0'; ++text) h = (h ^ static_cast<unsigned char>(*text)) * 0x100000001b3u;
    return h;
  }

  // `other`: a folder whose files come first, or -1.
  void report_folder(virgo::sdk::Run run, Folder& folder, int other, const Chip& chip) {
    const Place place{folder.fd(), &chip};
    while (const char* name = folder.next()) {
      SensorFile file;
      if (run.time_left_ns() == 0) return;
      if (!plugin::parse_sensor_file(name, &file)) continue;
      if (other >= 0 && faccessat(other, name, F_OK, 0) == 0) continue;
      if (exporter_)
        report_as_exporter(run, place, name, file);
      else
        report(run, place, name, file);
    }
  }

  // ---- The names of OpenTelemetry ----

  void report(virgo::sdk::Run run, const Place& place, const char* name, const SensorFile& file) {
    Small value;
    double number = 0;
    if (file.type == "temp" && file.property != "input") {
      const std::string_view type = limit_type(file.property);
      // Drivers without a limit have numbers such as 65261.85 or -273.15.
      if (!type.empty() && value.read(place.folder, name) && value.number(&number) &&
          number > -270e3 && number < 1000e3)
        emit(run, kLimit, place, file, number / 1e3, type);
      return;
    }
    const bool average = file.type == "power" && file.property == "average" &&
                         !exists(place.folder, file.sensor, "input");
    if (file.property != "input" && !average) return;
    if (!value.read(place.folder, name) || !value.number(&number)) return;
    Small fault;
    if (fault.read(place.folder, file.sensor, "fault") && fault.text() == "1") return;
    if (file.type == "temp") emit(run, kTemperature, place, file, number / 1e3);
    if (file.type == "fan") emit(run, kFan, place, file, number);
    if (file.type == "in" || file.type == "cpu") emit(run, kVoltage, place, file, number / 1e3);
    if (file.type == "power") emit(run, kPower, place, file, number / 1e6);
    if (file.type == "energy") emit(run, kEnergy, place, file, number / 1e6);
  }
  static std::string_view limit_type(std::string_view property) {
    if (property == "crit") return "high.critical";
    if (property == "max") return "high.degraded";
    if (property == "min") return "low.degraded";
    if (property == "lcrit") return "low.critical";
    return {};
  }
  static bool exists(int folder, std::string_view sensor, const char* property) {
    Small value;
    return value.read(folder, sensor, property);
  }
  bool has_room() {
    if (series_ == max_series_) {
      ++left_out_;
      return false;
    }
    ++series_;
    return true;
  }
  void emit(virgo::sdk::Run run, Metric metric, const Place& place, const SensorFile& file,
            double value, std::string_view limit = {}) {
    if (!has_room()) return;
    char id[224];
    const int n = snprintf(id, sizeof id, "%s/%.*s", place.chip->id,
                           static_cast<int>(file.sensor.size()), file.sensor.data());
    Small text;
    const bool named = text.read(place.folder, file.sensor, "label") && !text.text().empty();
    const virgo_label labels[] = {
        label("hw.id", {id, static_cast<size_t>(n)}),
        label("hw.name", named ? text.text() : file.sensor), label("hw.parent", place.chip->id),
        label("virgo.hwmon.chip", place.chip->name), label("hw.limit_type", limit)};
    virgo_sample sample{};
    sample.metric = metric;
    sample.labels = {labels, limit.empty() ? 4u : 5u, sizeof labels[0]};
    virgo::sdk::Run::set(sample, value);
    run.emit(&sample, 1);
  }

  // ---- The names of node_exporter ----

  struct Named {
    char text[192];
    size_t size = 0;
    void add(std::string_view more) {
      const size_t n = more.size() < sizeof text - size ? more.size() : sizeof text - size;
      if (n > 0) memcpy(text + size, more.data(), n);
      size += n;
    }
  };

  void report_as_exporter(virgo::sdk::Run run, const Place& place, const char* file_name,
                          const SensorFile& file) {
    Small value;
    double number = 0;
    if (!value.read(place.folder, file_name)) return;
    char sensor[64];  // one without a number is the number 0
    snprintf(sensor, sizeof sensor, "%.*s%s", static_cast<int>(file.sensor.size()),
             file.sensor.data(), file.sensor == file.type ? "0" : "");
    const virgo_label chip = label("chip", place.chip->id);
    const virgo_label which = label("sensor", sensor);
    if (file.property == "label") {
      emit_named(run, "node_hwmon_sensor_label", 1, {chip, label("label", value.text()), which});
      return;
    }
    if (file.type == "beep_enable") {
      emit_named(run, "node_hwmon_beep_enabled", value.text() == "1" ? 1 : 0, {chip, which});
      return;
    }
    if (!value.number(&number)) return;
    Named name;
    uint32_t kind = VIRGO_GAUGE;
    if (file.type == "vrm") {
      name.add("node_hwmon_voltage_regulator_version");
    } else if (file.type == "update_interval") {
      name.add("node_hwmon_update_interval_seconds");
      number *= 0.001;
    } else {
      const std::string_view bare = file.sensor;  // "pwm1", beside which "input" is one of many
      name.add("node_hwmon_");
      name.add(file.type);
      add_property(name, place.folder, bare, file.property);
      if (file.type == "energy") kind = VIRGO_COUNTER;
      name.add(unit_of(file, &number));
    }
    emit_named(run, {name.text, name.size}, number, {chip, which}, kind);
  }
  static void add_property(Named& name, int folder, std::string_view sensor,
                           std::string_view property) {
    if (property.empty()) return;
    if (property == "input") {
      char bare[64];
      snprintf(bare, sizeof bare, "%.*s", static_cast<int>(sensor.size()), sensor.data());
      if (faccessat(folder, bare, F_OK, 0) != 0) return;
    }
    char clean[96];
    const size_t n = plugin::clean_name(property, clean, sizeof clean);
    name.add("_");
    name.add({clean, n});
  }
  // What stands behind the name, and the number in that unit.
  static std::string_view unit_of(const SensorFile& f, double* number) {
    if (f.property == "beep") return "_enabled";
    if (f.property == "fault" || f.property == "alarm") return {};
    if (f.type == "in" || f.type == "cpu") return scaled(number, 0.001, "_volts");
    if (f.type == "temp" && f.property != "type") return scaled(number, 0.001, "_celsius");
    if (f.type == "curr") return scaled(number, 0.001, "_amps");
    if (f.type == "energy") return scaled(number, 1e-6, "_joule_total");
    if (f.type == "power" && f.property == "accuracy") return scaled(number, 1e-6, "");
    if (f.type == "power" && plugin::starts_with(f.property, "average_interval"))
      return scaled(number, 0.001, "_seconds");
    if (f.type == "power") return scaled(number, 1e-6, "_watt");
    if (f.type == "humidity") return scaled(number, 1e-6, "");
    if (f.type == "fan" && (f.property == "input" || f.property == "min" || f.property == "max"))
      return "_rpm";
    return {};
  }
  static std::string_view scaled(double* number, double by, std::string_view unit) {
    *number *= by;
    return unit;
  }
  void emit_named(virgo::sdk::Run run, std::string_view name, double value,
                  std::initializer_list<virgo_label> labels, uint32_t kind = VIRGO_GAUGE) {
    if (has_room())
      run.emit_undeclared(name, "", kind, value, labels.begin(),
                          static_cast<uint32_t>(labels.size()));
  }

  void warn() {
    if (left_out_ > 0 && !warned_) {
      char text[128];
      const int n = snprintf(
          text, sizeof text, "max_series is %llu: %llu series of sensors are left out",
          static_cast<unsigned long long>(max_series_), static_cast<unsigned long long>(left_out_));
      host_.log(VIRGO_LOG_WARN, {text, static_cast<size_t>(n)});
    }
    warned_ = left_out_ > 0;
  }

  virgo::sdk::Host host_;
  plugin::Text class_;
  plugin::Selection selection_;
  uint64_t max_series_ = 0;
  uint64_t series_ = 0;              // of the run
  uint64_t left_out_ = 0;            // likewise
  uint64_t chips_[kMostChips] = {};  // hashes of their names, of the run
  unsigned chip_count_ = 0;
  bool exporter_ = false;
  bool warned_ = false;
};

}  // namespace

VIRGO_CXX_MODULE("io.virgo.hwmon", "0.2.0", Hwmon);
