// The names of the files of /sys/class/hwmon/hwmon*: "temp1_input" is the property input
// of the sensor temp1.
#pragma once

#include <shared/slice.hpp>
#include <shared/text.hpp>

namespace plugin {

struct SensorFile {
  std::string_view type;      // "temp"
  std::string_view sensor;    // "temp1"
  std::string_view property;  // "input", or ""
};

constexpr std::string_view kSensorTypes[] = {
    "vrm",  "beep_enable", "update_interval", "in",     "cpu",      "fan",      "pwm",
    "temp", "curr",        "power",           "energy", "humidity", "intrusion"};

// False for files that are none of a sensor.
inline bool parse_sensor_file(std::string_view file, SensorFile* out) {
  const auto digit = [&](size_t i) { return i < file.size() && file[i] >= '0' && file[i] <= '9'; };
  size_t type = 0;
  while (type < file.size() && !digit(type)) ++type;
  size_t number = type;
  while (digit(number)) ++number;
  if (number == type) {  // without a number there is a property only if the type is known
    for (const std::string_view known : kSensorTypes)
      if (file == known) {
        *out = {file, file, {}};
        return true;
      }
    return false;
  }
  if (number < file.size() && (file[number] != '_' || number + 1 == file.size())) return false;
  if (number - type > 9) return false;
  out->type = slice(file, 0, type);
  out->sensor = slice(file, 0, number);
  out->property = number < file.size() ? slice(file, number + 1) : std::string_view();
  for (const std::string_view known : kSensorTypes)
    if (out->type == known) return true;
  return false;
}

// Small letters, digits, ":" and "_", as node_exporter makes its names; no "_" at either
// end. Returns the length, at most `size` - 1, and ends with a NUL.
inline size_t clean_name(std::string_view text, char* out, size_t size) {
  size_t n = 0;
  for (char c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == ':';
    if (!plain && n == 0) continue;
    if (n + 1 == size) break;
    out[n++] = plain ? c : '_';
  }
  while (n > 0 && out[n - 1] == '_') --n;
  out[n] = '\0';
  return n;
}

}  // namespace plugin
