#include "script/lua_plugins.hpp"

#include <dirent.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/format.hpp"
#include "script/lua_check_type.hpp"
#include "script/lua_file.hpp"

namespace virgo::script {
namespace {

bool is_plugin(std::string_view name) {
  return name.size() > 4 && name.front() != '.' && name.ends_with(".lua");
}

Result<std::vector<std::string>> plugin_files(const std::string& folder) {
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(folder.c_str()), closedir);
  if (dir == nullptr)
    return Error{Errc::not_found,
                 format("Lua plugin folder {}: {}", folder, strerrordesc_np(errno))};
  std::vector<std::string> out;
  while (const dirent* entry = readdir(dir.get()))
    if (entry->d_type != DT_DIR && is_plugin(entry->d_name))
      out.push_back(folder + "/" + entry->d_name);
  std::sort(out.begin(), out.end());
  return out;
}

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
    const auto files = plugin_files(folder);
    if (!files) {
      problems.push_back(files.error());
      continue;
    }
    for (const std::string& path : files.value())
      if (const auto loaded = load_file(path, registry, services, problems); !loaded)
        problems.push_back(loaded.error().context(path + " is not used"));
  }
  return problems;
}

}  // namespace virgo::script
