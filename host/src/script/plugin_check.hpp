// What stays when a plugin file is replaced: PluginType is what the registry knows of
// a declared check type, PluginCheck what the scheduler knows of a configured check.
// Behind each stands the present generation: a LuaCheckType, and a LuaCheck in the
// state of its file, which are exchanged by PluginFile. Loop thread only.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "check/check.hpp"
#include "script/handed.hpp"
#include "script/lua_check.hpp"
#include "script/lua_check_type.hpp"

namespace virgo::script {

class PluginFile;
class PluginType;

class PluginCheck final : public check::Check {
 public:
  // One generation.
  struct Instance {
    std::shared_ptr<const LuaCheckType> type;
    std::unique_ptr<LuaCheck> check;
  };

  // `type` outlives it.
  PluginCheck(PluginType& type, config::CheckSpec spec, Instance first);
  ~PluginCheck() override;

  void start(check::Run& run) override;
  void cancel(check::Run& run) override;
  void abandon(check::Run& run) override;
  void quarantine() override;
  bool wedged() const override;
  std::optional<check::Suspension> suspension() const override;

  const config::CheckSpec& spec() const { return spec_; }
  // Of the present instance, or of the last one.
  Handed hand_over();
  // From now on runs are the next one's; an open one ends with its own.
  void exchange(Instance next);
  // Until the next exchange() each run reports `why` as unsupported.
  void take_away(std::string why);
  // Instances that exist, also those with a run that is not over yet.
  std::size_t instances() const { return old_.size() + (now_.check != nullptr ? 1 : 0); }

 private:
  void retire();
  void sweep();

  PluginType& type_;
  const config::CheckSpec spec_;
  Instance now_;
  std::vector<Instance> old_;    // with a run that is open, or stuck
  LuaCheck* running_ = nullptr;  // whose run was started last
  std::string gone_;             // why there is no instance
  Handed handed_;                // what the last one left then
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

class PluginType final : public check::CheckType {
 public:
  PluginType(std::shared_ptr<PluginFile> file, std::shared_ptr<const LuaCheckType> first);

  const std::string& name() const override { return name_; }
  const std::string& summary() const override;
  const char* runtime() const override { return "lua"; }
  const std::string& origin() const override;
  const std::vector<check::ParamInfo>& params() const override;
  const std::vector<metric::MetricInfo>& metrics() const override;
  bool reports_declared_only() const override;
  std::unique_ptr<check::Check> create(const config::CheckSpec& spec,
                                       config::Problems& problems) override;

  // Null while no file declares it; then every check of it is without an instance.
  const std::shared_ptr<const LuaCheckType>& now() const { return now_; }
  const PluginFile* file() const { return file_.get(); }
  void exchange(std::shared_ptr<PluginFile> file, std::shared_ptr<const LuaCheckType> next);
  void take_away(const std::string& why);
  const std::vector<PluginCheck*>& checks() const { return checks_; }
  // Of all its checks, by name; also of those that went when there was no file.
  std::map<std::string, Handed> hand_over() const;

 private:
  friend class PluginCheck;
  const std::string name_;
  std::shared_ptr<PluginFile> file_;
  std::shared_ptr<const LuaCheckType> now_;
  std::vector<PluginCheck*> checks_;
  std::map<std::string, Handed> left_;  // by checks that are no more, by name
};

}  // namespace virgo::script
