// The parameters that all checks of the host have in common.
#pragma once

#include <virgo/plugin.hpp>

namespace plugin {

// Whose names and labels a check's metrics have. The agent hands its own `naming` to
// checks that do not set the parameter.
enum class Naming : uint8_t {
  otel,       // the OpenTelemetry conventions
  prometheus  // Prometheus' node_exporter 1.5
};

constexpr virgo_param naming_param() {
  return virgo::sdk::param("naming", VIRGO_PARAM_TEXT, "otel",
                           "Names and labels of the metrics: otel or prometheus (those of "
                           "node_exporter). Default: the agent's naming.");
}
constexpr virgo_param root_param() {
  return virgo::sdk::param(
      "root", VIRGO_PARAM_TEXT, nullptr,
      "A folder to put in front of every path, for a host mounted into a container.");
}

inline Naming naming_of(virgo::sdk::Config root) {
  const std::string_view name = root["naming"].as_text("otel");
  if (name == "prometheus") return Naming::prometheus;
  if (name != "otel") root["naming"].reject("must be otel or prometheus");
  return Naming::otel;
}

}  // namespace plugin
