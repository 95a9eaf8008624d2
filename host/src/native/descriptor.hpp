// A module's tables, read once into the host's own types.
//
// Here, and nowhere else, are a plugin's structs read: never a byte past their
// struct_size or their array's stride, so a plugin may be older or newer than
// this agent. What the rules of virgo/plugin.h do not allow is refused with a
// sentence. Functions a plugin does not have are null. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "check/check.hpp"
#include "metric/sample.hpp"
#include "native/elf_note.hpp"
#include "virgo/plugin.h"

namespace virgo::native {

// VIRGO_GAUGE ... of the ABI; unknown kinds are gauges.
metric::Kind kind_of(std::uint32_t kind);

struct TypeDescription {
  std::string name;
  std::string summary;
  bool on_worker = false;
  bool serial = false;
  bool isolate = false;       // a wish of the plugin
  bool reconfigures = false;  // configure() may be called again
  std::vector<check::ParamInfo> params;
  std::vector<metric::MetricInfo> metrics;
  // Parallel to metrics: the declared value type is one this agent knows.
  std::vector<bool> known_type;

  decltype(virgo_check_type::create) create = nullptr;        // never null
  decltype(virgo_check_type::configure) configure = nullptr;  // may be null
  decltype(virgo_check_type::collect) collect = nullptr;      // never null
  decltype(virgo_check_type::cancel) cancel = nullptr;        // may be null
  decltype(virgo_check_type::destroy) destroy = nullptr;      // may be null
};

struct ModuleDescription {
  std::string id;
  std::string version;
  std::string vendor;
  std::uint16_t abi_minor = 0;
  std::uint16_t requires_minor = 0;
  std::vector<TypeDescription> types;
  decltype(virgo_module::load) load = nullptr;
  decltype(virgo_module::unload) unload = nullptr;
};

// The version rule, on an ELF note: what can be refused before loading.
Result<void> accept_versions(const AbiNote& note);

// Reads everything `module` (may be null) points to.
Result<ModuleDescription> describe(const virgo_module* module);

}  // namespace virgo::native
