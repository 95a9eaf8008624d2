#include "agent/check_types.hpp"

#include "agent/crash_watch.hpp"
#include "agent/hang_watch.hpp"
#include "agent/services.hpp"
#include "base/version.hpp"
#include "native/loader.hpp"

namespace virgo::agent {

CheckTypes::Services::Services(uv::Loop& loop, const Clock& clock, const config::AgentSpec& spec)
    : workers({.threads = spec.limits.workers}),
      native(loop, workers, clock, {}),
      lua{loop, clock, watchdog, workers, spec.limits, spec.lua_plugins, read_hung_checks(spec)},
      plugins(registry, lua) {}

CheckTypes::CheckTypes(uv::Loop& loop, const Clock& clock, const config::AgentSpec& spec,
                       bool replace_when_hung)
    : services_(std::make_unique<Services>(loop, clock, spec)) {
  Services& s = *services_;
  if (replace_when_hung) watch_hangs(spec, s.watchdog);
  auto self = std::make_unique<SelfCheckType>();
  self_ = self.get();
  (void)s.registry.add(std::move(self));  // the first: the name is free
  const auto loaded =
      native::load_plugins(s.native, spec.plugin_dirs, s.registry, skipped_plugins(spec));
  for (const Error& e : loaded.refusals) refusals_.push_back(e.message);
  for (const std::string& folder : spec.lua_plugin_dirs)
    for (const Error& e : s.plugins.load(folder)) refusals_.push_back(e.message);
}

CheckTypes::~CheckTypes() = default;

const check::Registry& CheckTypes::registry() const {
  return services_->registry;
}

void CheckTypes::set_self_source(std::function<SelfFigures()> source) {
  self_->set_source(std::move(source));
}

unsigned CheckTypes::stop_workers(Duration grace) {
  return services_->workers.shutdown(grace);
}

}  // namespace virgo::agent
