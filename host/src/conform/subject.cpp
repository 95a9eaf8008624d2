#include "conform/subject.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "config/specs.hpp"
#include "uv/timer.hpp"

namespace virgo::conform {
namespace {

constexpr Duration kGrace = std::chrono::seconds(2);

// As the caller wrote it: "path: must be an absolute path".
std::string sentence(const config::Problem& problem) {
  std::string_view path = problem.path;
  for (const std::string_view prefix : {".params", "."})
    if (path.starts_with(prefix)) path.remove_prefix(prefix.size());
  return path.empty() ? problem.text : format("{}: {}", path, problem.text);
}

}  // namespace

config::Node empty_params() {
  config::Node out;
  out.kind = config::NodeKind::map;
  return out;
}

Result<std::unique_ptr<Subject>> Subject::load(const Target& target, const Release& release,
                                               bool extensions) {
  std::unique_ptr<Subject> out(new Subject(target));
  native::Host::Options options;
  options.wrap_table = [release, extensions](const virgo_host* table) {
    return checked_table(table, release, extensions);
  };
  out->host_ = std::make_unique<native::Host>(out->loop_, out->pool_, system_clock(), options);
  auto module = native::load_module(*out->host_, target.file, native::Trust::any);
  if (!module) return module.error();
  auto types = native::NativeCheckType::all_of(*out->host_, *module);
  if (!types) return types.error();
  out->types_ = std::move(*types);
  std::string names;
  for (const auto& type : out->types_) {
    names += (names.empty() ? "" : ", ") + type->name();
    if (target.type.empty() || type->name() == target.type) out->chosen_.push_back(type.get());
  }
  if (out->chosen_.empty())
    return Error{Errc::not_found,
                 format("the module has no check type '{}'; it has: {}", target.type, names)};
  return out;
}

Subject::~Subject() {
  types_.clear();
  pool_.shutdown(std::chrono::seconds(2));
  loop_.run_once(false);
  host_.reset();
}

std::vector<std::string> Subject::missing_params(const check::CheckType& type) const {
  std::vector<std::string> out;
  for (const check::ParamInfo& param : type.params())
    if (param.required && check::find_param(target_.params, param.name) == nullptr)
      out.push_back(param.name);
  return out;
}

bool Subject::known_elsewhere(const check::CheckType& type, const std::string& param) const {
  const auto has = [&param](const check::CheckType& t) {
    return std::any_of(t.params().begin(), t.params().end(),
                       [&param](const check::ParamInfo& p) { return p.name == param; });
  };
  return !has(type) && std::any_of(chosen_.begin(), chosen_.end(),
                                   [&has](const check::CheckType* t) { return has(*t); });
}

std::unique_ptr<native::NativeCheck> Subject::make(check::CheckType& type) {
  // A parameter of another type of the same module is none of this one's.
  config::Node params = empty_params();
  for (std::size_t i = 0; i < target_.params.keys.size(); ++i) {
    if (known_elsewhere(type, target_.params.keys[i])) continue;
    params.keys.push_back(target_.params.keys[i]);
    params.key_positions.push_back(target_.params.key_positions[i]);
    params.items.push_back(target_.params.items[i]);
  }
  return make(type, std::move(params));
}

std::unique_ptr<native::NativeCheck> Subject::make(check::CheckType& type, config::Node params) {
  config::Problems problems;
  config::CheckSpec spec;
  spec.name = "tested";
  spec.type = type.name();
  spec.params = std::move(params);
  std::unique_ptr<check::Check> made;
  if (check::validate_params(type, spec, problems)) {
    Recorder::get().configuring(true);
    made = type.create(spec, problems);
    Recorder::get().configuring(false);
  }
  why_ = problems.empty() ? "" : sentence(problems[0]);
  return std::unique_ptr<native::NativeCheck>(static_cast<native::NativeCheck*>(made.release()));
}

Outcome Subject::run(native::NativeCheck& check, Duration cancel_after) {
  if (check.wedged())
    Recorder::get().finding(
        "the tester was to start a run while a call of an earlier one still executes, which no "
        "agent does: this is a mistake of the tester's");
  runner_ = std::make_unique<schedule::SoloRunner>(loop_, system_clock(), check, kGrace);
  runner_->on_abandon([&check] { Recorder::get().abandoned(check.open_run()); });
  const Outcome outcome = runner_->run(cancel_after);
  loop_.run_once(false);  // so that what was closed is freed
  return outcome;
}

void Subject::idle(Duration time) {
  bool over = false;
  uv::Timer timer(loop_, [&over] { over = true; });
  timer.start(time);
  while (!over) loop_.run_once(true);
}

}  // namespace virgo::conform
