#include "native/loader.hpp"

#include <unistd.h>

#include <boost/dll/shared_library.hpp>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "native/elf_note.hpp"
#include "native/immortal.hpp"
#include "native/native_check_type.hpp"
#include "native/trust.hpp"

namespace virgo::native {
namespace {

constexpr const char* kEntry = "virgo_module_v1";

// Maps `file` and calls its entry.
Result<const virgo_module*> enter(const std::string& file) {
  namespace dll = boost::dll;
  try {
    auto* library = keep_for_ever(std::make_unique<dll::shared_library>());
    library->load(file, dll::load_mode::rtld_now | dll::load_mode::rtld_local);
    if (!library->has(kEntry))
      return Error{Errc::invalid,
                   format("carries the note of a plugin but does not export {}()", kEntry)};
    auto& entry = library->get<const virgo_module*()>(kEntry);
    const virgo_module* module = nullptr;
    const CallResult r = guarded([&] { module = entry(); });
    if (!r.thrown.empty()) return Error{Errc::failed, format("{}() {}", kEntry, r.thrown)};
    return module;
  } catch (const std::exception& e) {
    return Error{Errc::failed, format("cannot be loaded: {}", e.what())};
  }
}

Result<std::shared_ptr<Module>> load_trusted(Host& host, const std::string& file) {
  const auto note = read_abi_note(file);
  if (!note) return note.error();
  if (auto ok = accept_versions(*note); !ok) return ok.error();
  auto raw = enter(file);
  if (!raw) return raw.error();
  return Module::open(host, file, *raw);
}

Result<void> load_one(Host& host, const std::string& file, check::Registry& registry,
                      LoadedPlugins& out) {
  auto module = load_module(host, file);
  if (!module) return module.error();
  auto types = NativeCheckType::all_of(host, *module);
  if (!types) return types.error().context(file);
  const ModuleDescription& d = (*module)->description();
  LoadedPlugins::Plugin plugin{(*module)->file(), d.id, d.version, {}};
  for (auto& type : *types) {
    const std::string name = type->name();
    if (auto added = registry.add(std::move(type)); added)
      plugin.types.push_back(name);
    else
      out.refusals.push_back(added.error());
  }
  log_debug("native", "loaded {} (module {} {}, plugin ABI {}.{})", plugin.file, d.id, d.version,
            VIRGO_ABI_MAJOR, d.abi_minor);
  out.plugins.push_back(std::move(plugin));
  return {};
}

}  // namespace

Result<std::shared_ptr<Module>> load_module(Host& host, const std::string& file) {
  const auto path = trusted_path(file, geteuid());
  if (!path) return path.error().context(format("plugin {} refused", file));
  auto module = load_trusted(host, *path);
  if (!module) return module.error().context(format("plugin {} refused", *path));
  return module;
}

LoadedPlugins load_plugins(Host& host, const std::vector<std::string>& folders,
                           check::Registry& registry) {
  LoadedPlugins out;
  for (const std::string& folder : folders) {
    const auto files = list_folder(folder, {".so"});
    if (!files) {
      out.refusals.push_back(files.error().context(format("plugin folder {}", folder)));
      continue;
    }
    for (const std::string& name : *files)
      if (auto done = load_one(host, folder + "/" + name, registry, out); !done)
        out.refusals.push_back(done.error());
  }
  return out;
}

}  // namespace virgo::native
