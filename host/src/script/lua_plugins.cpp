#include "script/lua_plugins.hpp"

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "script/plugin_check.hpp"

namespace virgo::script {
namespace {

// A plugin's test lies beside it, and is none.
bool is_plugin(const std::string& name) {
  return name.ends_with(".lua") && !name.ends_with("_test.lua");
}

void append(std::vector<std::string>& to, const std::vector<std::string>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

}  // namespace

LuaPlugins::LuaPlugins(check::Registry& registry, const CheckServices& services)
    : registry_(registry), services_(services) {}

LuaPlugins::~LuaPlugins() = default;

PluginFile& LuaPlugins::file(const std::string& path) {
  auto& file = files_[path];
  if (file == nullptr) {
    file = std::make_shared<PluginFile>(path, registry_, services_);
    file->use_state(state_folder_);
  }
  return *file;
}

void LuaPlugins::use_state(const std::string& folder, const std::string& agent) {
  state_folder_ = folder.empty() ? "" : folder + "/handover/" + PluginFile::as_file_name(agent);
  for (const auto& [path, file] : files_) file->use_state(state_folder_);
}

std::vector<Error> LuaPlugins::load(const std::string& folder) {
  std::vector<Error> problems;
  const auto names = list_folder(folder, {".lua"});
  if (!names) {
    problems.push_back(names.error().context(format("Lua plugin folder {}", folder)));
    return problems;
  }
  for (const std::string& name : *names) {
    if (!is_plugin(name)) continue;
    const std::string path = folder + "/" + name;
    if (const auto loaded = file(path).load(); !loaded)
      problems.push_back(loaded.error().context(path + " is not used"));
  }
  return problems;
}

PluginFile::Changes LuaPlugins::changed(const std::string& folder,
                                        const std::vector<uv::FileChange>& files) {
  PluginFile::Changes all;
  // What went first: another file may declare its types.
  for (const bool removed : {true, false}) {
    for (const uv::FileChange& change : files) {
      if (change.removed != removed || !is_plugin(change.name)) continue;
      const std::string path = folder + "/" + change.name;
      if (removed) {
        const auto known = files_.extract(path);
        if (known.empty()) continue;
        log_warn("plugins", "{} is gone", path);
        append(all.gone, known.mapped()->remove().gone);
        continue;
      }
      PluginFile& changed = file(path);
      const std::string problem = changed.problem();
      const bool used = !changed.types().empty();
      auto changes = changed.load();
      if (!changes) {
        if (changed.problem() != problem)
          log_error("plugins", "{}; {}", changes.error().message,
                    used ? "the one before goes on" : path + " is not used");
        continue;
      }
      if (!changes->provided.empty()) log_info("plugins", "{} is used as it is now", path);
      append(all.provided, changes->provided);
      append(all.gone, changes->gone);
    }
  }
  if (!all.gone.empty()) try_refused(all);
  return all;
}

// A type has no file any more: one that was refused because of it may be used now.
void LuaPlugins::try_refused(PluginFile::Changes& all) {
  for (const auto& [path, file] : files_) {
    if (file->problem().empty()) continue;
    const auto changes = file->load(true);
    if (!changes) continue;
    log_info("plugins", "{} is used now", path);
    append(all.provided, changes->provided);
    append(all.gone, changes->gone);
  }
}

std::vector<LuaPlugins::Broken> LuaPlugins::broken() const {
  std::vector<Broken> out;
  for (const auto& [path, file] : files_)
    if (!file->problem().empty()) out.push_back({path, file->problem(), !file->types().empty()});
  return out;
}

std::map<std::string, Duration> LuaPlugins::self_starting() const {
  std::map<std::string, Duration> out;
  for (const auto& [path, file] : files_)
    for (const PluginType* type : file->types())
      if (type->now()->interval().count() > 0) out.emplace(type->name(), type->now()->interval());
  return out;
}

void LuaPlugins::save() const {
  // Also of types whose file is gone: it may come again.
  for (const check::CheckType* type : registry_.types())
    if (const auto* plugin = dynamic_cast<const PluginType*>(type); plugin != nullptr)
      plugin->file()->save(*plugin);
}

std::vector<Error> load_lua_plugins(const std::vector<std::string>& folders,
                                    check::Registry& registry, const CheckServices& services) {
  std::vector<Error> problems;
  LuaPlugins plugins(registry, services);
  for (const std::string& folder : folders)
    for (Error& problem : plugins.load(folder)) problems.push_back(std::move(problem));
  return problems;
}

}  // namespace virgo::script
