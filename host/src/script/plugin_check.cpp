#include "script/plugin_check.hpp"

#include <algorithm>
#include <utility>

#include "base/format.hpp"
#include "script/plugin_file.hpp"
#include "uv/loop.hpp"

namespace virgo::script {

PluginCheck::PluginCheck(PluginType& type, config::CheckSpec spec, Instance first)
    : type_(type), spec_(std::move(spec)), now_(std::move(first)) {
  type_.checks_.push_back(this);
}

PluginCheck::~PluginCheck() {
  *alive_ = false;
  std::erase(type_.checks_, this);
  if (now_.check == nullptr) type_.left_[spec_.name] = std::move(handed_);
}

void PluginCheck::start(check::Run& run) {
  sweep();
  running_ = now_.check.get();
  if (running_ != nullptr) {
    running_->start(run);
    return;
  }
  run.explain(gone_);
  run.finish(metric::Status::unsupported);
}

void PluginCheck::cancel(check::Run& run) {
  if (running_ != nullptr) running_->cancel(run);
}

void PluginCheck::abandon(check::Run& run) {
  if (running_ != nullptr) running_->abandon(run);
}

void PluginCheck::quarantine() {
  if (now_.check != nullptr) now_.check->quarantine();
}

bool PluginCheck::wedged() const {
  return (now_.check != nullptr && now_.check->wedged()) ||
         std::any_of(old_.begin(), old_.end(),
                     [](const Instance& old) { return old.check->wedged(); });
}

std::optional<check::Suspension> PluginCheck::suspension() const {
  return now_.check == nullptr ? std::nullopt : now_.check->suspension();
}

Handed PluginCheck::hand_over() {
  return now_.check == nullptr ? handed_ : now_.check->hand_over();
}

void PluginCheck::exchange(Instance next) {
  const bool listens = now_.check != nullptr && now_.check->has_background();
  retire();
  now_ = std::move(next);
  // What is sent to it until the next tick would be lost.
  if (listens) now_.check->start_background();
  gone_.clear();
  handed_ = Handed();
}

void PluginCheck::take_away(std::string why) {
  if (now_.check != nullptr) handed_ = now_.check->hand_over();
  retire();
  gone_ = std::move(why);
}

void PluginCheck::retire() {
  if (now_.check == nullptr) return;
  now_.check->retire([this, alive = alive_] {
    if (*alive) sweep();
  });
  old_.push_back(std::move(now_));
  now_ = {};
  sweep();
}

void PluginCheck::sweep() {
  std::erase_if(old_, [this](const Instance& old) {
    if (old.check->busy() || old.check->wedged()) return false;
    if (running_ == old.check.get()) running_ = nullptr;
    return true;
  });
}

PluginType::PluginType(std::shared_ptr<PluginFile> file, std::shared_ptr<const LuaCheckType> first)
    : name_(first->name()), file_(std::move(file)), now_(std::move(first)) {}

const std::string& PluginType::summary() const {
  static const std::string none;
  return now_ == nullptr ? none : now_->summary();
}

const std::string& PluginType::origin() const {
  return file_->path();
}

const std::vector<check::ParamInfo>& PluginType::params() const {
  static const std::vector<check::ParamInfo> none;
  return now_ == nullptr ? none : now_->params();
}

const std::vector<metric::MetricInfo>& PluginType::metrics() const {
  static const std::vector<metric::MetricInfo> none;
  return now_ == nullptr ? none : now_->metrics();
}

bool PluginType::reports_declared_only() const {
  return now_ != nullptr && now_->reports_declared_only();
}

std::unique_ptr<check::Check> PluginType::create(const config::CheckSpec& spec,
                                                 config::Problems& problems) {
  if (now_ == nullptr) {
    problems.push_back({spec.where, spec.path + ".type",
                        format("the plugin file of check type '{}' is gone", name_)});
    return nullptr;
  }
  // One that takes another's place goes on where that one is.
  const auto before = std::find_if(checks_.rbegin(), checks_.rend(), [&spec](const PluginCheck* c) {
    return c->spec().name == spec.name;
  });
  const auto left = left_.find(spec.name);
  auto check = now_->make(spec, problems,
                          before != checks_.rend() ? (*before)->hand_over()
                          : left != left_.end()    ? left->second
                                                   : file_->saved(spec));
  if (check == nullptr) return nullptr;
  left_.erase(spec.name);
  return std::make_unique<PluginCheck>(*this, spec, PluginCheck::Instance{now_, std::move(check)});
}

std::map<std::string, Handed> PluginType::hand_over() const {
  std::map<std::string, Handed> out = left_;
  for (PluginCheck* check : checks_) out[check->spec().name] = check->hand_over();
  return out;
}

void PluginType::exchange(std::shared_ptr<PluginFile> file,
                          std::shared_ptr<const LuaCheckType> next) {
  file_ = std::move(file);
  now_ = std::move(next);
}

void PluginType::take_away(const std::string& why) {
  for (PluginCheck* check : checks_) check->take_away(why);
  now_.reset();
}

}  // namespace virgo::script
