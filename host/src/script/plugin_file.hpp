// PluginFile: one path in a plugin folder, whatever file is there at the time. The
// unit of reload: a changed text is run aside in a state of its own, every configured
// check of it is made and configured with what the old one hands over, and only if all
// of that works the checks are exchanged. Otherwise the old generation goes on, and the
// log says what is wrong, once. Loop thread only.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "check/registry.hpp"
#include "script/check_services.hpp"
#include "script/handed.hpp"
#include "script/lua_file.hpp"

namespace virgo::script {

class LuaCheckType;
class PluginType;

class PluginFile : public std::enable_shared_from_this<PluginFile> {
 public:
  // Names of check types.
  struct Changes {
    std::vector<std::string> provided;  // new ones, and new generations
    std::vector<std::string> gone;
  };

  // `registry` keeps what the file declares, and outlives it.
  PluginFile(std::string path, check::Registry& registry, const CheckServices& services);
  ~PluginFile();

  const std::string& path() const { return path_; }
  // Reads the path, and exchanges the generation if there is another text. Nothing
  // happens when it is the one that runs, or one that was refused, unless `again`.
  Result<Changes> load(bool again = false);
  // The file is not there any more: its checks report that.
  Changes remove();
  // What is wrong with the text that is there now; "" = it is the one that runs.
  const std::string& problem() const { return problem_; }

  // A name as a file's: without separators, and not hidden.
  static std::string as_file_name(const std::string& name);
  // Where checks leave what they hand over to the next process; nowhere before. It is
  // made when there is something, and the folder above it.
  void use_state(const std::string& folder) { state_folder_ = folder; }
  // What the check has left for this process; nil if nothing.
  Handed saved(const config::CheckSpec& spec) const;
  // Leaves what the checks of a type hand over for the next process.
  void save(const PluginType& type) const;

  // The types it provides at present.
  const std::vector<PluginType*>& types() const { return types_; }

 private:
  struct Plan;
  Result<Changes> exchange(std::shared_ptr<LuaFile> next);
  Result<void> plan(Plan& plan);
  Result<void> plan_checks(Plan& plan, const PluginType& type,
                           const std::shared_ptr<const LuaCheckType>& next);
  Changes carry_out(Plan& plan);
  std::string saved_path(const std::string& check) const;

  const std::string path_;
  check::Registry& registry_;
  const CheckServices services_;
  std::string state_folder_;
  std::string source_;   // that runs; "" = none
  std::string refused_;  // the last one that could not be used
  std::string problem_;
  std::vector<PluginType*> types_;  // of the registry
};

}  // namespace virgo::script
