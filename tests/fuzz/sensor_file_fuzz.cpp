// Names of the files of sensors, and names made of them.
#include "fuzz/fuzz.hpp"
#include "hwmon/sensor_file.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = fuzz::text(data, size);
  plugin::SensorFile file;
  if (plugin::parse_sensor_file(text, &file)) {
    fuzz::require(!file.type.empty() && plugin::starts_with(file.sensor, file.type));
    fuzz::require(file.sensor.size() + file.property.size() <= size && file.sensor.size() < 32);
  }
  char out[24];
  const size_t room = size % sizeof out + 1;
  const size_t n = plugin::clean_name(text, out, room);
  fuzz::require(n < room && strlen(out) == n);
  fuzz::require(n == 0 || (out[0] != '_' && out[n - 1] != '_'));
  return 0;
}
