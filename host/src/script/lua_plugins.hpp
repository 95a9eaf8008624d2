// Finds and loads the Lua plugin files. Loop thread only.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "check/registry.hpp"
#include "script/check_services.hpp"

namespace virgo::script {

// Loads every "*.lua" directly in each of `folders` (not in folders below them),
// but for "*_test.lua", in order of name, and adds the check types they declare to `registry`.
// Returns an error for each file or folder that could not be used; the rest is usable.
std::vector<Error> load_lua_plugins(const std::vector<std::string>& folders,
                                    check::Registry& registry, const CheckServices& services);

}  // namespace virgo::script
