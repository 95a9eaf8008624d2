#include "script/file_limits.hpp"

namespace virgo::script {
namespace {

void take(const config::LimitsSpec& from, FileLimits& to) {
  const auto set = [](const auto& value, auto& slot) {
    if (value != std::remove_cvref_t<decltype(value)>{}) slot = value;
  };
  set(from.lua_memory, to.memory);
  set(from.lua_budget, to.budget);
  set(from.lua_cpu_per_run, to.cpu_per_run);
  set(from.lua_cpu_per_minute, to.cpu_per_minute);
  set(from.lua_sockets, to.sockets);
  set(from.lua_log_lines, to.log_lines);
  set(from.lua_series, to.series);
}

}  // namespace

FileLimits limits_of(const config::LimitsSpec& all, const config::LuaPluginSpec* own) {
  FileLimits out;
  take(all, out);
  if (own != nullptr) take(own->limits, out);
  return out;
}

}  // namespace virgo::script
