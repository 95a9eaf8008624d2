#include "cli/plugin_folders.hpp"

#include <unistd.h>

#include <map>

#include "base/file.hpp"
#include "base/format.hpp"
#include "cli/lua_plugin.hpp"
#include "cli/plugin_description.hpp"
#include "native/descriptor.hpp"
#include "native/trust.hpp"

namespace virgo::cli {
namespace {

using State = ListedPlugin::State;

// The checks of the loader, in its order; no code of a file runs that the agent
// would not run.
void judge(ListedPlugin& plugin, const native::SkipList* skip) {
  const auto refuse = [&plugin](const std::string& why) {
    plugin.state = State::refused;
    plugin.why = why;
  };
  const auto path = native::trusted_path(plugin.file, geteuid());
  if (!path) return refuse(path.error().message);
  const auto note = native::read_abi_note(*path);
  plugin.has_note = note.ok();
  if (note) plugin.note = *note;
  if (const auto* entry = skip != nullptr ? skip->find(*path) : nullptr) {
    plugin.state = State::skipped;
    plugin.why = why_skipped(*entry);
    plugin.module = entry->module;
    return;
  }
  if (!note) return refuse(note.error().message);
  if (auto ok = native::accept_versions(*note); !ok) return refuse(ok.error().message);
  PluginAnswer answer = ask_plugin(*path);
  if (!answer.problem.empty()) return refuse(answer.problem);
  plugin.description = std::move(answer.description);
  plugin.module = text_member(plugin.description, "module");
  if (skip != nullptr) return;
  plugin.state = State::unknown;
  plugin.why = "the list of skipped plugins cannot be read";
}

// Of a type that two files offer, the first one's is used.
void find_doubles(std::vector<ListedPlugin>& plugins) {
  std::map<std::string, std::string> offered;
  for (ListedPlugin& plugin : plugins) {
    const json::Value* types = plugin.description.find("types");
    if (types == nullptr) continue;
    bool of_use = false;
    for (const json::Value& type : types->items) {
      const auto [at, first] = offered.emplace(text_member(type, "name"), plugin.file);
      of_use = of_use || first;
      if (first) continue;
      plugin.why += format("{}'{}' is already provided by {}", plugin.why.empty() ? "" : "; ",
                           at->first, at->second);
    }
    if (!of_use) plugin.state = State::refused;
  }
}

// The files in `folders` that end in `suffix`.
std::vector<std::string> files_of(const std::vector<std::string>& folders, const char* suffix,
                                  const char* kind, std::vector<std::string>& problems) {
  std::vector<std::string> out;
  for (const std::string& folder : folders) {
    const auto names = list_folder(folder, {suffix});
    if (!names) {
      problems.push_back(names.error().context(format("{} folder {}", kind, folder)).message);
      continue;
    }
    for (const std::string& name : *names) out.push_back(format("{}/{}", folder, name));
  }
  return out;
}

void judge_lua(ListedPlugin& plugin, LuaPlugin& loader) {
  plugin.is_lua = true;
  if (const auto loaded = loader.load(plugin.file); !loaded) {
    plugin.state = State::refused;
    plugin.why = loaded.error().message;
    return;
  }
  auto description = json::parse(format("{{\"types\":{}}}", to_json(loader.types())));
  if (description) plugin.description = std::move(*description);
}

}  // namespace

std::vector<ListedPlugin> list_plugins(const std::vector<std::string>& folders,
                                       const std::vector<std::string>& lua_folders,
                                       const Result<native::SkipList>& skip,
                                       std::vector<std::string>& problems) {
  std::vector<ListedPlugin> out;
  if (!skip)
    problems.push_back(skip.error().context("the list of skipped plugins cannot be read").message);
  for (const std::string& file : files_of(folders, ".so", "plugin", problems)) {
    out.emplace_back().file = file;
    judge(out.back(), skip ? &*skip : nullptr);
  }
  uv::Loop loop;
  {
    LuaPlugin loader(loop, "");
    for (const std::string& file : files_of(lua_folders, ".lua", "Lua plugin", problems)) {
      if (file.ends_with("_test.lua")) continue;
      out.emplace_back().file = file;
      judge_lua(out.back(), loader);
    }
  }
  loop.run();  // close callbacks
  find_doubles(out);
  return out;
}

const char* state_name(ListedPlugin::State state) {
  switch (state) {
    case State::ok:
      return "ok";
    case State::refused:
      return "refused";
    case State::skipped:
      return "skipped";
    case State::unknown:
      return "unknown";
  }
  return "";
}

}  // namespace virgo::cli
