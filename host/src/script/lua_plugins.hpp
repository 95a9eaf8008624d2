// The Lua plugin files of some folders, and the check types they declare. Loop thread
// only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "check/registry.hpp"
#include "script/check_services.hpp"
#include "script/plugin_file.hpp"
#include "uv/folder_watch.hpp"

namespace virgo::script {

class LuaPlugins {
 public:
  // References outlive it.
  LuaPlugins(check::Registry& registry, const CheckServices& services);
  ~LuaPlugins();

  // Loads every "*.lua" directly in `folder` (not in folders below it), in order of
  // name, and adds the check types they declare to the registry. Returns an error for
  // each file that could not be used, or the folder; the rest is usable.
  std::vector<Error> load(const std::string& folder);

  // Files of a folder came, changed or went. What cannot be used is in the log.
  PluginFile::Changes changed(const std::string& folder, const std::vector<uv::FileChange>& files);

  // A file that cannot be used as it is now.
  struct Broken {
    std::string file;
    std::string problem;       // "redis.lua:7: ..."
    bool before_runs = false;  // what was loaded of it before goes on
  };
  std::vector<Broken> broken() const;

  // The check types that run by themselves, and how often.
  std::map<std::string, Duration> self_starting() const;

  // The folder for what outlives the process, which agents of other names may use, too;
  // until then checks are made without. "" = none.
  void use_state(const std::string& folder, const std::string& agent);
  // Leaves there what all checks hand over.
  void save() const;

 private:
  void try_refused(PluginFile::Changes& all);
  PluginFile& file(const std::string& path);

  check::Registry& registry_;
  const CheckServices services_;
  std::string state_folder_;
  std::map<std::string, std::shared_ptr<PluginFile>> files_;  // by path; broken ones too
};

// Loads the folders once, for the life of `registry`.
std::vector<Error> load_lua_plugins(const std::vector<std::string>& folders,
                                    check::Registry& registry, const CheckServices& services);

}  // namespace virgo::script
