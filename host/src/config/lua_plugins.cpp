// The map under `lua_plugins`: plugin files by name.
#include "base/format.hpp"
#include "base/text.hpp"
#include "config/reader.hpp"

namespace virgo::config {
namespace {

bool is_plugin_file(std::string_view name) {
  return name.size() > 4 && name.size() <= 255 && name.ends_with(".lua") &&
         name.find('/') == std::string_view::npos;
}

}  // namespace

std::vector<LuaPluginSpec> read_lua_plugins(const Node& map, Draft& draft, Reader& reader) {
  std::vector<LuaPluginSpec> out;
  if (map.kind == NodeKind::null || map.invalid) return out;
  if (map.kind != NodeKind::map) {
    reader.problem(map.where, "lua_plugins", "expected a map by file name, as in redis.lua: {...}");
    return out;
  }
  for (std::size_t i = 0; i < map.keys.size(); ++i) {
    const std::size_t before = reader.problem_count();
    const std::string& file = map.keys[i];
    draft.plugin = LuaPluginSpec();
    draft.plugin.file = file;
    draft.plugin.where = map.key_positions[i];
    if (!is_plugin_file(file))
      reader.problem(
          map.key_positions[i], "lua_plugins",
          format("'{}' is not the name of a plugin file, as redis.lua is", printable(file)));
    else
      reader.read_map(map.items[i], plugin_options(), "lua_plugins." + file);
    if (reader.problem_count() == before) out.push_back(std::move(draft.plugin));
  }
  return out;
}

}  // namespace virgo::config
