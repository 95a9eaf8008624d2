// What Lua checks run on. All references outlive the checks.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "config/specs.hpp"

namespace virgo::uv {
class Loop;
class WorkerPool;
}  // namespace virgo::uv
namespace virgo::lua {
class Watchdog;
}

namespace virgo::script {

class HungChecks;

// Told what the runs of a file do. For tools.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  // A connection, a file, a program: kind "tcp", what "127.0.0.1:6379".
  virtual void opened(const char* kind, std::string_view what) = 0;
  // A permit: list "net", what "tcp".
  virtual void used(const char* list, std::string_view what) = 0;
  // In place of the host's log.
  virtual void logged(LogLevel level, std::string_view text) = 0;
};

struct CheckServices {
  uv::Loop& loop;
  const Clock& clock;
  lua::Watchdog& watchdog;
  uv::WorkerPool& workers;                     // for files that may lie on a dead mount
  config::LimitsSpec limits{};                 // of every file; zeros for the defaults
  std::vector<config::LuaPluginSpec> files{};  // what single files may do
  std::shared_ptr<const HungChecks> hung{};    // null: none
  RunObserver* observer = nullptr;             // null: nobody
  std::string overlay{};                       // a folder over the host's files, for tests
};

}  // namespace virgo::script
