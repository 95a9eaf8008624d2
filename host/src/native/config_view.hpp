// A check's parameters as a plugin sees them: virgo_config over config::Node.
// Lives for one configure(). Loop thread only.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "check/check.hpp"
#include "config/node.hpp"
#include "config/specs.hpp"
#include "virgo/plugin.h"

namespace virgo::native {
class ConfigView;
}

// The ABI's opaque node.
struct virgo_config {
  virgo::native::ConfigView* view;
  const virgo::config::Node* node;
  std::string path;  // "checks[2].params.mounts[0]"
};

namespace virgo::native {

// The declared defaults of `params` as nodes, in the same order; null nodes where
// there is none. Fails when one cannot be read as what its own parameter is.
Result<std::vector<config::Node>> parse_defaults(const check::CheckType& type);

class ConfigView {
 public:
  // All arguments must outlive the view.
  ConfigView(const std::vector<check::ParamInfo>& params, const std::vector<config::Node>& defaults,
             const config::CheckSpec& spec, config::Problems& problems);
  ConfigView(const ConfigView&) = delete;
  ConfigView& operator=(const ConfigView&) = delete;

  const virgo_config* root() { return wrap(&spec_.params, spec_.path + ".params"); }

  // The functions of virgo_config_api.
  const virgo_config* get(const virgo_config& map, std::string_view key);
  const virgo_config* at(const virgo_config& node, std::uint32_t index);
  bool is_root(const virgo_config& node) const { return node.node == &spec_.params; }
  void reject(const virgo_config& node, std::string_view why);

 private:
  const virgo_config* wrap(const config::Node* node, const std::string& path);

  const std::vector<check::ParamInfo>& params_;
  const std::vector<config::Node>& defaults_;
  const config::CheckSpec& spec_;
  config::Problems& problems_;
  config::Node naming_;  // what the parameter of this name is where it is not given
  // One wrapper per node, however often a plugin asks. Pointers into it stay.
  std::map<const config::Node*, virgo_config> nodes_;
};

// The table handed to plugins; its functions find the view through the node.
const virgo_config_api& config_api();

}  // namespace virgo::native
