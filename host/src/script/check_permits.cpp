#include "script/check_permits.hpp"

#include <algorithm>
#include <lua.hpp>

#include "base/format.hpp"

namespace virgo::script {
namespace {

// Appends what a need stands for. `all`: every item of a list, not the first.
void resolve(lua_State* L, int index, const std::string& need, bool all,
             std::vector<std::string>& out) {
  if (!need.starts_with("$")) {
    out.push_back(need);
    return;
  }
  lua_pushlstring(L, need.data() + 1, need.size() - 1);
  lua_rawget(L, index);
  if (lua_type(L, -1) == LUA_TSTRING) out.emplace_back(lua_tostring(L, -1));
  const std::size_t items = lua_istable(L, -1) ? lua_objlen(L, -1) : 0;
  for (std::size_t i = 1; i <= (all ? items : std::min<std::size_t>(items, 1)); ++i) {
    lua_rawgeti(L, -1, static_cast<int>(i));
    if (lua_type(L, -1) == LUA_TSTRING) out.emplace_back(lua_tostring(L, -1));
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

}  // namespace

binding::Grants resolved_needs(lua_State* L, int index, const binding::Grants& needs) {
  if (index < 0) index = lua_gettop(L) + index + 1;
  binding::Grants out;
  out.net = needs.net;
  for (const std::string& program : needs.exec) resolve(L, index, program, false, out.exec);
  for (const std::string& path : needs.read) resolve(L, index, path, true, out.read);
  return out;
}

void narrow(const config::LuaPluginSpec* settings, const std::string& file,
            binding::Permits& permits) {
  if (settings == nullptr) return;
  permits.option = format("lua_plugins.{}.allow", file);
  if (settings->net) {
    permits.narrows_net = true;
    for (const binding::Net kind : binding::net_kinds())
      if (std::find(settings->net->begin(), settings->net->end(), binding::net_name(kind)) !=
          settings->net->end())
        permits.allowed.net =
            static_cast<std::uint8_t>(permits.allowed.net | static_cast<std::uint8_t>(kind));
  }
  permits.narrows_exec = settings->exec.has_value();
  if (settings->exec) permits.allowed.exec = *settings->exec;
  permits.narrows_read = settings->read.has_value();
  if (settings->read) permits.allowed.read = *settings->read;
}

void add_variables(const config::Node& params, binding::Permits& permits) {
  for (const config::Node& param : params.items)
    for (std::size_t i = 0; i < param.keys.size(); ++i)
      if (param.items[i].kind == config::NodeKind::scalar)
        permits.variables.push_back(param.keys[i] + "=" + param.items[i].text);
}

}  // namespace virgo::script
