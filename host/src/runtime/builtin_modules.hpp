// The Lua modules of host/runtime, embedded in the binary. Thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace virgo::runtime {

struct EmbeddedModule {
  const char* name;  // "http", "tls/lcrypto"
  const unsigned char* code;
  std::size_t size;
};
// Generated at build time; sorted by name.
extern const EmbeddedModule kEmbeddedModules[];
extern const std::size_t kEmbeddedModuleCount;

// LuaJIT bytecode; empty if there is no module of that name.
std::string_view embedded_module(std::string_view name);
std::vector<std::string> embedded_module_names();

}  // namespace virgo::runtime
