#include "check/registry.hpp"

#include "base/format.hpp"
#include "base/text.hpp"
#include "check/alert_metrics.hpp"

namespace virgo::check {

Result<void> Registry::add(std::unique_ptr<CheckType> type) {
  const auto it = types_.find(type->name());
  if (it != types_.end())
    return Error{Errc::invalid,
                 format("{}: check type '{}' is already provided by {}; the first one is used",
                        type->origin(), type->name(), it->second->origin())};
  std::string name = type->name();
  types_.emplace(std::move(name), std::move(type));
  return {};
}

CheckType* Registry::find(std::string_view name) const {
  const auto it = types_.find(name);
  return it == types_.end() ? nullptr : it->second.get();
}

std::vector<CheckType*> Registry::types() const {
  std::vector<CheckType*> out;
  for (const auto& [name, type] : types_) out.push_back(type.get());
  return out;
}

std::unique_ptr<Check> Registry::create(const config::CheckSpec& spec,
                                        config::Problems& problems) const {
  CheckType* type = find(spec.type);
  if (type == nullptr) {
    std::vector<std::string_view> names;
    for (const auto& [name, unused] : types_) names.push_back(name);
    std::string text = format("unknown check type '{}'", printable(spec.type, 128));
    const std::string_view near = did_you_mean(spec.type, names);
    text += near.empty() ? "; 'virgo plugin list' shows those there are"
                         : format(", did you mean '{}'?", near);
    problems.push_back({spec.where, spec.path, text});
    return nullptr;
  }
  const bool params_fit = validate_params(*type, spec, problems);
  const bool alerts_fit = validate_alerts(*type, spec, problems);
  if (!params_fit || !alerts_fit) return nullptr;
  return type->create(spec, problems);
}

}  // namespace virgo::check
