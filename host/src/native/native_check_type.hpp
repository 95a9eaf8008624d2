// A check type of a loaded module, as the rest of the agent sees check types.
// Loop thread only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "check/check.hpp"
#include "native/host.hpp"
#include "native/module.hpp"

namespace virgo::native {

class NativeCheckType final : public check::CheckType {
 public:
  // All types of `module`. Fails when a declared default does not fit its own
  // parameter. `host` must outlive them.
  static Result<std::vector<std::unique_ptr<check::CheckType>>> all_of(
      Host& host, const std::shared_ptr<Module>& module);

  const std::string& name() const override { return type_.name; }
  const std::string& summary() const override { return type_.summary; }
  const char* runtime() const override { return "native"; }
  const std::string& origin() const override { return module_->file(); }
  const std::vector<check::ParamInfo>& params() const override { return type_.params; }
  const std::vector<metric::MetricInfo>& metrics() const override { return type_.metrics; }
  bool on_worker() const { return type_.on_worker; }
  std::unique_ptr<check::Check> create(const config::CheckSpec& spec,
                                       config::Problems& problems) override;

 private:
  NativeCheckType(Host& host, std::shared_ptr<Module> module, const TypeDescription& type)
      : host_(host), module_(std::move(module)), type_(type) {}

  Host& host_;
  const std::shared_ptr<Module> module_;
  const TypeDescription& type_;         // the module's
  std::vector<config::Node> defaults_;  // parallel to its params
};

}  // namespace virgo::native
