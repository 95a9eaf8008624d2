// The checks that depend on which Lua plugin files are there at the time: configured
// ones whose type is missing, which run as soon as a file declares it, and those that
// run by themselves because the configuration has none of their type. Loop thread
// only.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agent/check_types.hpp"
#include "config/specs.hpp"
#include "schedule/scheduler.hpp"
#include "script/plugin_file.hpp"

namespace virgo::agent {

class PluginChecks {
 public:
  // References outlive it.
  PluginChecks(CheckTypes& types, schedule::Scheduler& scheduler, const config::AgentSpec& spec);

  // A stand-in of this number runs in the place of a check that could not be made.
  void wait_for(const config::CheckSpec& spec, std::size_t number);
  // Types came, changed or went.
  void apply(const script::PluginFile::Changes& changes);
  // Begins the checks that run by themselves, and ends those that do not any more.
  void start_by_themselves();

 private:
  struct Waiting {
    config::CheckSpec spec;
    std::size_t number;
  };
  struct Started {
    std::size_t number;
    Duration interval;
  };
  bool begin(Waiting& waiting);
  void begin_by_itself(const std::string& type, Duration interval);
  std::unique_ptr<check::Check> create_by_itself(const config::CheckSpec& spec);

  CheckTypes& types_;
  schedule::Scheduler& scheduler_;
  const std::string naming_;
  std::set<std::string> configured_;  // types
  std::set<std::string> names_;       // of the checks of the configuration
  std::vector<Waiting> waiting_;
  std::map<std::string, Started> started_;      // by type, which is also their name
  std::map<std::string, std::string> refused_;  // why one does not start, said once
};

}  // namespace virgo::agent
