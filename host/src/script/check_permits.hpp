// What one configured check may reach: the needs its file declares, as its parameters
// fill them in, less what the configuration takes away.
#pragma once

#include <string>

#include "binding/permits.hpp"
#include "config/specs.hpp"

struct lua_State;

namespace virgo::script {

// `needs` with what "$name" stands for: parameter `name` of the instance at `index`, a
// text, or a list: of programs its first item, of paths all. Raises nothing.
binding::Grants resolved_needs(lua_State* L, int index, const binding::Grants& needs);

// What the configuration says about plugin file `file`; null: nothing.
void narrow(const config::LuaPluginSpec* settings, const std::string& file,
            binding::Permits& permits);

// Lets it give programs the variables that are in maps among the instance's parameters.
void add_variables(const config::Node& params, binding::Permits& permits);

}  // namespace virgo::script
