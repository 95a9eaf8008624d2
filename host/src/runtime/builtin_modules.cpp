#include "runtime/builtin_modules.hpp"

namespace virgo::runtime {

std::string_view embedded_module(std::string_view name) {
  for (std::size_t i = 0; i < kEmbeddedModuleCount; ++i) {
    const EmbeddedModule& m = kEmbeddedModules[i];
    if (name == m.name) return {reinterpret_cast<const char*>(m.code), m.size};
  }
  return {};
}

std::vector<std::string> embedded_module_names() {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < kEmbeddedModuleCount; ++i) out.emplace_back(kEmbeddedModules[i].name);
  return out;
}

}  // namespace virgo::runtime
