#include "native/native_check_type.hpp"

#include "native/config_view.hpp"
#include "native/native_check.hpp"

namespace virgo::native {

Result<std::vector<std::unique_ptr<check::CheckType>>> NativeCheckType::all_of(
    Host& host, const std::shared_ptr<Module>& module) {
  std::vector<std::unique_ptr<check::CheckType>> out;
  for (const TypeDescription& description : module->description().types) {
    std::unique_ptr<NativeCheckType> type(new NativeCheckType(host, module, description));
    auto defaults = parse_defaults(*type);
    if (!defaults) return defaults.error();
    type->defaults_ = std::move(*defaults);
    out.push_back(std::move(type));
  }
  return out;
}

std::unique_ptr<check::Check> NativeCheckType::create(const config::CheckSpec& spec,
                                                      config::Problems& problems) {
  const std::size_t before = problems.size();
  auto check = std::make_unique<NativeCheck>(host_, module_, type_, spec.name);
  auto done = check->create_instance();
  if (done) {
    ConfigView view(type_.params, defaults_, spec, problems);
    done = check->configure(view.root());
  }
  // What the plugin has said itself is better than the bare status.
  if (!done && problems.size() == before)
    problems.push_back({spec.where, spec.path, done.error().message});
  if (problems.size() > before) return nullptr;
  return check;
}

}  // namespace virgo::native
