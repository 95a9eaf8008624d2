// A check type that a Lua file declares. Loop thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "check/check.hpp"
#include "script/lua_declaration.hpp"

namespace virgo::script {

class Handed;
class LuaCheck;
class LuaFile;

class LuaCheckType final : public check::CheckType {
 public:
  // The n-th check that `file` declares.
  LuaCheckType(std::shared_ptr<LuaFile> file, std::size_t n, Declaration declaration);

  const std::string& name() const override { return declaration_.name; }
  const std::string& summary() const override { return declaration_.summary; }
  const char* runtime() const override { return "lua"; }
  const std::string& origin() const override;
  const std::vector<check::ParamInfo>& params() const override { return declaration_.params; }
  const std::vector<metric::MetricInfo>& metrics() const override { return declaration_.metrics; }
  bool reports_declared_only() const override { return !declaration_.undeclared; }
  std::unique_ptr<check::Check> create(const config::CheckSpec& spec,
                                       config::Problems& problems) override;

  // The same, with what another instance has handed over. The type outlives it.
  std::unique_ptr<LuaCheck> make(const config::CheckSpec& spec, config::Problems& problems,
                                 const Handed& handed) const;
  // Null if nobody declared it.
  const metric::MetricInfo* metric(std::string_view name) const;
  std::size_t number() const { return number_; }
  bool takes_undeclared() const { return declaration_.undeclared; }
  Duration interval() const { return declaration_.interval; }  // of a run by itself, or zero
  // As declared, "$name" and all.
  const binding::Grants& needs() const { return declaration_.needs; }

 private:
  std::shared_ptr<LuaFile> file_;
  const std::size_t number_;
  Declaration declaration_;
  std::vector<const metric::MetricInfo*> by_name_;
};

}  // namespace virgo::script
