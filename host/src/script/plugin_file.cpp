#include "script/plugin_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "check/alert_metrics.hpp"
#include "config/problems.hpp"
#include "json/value.hpp"
#include "json/writer.hpp"
#include "script/file_text.hpp"
#include "script/plugin_check.hpp"

namespace virgo::script {
namespace {

// Of a check's file with what it has handed over.
constexpr std::uint64_t kMaxSaved = 16u << 20;

}  // namespace

std::string PluginFile::as_file_name(const std::string& name) {
  std::string out;
  for (const char c : name) {
    const bool plain = c != '/' && c != '%' && (c != '.' || !out.empty());
    out += plain ? std::string(1, c) : format("%{:02x}", static_cast<unsigned char>(c));
  }
  return out;
}

// A generation that was made aside, and where its parts go.
struct PluginFile::Plan {
  std::vector<std::shared_ptr<const LuaCheckType>> types;
  std::vector<PluginType*> places;  // of `types`; null = a new one
  std::vector<std::pair<PluginCheck*, PluginCheck::Instance>> checks;
};

PluginFile::PluginFile(std::string path, check::Registry& registry, const CheckServices& services)
    : path_(std::move(path)), registry_(registry), services_(services) {}

PluginFile::~PluginFile() = default;

Result<PluginFile::Changes> PluginFile::load(bool again) {
  auto source = read_script(path_);
  if (!source) {
    problem_ = source.error().message;
    return source.error();
  }
  if (!types_.empty() && *source == source_) {
    problem_.clear();
    refused_.clear();
    return Changes{};
  }
  if (!again && !problem_.empty() && *source == refused_) return Changes{};
  refused_ = *source;
  auto file = LuaFile::load(path_, *source, services_);
  Result<Changes> changes =
      file ? exchange(std::move(file).value()) : Result<Changes>(file.error());
  if (!changes) {
    problem_ = changes.error().message;
    return changes;
  }
  source_ = std::move(source).value();
  refused_.clear();
  problem_.clear();
  return changes;
}

Result<PluginFile::Changes> PluginFile::exchange(std::shared_ptr<LuaFile> next) {
  Plan made;
  std::vector<Declaration> declared = std::move(next->declarations());
  for (std::size_t n = 0; n < declared.size(); ++n)
    made.types.push_back(std::make_shared<LuaCheckType>(next, n, std::move(declared[n])));
  if (auto planned = plan(made); !planned) return planned.error();
  return carry_out(made);
}

// Makes everything; nothing has changed when it fails.
Result<void> PluginFile::plan(Plan& plan) {
  for (const auto& next : plan.types) {
    check::CheckType* known = registry_.find(next->name());
    auto* place = dynamic_cast<PluginType*>(known);
    const bool ours = place != nullptr && (place->now() == nullptr || place->file() == this);
    if (known != nullptr && !ours)
      return Error{Errc::invalid, format("check type '{}' of {} exists already, from {}",
                                         next->name(), path_, known->origin())};
    plan.places.push_back(place);
    if (place == nullptr) continue;
    if (auto made = plan_checks(plan, *place, next); !made) return made.error();
  }
  return {};
}

Result<void> PluginFile::plan_checks(Plan& plan, const PluginType& type,
                                     const std::shared_ptr<const LuaCheckType>& next) {
  for (PluginCheck* check : type.checks()) {
    config::Problems problems;
    std::unique_ptr<LuaCheck> instance;
    if (check::validate_params(*next, check->spec(), problems) &&
        check::validate_alerts(*next, check->spec(), problems))
      instance = next->make(check->spec(), problems, check->hand_over());
    if (instance == nullptr)
      return Error{Errc::invalid, format("{}: check '{}' cannot be made with it: {}", path_,
                                         check->spec().name, config::to_string(problems))};
    plan.checks.emplace_back(check, PluginCheck::Instance{next, std::move(instance)});
  }
  return {};
}

PluginFile::Changes PluginFile::carry_out(Plan& plan) {
  Changes out;
  for (auto& [check, instance] : plan.checks) check->exchange(std::move(instance));
  std::vector<PluginType*> before = std::move(types_);
  types_.clear();
  for (std::size_t i = 0; i < plan.types.size(); ++i) {
    PluginType* place = plan.places[i];
    out.provided.push_back(plan.types[i]->name());
    if (place != nullptr) {
      place->exchange(shared_from_this(), plan.types[i]);
    } else {
      auto type = std::make_unique<PluginType>(shared_from_this(), plan.types[i]);
      place = type.get();
      (void)registry_.add(std::move(type));  // the name is free
    }
    types_.push_back(place);
    std::erase(before, place);
  }
  for (PluginType* type : before) {
    out.gone.push_back(type->name());
    type->take_away(
        format("{} does not declare the check type '{}' any more", path_, type->name()));
  }
  return out;
}

PluginFile::Changes PluginFile::remove() {
  Changes out;
  for (PluginType* type : types_) {
    out.gone.push_back(type->name());
    type->take_away(format("the plugin file {} is gone", path_));
  }
  types_.clear();
  source_.clear();
  refused_.clear();
  return out;
}

std::string PluginFile::saved_path(const std::string& check) const {
  return state_folder_ + "/" + as_file_name(check) + ".json";
}

Handed PluginFile::saved(const config::CheckSpec& spec) const {
  if (state_folder_.empty()) return {};
  const std::string path = saved_path(spec.name);
  const auto text = read_regular_file(path, kMaxSaved);
  if (!text) {
    if (text.error().code != Errc::not_found)
      log_warn("lua", "check '{}' begins anew: {}: {}", spec.name, path, text.error().message);
    return {};
  }
  const auto value = json::parse(*text, {.depth = 64, .values = 5 * Handed::kMaxValues});
  const json::Value* type = value ? value->find("type") : nullptr;
  const json::Value* content = value ? value->find("handed") : nullptr;
  // Another check had the name.
  if (type != nullptr && type->text != spec.type) return {};
  auto handed = content == nullptr ? Result<Handed>(Error{Errc::invalid, "no 'handed' in it"})
                                   : Handed::from_json(json::to_json(*content));
  if (handed) return std::move(handed).value();
  log_warn("lua", "check '{}' begins anew: {}: {}", spec.name, path, handed.error().message);
  return {};
}

void PluginFile::save(const PluginType& type) const {
  if (state_folder_.empty()) return;
  for (const auto& [check, handed] : type.hand_over()) {
    const std::string path = saved_path(check);
    if (handed.nil()) {
      (void)::unlink(path.c_str());
      continue;
    }
    std::string text;
    json::Writer writer(text);
    writer.begin_object();
    writer.key("check");
    writer.string(check);
    writer.key("type");
    writer.string(type.name());
    writer.key("handed");
    writer.raw(handed.to_json());
    writer.end_object();
    (void)::mkdir(state_folder_.substr(0, state_folder_.rfind('/')).c_str(), 0700);
    (void)::mkdir(state_folder_.c_str(), 0700);
    if (const auto done = replace_file(path, text, 0600); !done)
      log_warn("lua", "what check '{}' hands over is lost: {}", check, done.error().message);
  }
}

}  // namespace virgo::script
