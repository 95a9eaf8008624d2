// A bound on the series of a check whose devices are many: the first ones get series of
// their own, the rest are added up in one more, so that totals stay right and nothing
// disappears without a word.
#pragma once

#include <stdio.h>

#include <virgo/plugin.hpp>

namespace plugin {

constexpr virgo_param max_series_param(const char* fallback) {
  return virgo::sdk::param("max_series", VIRGO_PARAM_INT, fallback,
                           "The most series to report. Devices beyond it are added up in one "
                           "that is labelled otel.metric.overflow=true.");
}

class SeriesCap {
 public:
  // `per_device`: the series one device makes. False, and rejected, if not even one
  // device and the sum of the others would fit.
  bool set(virgo::sdk::Config root, uint32_t per_device) {
    const int64_t most = root["max_series"].as_int(0);
    if (most < 2 * static_cast<int64_t>(per_device)) {
      char why[96];
      const int n = snprintf(why, sizeof why, "must be at least %u, for one device and the others",
                             2 * per_device);
      root["max_series"].reject({why, static_cast<size_t>(n)});
      return false;
    }
    max_series_ = static_cast<uint64_t>(most);
    room_ = max_series_ / per_device - 1;  // one for the sum
    return true;
  }

  // Of the run that begins.
  void begin() { devices_ = 0; }
  // Whether the next device gets series of its own; else it belongs to the sum.
  bool admit() { return devices_++ < room_; }
  // Whether there is a sum to report.
  bool over() const { return devices_ > room_; }
  // Logs once when the devices become too many. `what`: "network interfaces".
  void end(virgo::sdk::Host host, const char* what) {
    if (over() && !warned_) {
      char text[256];
      const int n = snprintf(text, sizeof text,
                             "max_series is %llu: of %llu %s the first %llu have series of their "
                             "own, the others are added up (otel.metric.overflow=true)",
                             static_cast<unsigned long long>(max_series_),
                             static_cast<unsigned long long>(devices_), what,
                             static_cast<unsigned long long>(room_));
      host.log(VIRGO_LOG_WARN, {text, static_cast<size_t>(n)});
    }
    warned_ = over();
  }

  // The label of the sum, in place of the device's.
  static virgo_label label() { return virgo::sdk::label("otel.metric.overflow", "true"); }

 private:
  uint64_t max_series_ = 0;
  uint64_t room_ = 0;
  uint64_t devices_ = 0;
  bool warned_ = false;
};

}  // namespace plugin
