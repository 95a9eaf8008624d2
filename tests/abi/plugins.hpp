// The plugins under test: VIRGO_ABI_PLUGINS is "NAME=FILE|NAME=FILE|...", where the
// end of NAME, "_c" or "_cxx", is the language.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace virgo {

struct AbiPlugin {
  std::string name;
  std::string file;
  bool is_cxx() const { return name.ends_with("_cxx"); }
};
inline void PrintTo(const AbiPlugin& p, std::ostream* out) {
  *out << p.name;
}

// Those whose name ends with `ending`.
inline std::vector<AbiPlugin> abi_plugins(const std::string& ending = "") {
  std::vector<AbiPlugin> out;
  std::string rest = VIRGO_ABI_PLUGINS;
  while (!rest.empty()) {
    const std::string one = rest.substr(0, rest.find('|'));
    rest.erase(0, one.size() + 1);
    const std::string name = one.substr(0, one.find('='));
    if (name.ends_with(ending)) out.push_back({name, one.substr(name.size() + 1)});
  }
  return out;
}

inline std::string name_of(const testing::TestParamInfo<AbiPlugin>& plugin) {
  return plugin.param.name;
}

}  // namespace virgo
