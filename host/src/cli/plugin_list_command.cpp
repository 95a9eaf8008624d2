// virgo plugin list: the plugins of an agent; virgo plugin retry: load one again.
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "agent/crash_watch.hpp"
#include "agent/paths.hpp"
#include "base/format.hpp"
#include "base/text.hpp"
#include "cli/cli.hpp"
#include "cli/commands.hpp"
#include "cli/plugin_description.hpp"
#include "cli/plugin_folders.hpp"
#include "cli/text_table.hpp"
#include "config/load.hpp"

namespace virgo::cli {
namespace {

// What an agent with the configuration of -c has, or one with the defaults.
struct Places {
  bool usable = false;
  config::AgentSpec spec;
};

Places places_of(const char* command, const Args& args) {
  Places out;
  if (!args.has("config")) {
    out.usable = true;
    out.spec.plugin_dirs = {agent::prefix() + "/lib/virgo/plugins"};
    out.spec.lua_plugin_dirs = {agent::prefix() + "/share/virgo/lua-plugins"};
    out.spec.state_folder = config::kDefaultStateFolder;
    return out;
  }
  config::Loaded loaded = config::load(args.get("config"), config::process_sources());
  for (const config::Problem& p : loaded.problems)
    std::fprintf(stderr, "virgo %s: %s\n", command, config::to_string(p).c_str());
  out.usable = loaded.problems.empty();
  out.spec = std::move(loaded.spec);
  return out;
}

std::string type_names(const json::Value& description) {
  std::string out;
  const json::Value* types = description.find("types");
  if (types == nullptr) return out;
  for (const json::Value& type : types->items)
    out += (out.empty() ? "" : " ") + text_member(type, "name");
  return out;
}

std::string abi(const ListedPlugin& p) {
  if (p.is_lua) return "Lua";
  return p.has_note ? format("{}.{}", p.note.abi_major, p.note.abi_minor) : "";
}

std::string page(const std::vector<ListedPlugin>& plugins) {
  TextTable table({{"File"}, {"Module"}, {"Version"}, {"ABI"}, {"Types"}, {"State"}});
  for (const ListedPlugin& p : plugins)
    table.add({p.file, p.module, text_member(p.description, "version"), abi(p),
               type_names(p.description),
               p.why.empty() ? state_name(p.state) : format("{}: {}", state_name(p.state), p.why)});
  return table.text();
}

std::string to_json(const std::vector<ListedPlugin>& plugins) {
  std::string out;
  json::Writer w(out);
  w.begin_array();
  for (const ListedPlugin& p : plugins) {
    w.begin_object();
    const auto text = [&w](const char* key, const std::string& value) {
      w.key(key);
      w.string(to_utf8(value));
    };
    text("file", p.file);
    text("state", state_name(p.state));
    text("why", p.why);
    text("abi", abi(p));
    if (!p.module.empty()) text("module", p.module);
    for (const char* key : {"version", "vendor", "types"}) {
      const json::Value* member = p.description.find(key);
      if (member == nullptr) continue;
      w.key(key);
      w.raw(json::to_json(*member));
    }
    w.end_object();
  }
  w.end_array();
  return out + "\n";
}

int list(const Args& args) {
  const Places places = places_of("plugin list", args);
  if (!places.usable) return kUsage;
  std::vector<std::string> problems;
  const auto plugins = list_plugins(places.spec.plugin_dirs, places.spec.lua_plugin_dirs,
                                    agent::read_skipped(places.spec), problems);
  std::fputs((args.has("json") ? to_json(plugins) : page(plugins)).c_str(), stdout);
  std::fflush(stdout);
  for (const std::string& p : problems) std::fprintf(stderr, "virgo plugin list: %s\n", p.c_str());
  return problems.empty() ? kOk : kFailed;
}

int complain(const std::string& what, int code) {
  std::fprintf(stderr, "virgo plugin retry: %s\n", what.c_str());
  return code;
}

int retry(const Args& args) {
  const std::string& file = args.operands()[0];
  const Places places = places_of("plugin retry", args);
  if (!places.usable) return kUsage;
  const std::string& folder = places.spec.state_folder;
  // A file that is gone is still on the list by its name.
  const std::unique_ptr<char, decltype(&free)> real(realpath(file.c_str(), nullptr), &free);
  const std::string path = real != nullptr ? real.get() : file;
  const auto taken = folder.empty() ? Result<bool>(false) : agent::take_off_list(folder, path);
  if (!taken) return complain(taken.error().message, kFailed);
  if (!*taken)
    return complain(format("{} is not skipped: 'virgo plugin list' shows which are", path), kUsage);
  std::printf("%s is loaded again when the agent is started\n", path.c_str());
  return kOk;
}

constexpr const char* kConfigHelp = "the agent's configuration, for its folders; else the defaults";

}  // namespace

const Command& plugin_list_command() {
  static constexpr Option kOptions[] = {
      {"config", 'c', "FILE", kConfigHelp},
      {"json", 'j', nullptr, "as JSON"},
  };
  static const Command command{
      "plugin list",
      "[-c FILE] [--json]",
      "list the plugins of an agent and what becomes of each",
      "Every *.so and *.lua of the plugin folders, in the order they are loaded. The state is "
      "'ok';\n"
      "'refused' with the reason; 'skipped' when a plugin crashed the agent twice within ten\n"
      "minutes: it is not loaded until the file is replaced, or 'virgo plugin retry' is used; or\n"
      "'unknown' when the list of those cannot be read, or others than you and root can write it.\n"
      "Files are looked at without loading them for good: each is asked in a process of its own,\n"
      "which does not call its load(), so one whose load() fails is 'ok' here.\n"
      "Exit codes: 0 listed, 1 a folder or the list of skipped plugins cannot be read, 2 wrong\n"
      "usage or configuration.",
      kOptions,
      0,
      0,
      list};
  return command;
}

const Command& plugin_retry_command() {
  static constexpr Option kOptions[] = {{"config", 'c', "FILE", kConfigHelp}};
  static const Command command{
      "plugin retry",
      "[-c FILE] PLUGIN",
      "have a plugin loaded again that crashed the agent twice",
      "Takes the file PLUGIN off the list of those that are skipped. The agent looks at the list\n"
      "when it is started.\n"
      "Exit codes: 0 done, 1 the list cannot be changed, 2 PLUGIN is not skipped.",
      kOptions,
      1,
      1,
      retry};
  return command;
}

}  // namespace virgo::cli
