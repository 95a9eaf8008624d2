#include "agent/plugin_checks.hpp"

#include <algorithm>

#include "agent/broken_check.hpp"
#include "agent/services.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "config/problems.hpp"

namespace virgo::agent {
namespace {

// For a check that nobody has configured.
constexpr Duration kTimeout = std::chrono::seconds(10);

}  // namespace

PluginChecks::PluginChecks(CheckTypes& types, schedule::Scheduler& scheduler,
                           const config::AgentSpec& spec)
    : types_(types), scheduler_(scheduler), naming_(spec.naming) {
  for (const config::CheckSpec& check : spec.checks) {
    configured_.insert(check.type);
    names_.insert(check.name);
  }
  for (const config::FailedDropIn& file : spec.failed_drop_ins) names_.insert(file.name);
}

void PluginChecks::wait_for(const config::CheckSpec& spec, std::size_t number) {
  waiting_.push_back({spec, number});
}

void PluginChecks::apply(const script::PluginFile::Changes& changes) {
  const auto provided = [&](const std::string& type) {
    return std::find(changes.provided.begin(), changes.provided.end(), type) !=
           changes.provided.end();
  };
  // What the old code did is not held against the new.
  for (std::size_t i = 0; i < scheduler_.size(); ++i)
    if (provided(scheduler_.identity(i).type)) scheduler_.forgive(i);
  std::erase_if(waiting_,
                [&](Waiting& waiting) { return provided(waiting.spec.type) && begin(waiting); });
  start_by_themselves();
}

// False if it has to wait on.
bool PluginChecks::begin(Waiting& waiting) {
  const config::CheckSpec& spec = waiting.spec;
  config::Problems problems;
  auto check = types_.registry().create(spec, problems);
  if (check != nullptr) {
    log_info("agent", "check '{}' runs now", spec.name);
    scheduler_.replace(waiting.number, types_.registry().find(spec.type)->runtime(),
                       std::move(check));
    return true;
  }
  const std::string why = config::to_string(problems);
  log_error("agent", "check '{}' does not run: {}", spec.name, why);
  scheduler_.replace(waiting.number, "agent", std::make_unique<BrokenCheck>(why));
  return false;
}

void PluginChecks::start_by_themselves() {
  auto wanted = types_.services().plugins.self_starting();
  std::erase_if(wanted, [this](const auto& w) { return configured_.contains(w.first); });
  std::erase_if(started_, [&](const auto& s) {
    if (wanted.contains(s.first)) return false;
    log_info("agent", "check '{}' does not run by itself any more", s.first);
    scheduler_.retire(s.second.number);
    return true;
  });
  for (const auto& [type, interval] : wanted) {
    const auto started = started_.find(type);
    if (started == started_.end() || started->second.interval != interval)
      begin_by_itself(type, interval);
  }
}

// Also one that has begun, and is to run at another interval from now on.
void PluginChecks::begin_by_itself(const std::string& type, Duration interval) {
  config::CheckSpec spec;
  spec.name = type;
  spec.type = type;
  spec.interval = interval;
  spec.timeout = std::min(interval, kTimeout);
  spec.splay = interval;
  spec.naming = naming_;
  spec.path = "by itself";
  auto check = create_by_itself(spec);
  if (check == nullptr) return;
  const schedule::Timing timing{spec.interval, spec.timeout, spec.splay};
  log_info("agent", "check '{}' runs by itself, every {}", type, format_duration(interval));
  const auto started = started_.find(type);
  if (started == started_.end()) {
    const std::size_t number = scheduler_.add({type, type, "lua"}, std::move(check), timing);
    started_.emplace(type, Started{number, interval});
    return;
  }
  scheduler_.replace(started->second.number, "lua", std::move(check));
  scheduler_.set_timing(started->second.number, timing);
  started->second.interval = interval;
}

// Null, and said once, if it cannot be.
std::unique_ptr<check::Check> PluginChecks::create_by_itself(const config::CheckSpec& spec) {
  std::string why = "a check of the configuration has its name";
  if (!names_.contains(spec.name)) {
    config::Problems problems;
    if (auto check = types_.registry().create(spec, problems); check != nullptr) {
      refused_.erase(spec.type);
      return check;
    }
    why = config::to_string(problems);
  }
  if (refused_[spec.type] != why)
    log_error("agent", "check '{}' does not run by itself: {}", spec.type, why);
  refused_[spec.type] = why;
  return nullptr;
}

}  // namespace virgo::agent
