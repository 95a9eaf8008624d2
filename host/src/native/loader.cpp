#include "native/loader.hpp"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <utility>

#include <boost/dll/shared_library.hpp>
#include <cerrno>

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
  const CodeMark mark{"", file, file_identity(file)};
  try {
    const CallScope opening(mark, "", "dlopen");
    auto* library = keep_for_ever(std::make_unique<dll::shared_library>());
    library->load(file, dll::load_mode::rtld_now | dll::load_mode::rtld_local);
    if (!library->has(kEntry))
      return Error{Errc::invalid,
                   format("carries the note of a plugin but does not export {}()", kEntry)};
    auto& entry = library->get<const virgo_module*()>(kEntry);
    const virgo_module* module = nullptr;
    const CallScope entering(mark, "", kEntry);
    const CallResult r = guarded([&] { module = entry(); });
    if (!r.thrown.empty()) return Error{Errc::failed, format("{}() {}", kEntry, r.thrown)};
    return module;
  } catch (const std::exception& e) {
    return Error{Errc::failed, format("cannot be loaded: {}", e.what())};
  }
}

// The module of `file`, a canonical path.
Result<const virgo_module*> enter_plugin(const std::string& file) {
  const auto note = read_abi_note(file);
  if (!note) return note.error();
  if (auto ok = accept_versions(*note); !ok) return ok.error();
  return enter(file);
}

Result<std::string> canonical_path(const std::string& file, Trust trust) {
  if (trust == Trust::checked) return trusted_path(file, geteuid());
  const std::unique_ptr<char, decltype(&free)> real(realpath(file.c_str(), nullptr), &free);
  if (real == nullptr) return system_error(errno).context(file);
  return std::string(real.get());
}

// Finds the file and calls `use` with its path and its module.
template <class T, class Use>
Result<T> with_module(const std::string& file, Trust trust, Use&& use) {
  const auto path = canonical_path(file, trust);
  if (!path) return path.error().context(format("plugin {} refused", file));
  const auto raw = enter_plugin(*path);
  auto made = raw ? use(*path, *raw) : Result<T>(raw.error());
  if (!made) return made.error().context(format("plugin {} refused", *path));
  return made;
}

Result<void> may_load(const std::string& file, const SkipList& skip) {
  const auto path = canonical_path(file, Trust::any);
  const SkippedPlugin* skipped = path ? skip.find(*path) : nullptr;
  if (skipped == nullptr) return {};
  return Error{Errc::denied,
               format("plugin {} skipped: it {}; put a mended file in its place, or have this one "
                      "loaded again with 'virgo plugin retry -c CONFIG {}'",
                      *path, why_skipped(*skipped), *path)};
}

// The files that were loaded, by what they are and not by what they are called: a
// module's load() must not be called again for another name of it.
using LoadedFiles = std::map<std::pair<dev_t, ino_t>, std::string>;

Result<void> load_one(Host& host, const std::string& file, check::Registry& registry,
                      const SkipList& skip, LoadedFiles& loaded, LoadedPlugins& out) {
  if (auto ok = may_load(file, skip); !ok) return ok;
  struct stat status {};
  const bool there = stat(file.c_str(), &status) == 0;
  const std::pair id{status.st_dev, status.st_ino};
  if (const auto first = loaded.find(id); there && first != loaded.end())
    return Error{Errc::invalid, format("plugin {} refused: it is {} under another name, which is "
                                       "loaded already",
                                       file, first->second)};
  auto module = load_module(host, file);
  if (!module) return module.error();
  loaded.emplace(id, file);
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

Result<std::shared_ptr<Module>> load_module(Host& host, const std::string& file, Trust trust) {
  return with_module<std::shared_ptr<Module>>(
      file, trust, [&host](const std::string& path, const virgo_module* raw) {
        return Module::open(host, path, raw);
      });
}

Result<ModuleDescription> describe_module(const std::string& file, Trust trust) {
  return with_module<ModuleDescription>(
      file, trust, [](const std::string&, const virgo_module* raw) { return describe(raw); });
}

LoadedPlugins load_plugins(Host& host, const std::vector<std::string>& folders,
                           check::Registry& registry, const SkipList& skip) {
  LoadedPlugins out;
  LoadedFiles loaded;
  for (const std::string& folder : folders) {
    const auto files = list_folder(folder, {".so"});
    if (!files) {
      out.refusals.push_back(files.error().context(format("plugin folder {}", folder)));
      continue;
    }
    for (const std::string& name : *files)
      if (auto done = load_one(host, folder + "/" + name, registry, skip, loaded, out); !done)
        out.refusals.push_back(done.error());
  }
  return out;
}

}  // namespace virgo::native
