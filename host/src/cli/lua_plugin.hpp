// A Lua plugin file as the tools load it: under the limits an agent has by default, and
// watched. Loop thread only; at most one at a time, for its watchdog.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/run_session.hpp"
#include "lua/watchdog.hpp"
#include "script/check_services.hpp"
#include "uv/worker_pool.hpp"

namespace virgo::script {
class LuaFile;
}

namespace virgo::cli {

// Whether `file` is named as Lua plugins are.
bool is_lua_plugin(const std::string& file);

class LuaPlugin final : public RunDetails, private script::RunObserver {
 public:
  // `overlay`: a folder over the host's files, or "".
  LuaPlugin(uv::Loop& loop, const std::string& overlay);
  ~LuaPlugin() override;

  // Loads a file, in place of the one before, of which no check may be left.
  Result<void> load(const std::string& path);
  const std::vector<std::unique_ptr<check::CheckType>>& types() const { return types_; }
  // An instance; null with `problems`. Its runs are what RunDetails tells of.
  std::unique_ptr<check::Check> create(check::CheckType& type, const config::CheckSpec& spec,
                                       config::Problems& problems);

  void begin() override;
  std::string page() override;
  void members(json::Writer& out) override;
  bool changed() override;

 private:
  using Named = std::pair<std::string, std::string>;  // kind or list, and what
  struct Needs {
    std::vector<Named> used, unused;
  };
  struct Cost {
    Duration cpu;
    std::size_t memory;
  };
  void opened(const char* kind, std::string_view what) override;
  void used(const char* list, std::string_view what) override;
  void logged(LogLevel level, std::string_view text) override;
  Needs needs() const;
  Cost cost() const;

  std::string path_;
  lua::Watchdog watchdog_;
  uv::WorkerPool workers_;
  script::CheckServices services_;
  std::shared_ptr<script::LuaFile> file_;
  std::vector<std::unique_ptr<check::CheckType>> types_;
  check::Check* check_ = nullptr;  // made last
  std::string version_;            // of the file that was loaded: size, time, inode

  Duration cpu_began_{};
  std::vector<std::pair<Named, unsigned>> opened_;  // how often, by kind and what
  std::vector<Named> used_;
  std::vector<std::pair<LogLevel, std::string>> log_;
};

}  // namespace virgo::cli
