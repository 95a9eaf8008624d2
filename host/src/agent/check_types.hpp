// Everything that checks are made from: the loaded plugins, native and Lua, and
// what they run on. Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/self_check.hpp"
#include "base/clock.hpp"
#include "check/registry.hpp"
#include "config/specs.hpp"
#include "uv/loop.hpp"

namespace virgo::agent {

class CheckTypes {
 public:
  // Loads the plugins of the spec's folders. What could not be loaded is no
  // error: see refusals(). `replace_when_hung`: as Agent::Options has it.
  CheckTypes(uv::Loop& loop, const Clock& clock, const config::AgentSpec& spec,
             bool replace_when_hung = false);
  // All checks are gone before; the loop has to turn once more afterwards, for
  // the handles of Lua states.
  ~CheckTypes();
  CheckTypes(const CheckTypes&) = delete;
  CheckTypes& operator=(const CheckTypes&) = delete;

  const check::Registry& registry() const;
  // Where the check of the agent itself has its figures from.
  void set_self_source(std::function<SelfFigures()> source);
  // A sentence for each plugin file or folder that is not used.
  const std::vector<std::string>& refusals() const { return refusals_; }

  // Waits up to `grace` for native calls under way; how many did not come back.
  unsigned stop_workers(Duration grace);

  // What Lua outside of checks runs under (the conversation).
  struct Services;
  Services& services() { return *services_; }

 private:
  std::unique_ptr<Services> services_;
  SelfCheckType* self_ = nullptr;  // of the registry
  std::vector<std::string> refusals_;
};

}  // namespace virgo::agent
