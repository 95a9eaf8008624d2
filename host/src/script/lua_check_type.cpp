#include "script/lua_check_type.hpp"

#include <algorithm>

#include "script/lua_check.hpp"
#include "script/lua_file.hpp"

namespace virgo::script {

LuaCheckType::LuaCheckType(std::shared_ptr<LuaFile> file, std::size_t n, Declaration declaration)
    : file_(std::move(file)), number_(n), declaration_(std::move(declaration)) {
  for (const metric::MetricInfo& m : declaration_.metrics) by_name_.push_back(&m);
  std::sort(by_name_.begin(), by_name_.end(),
            [](const auto* a, const auto* b) { return a->name < b->name; });
}

const std::string& LuaCheckType::origin() const {
  return file_->path();
}

const metric::MetricInfo* LuaCheckType::metric(std::string_view name) const {
  const auto it = std::lower_bound(by_name_.begin(), by_name_.end(), name,
                                   [](const auto* m, std::string_view n) { return m->name < n; });
  return it != by_name_.end() && (*it)->name == name ? *it : nullptr;
}

std::unique_ptr<check::Check> LuaCheckType::create(const config::CheckSpec& spec,
                                                   config::Problems& problems) {
  return LuaCheck::create(file_, *this, spec, problems);
}

std::unique_ptr<LuaCheck> LuaCheckType::make(const config::CheckSpec& spec,
                                             config::Problems& problems,
                                             const Handed& handed) const {
  return LuaCheck::create(file_, *this, spec, problems, handed);
}

}  // namespace virgo::script
