#include "script/lua_plugins.hpp"

#include <memory>

#include "base/file.hpp"
#include "base/format.hpp"
#include "script/lua_check_type.hpp"
#include "script/lua_file.hpp"

namespace virgo::script {
namespace {

Result<void> load_file(const std::string& path, check::Registry& registry,
                       const CheckServices& services, std::vector<Error>& problems) {
  auto file = LuaFile::load(path, services);
  if (!file) return file.error();
  std::vector<Declaration> declared = std::move((*file)->declarations());
  for (std::size_t n = 0; n < declared.size(); ++n) {
    const auto added =
        registry.add(std::make_unique<LuaCheckType>(*file, n, std::move(declared[n])));
    if (!added) problems.push_back(added.error());
  }
  return {};
}

}  // namespace

std::vector<Error> load_lua_plugins(const std::vector<std::string>& folders,
                                    check::Registry& registry, const CheckServices& services) {
  std::vector<Error> problems;
  for (const std::string& folder : folders) {
    const auto files = list_folder(folder, {".lua"});
    if (!files) {
      problems.push_back(files.error().context(format("Lua plugin folder {}", folder)));
      continue;
    }
    for (const std::string& name : *files) {
      if (name.ends_with("_test.lua")) continue;  // of `virgo plugin test`
      const std::string path = folder + "/" + name;
      if (const auto loaded = load_file(path, registry, services, problems); !loaded)
        problems.push_back(loaded.error().context(path + " is not used"));
    }
  }
  return problems;
}

}  // namespace virgo::script
