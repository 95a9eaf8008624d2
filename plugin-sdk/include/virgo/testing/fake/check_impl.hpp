// SPDX-License-Identifier: MIT
//
// The functions of virgo::fake::Check and Outcome. Included by fake_host.hpp, and by
// nobody else.
#pragma once

#include "../fake_host.hpp"

namespace virgo::fake {
namespace detail {

inline const virgo_check_type& type_of(const virgo_module* module, std::string_view name) {
  std::string names;
  for (uint32_t i = 0; i < module->type_count; ++i) {
    const virgo_check_type* type = module->types[i];
    if (type == nullptr) continue;
    if (name.empty() ? module->type_count == 1 : name == type->name) return *type;
    names += std::string(names.empty() ? "" : ", ") + type->name;
  }
  fail("the module has no check type '" + std::string(name) + "'; it has " + names);
}

}  // namespace detail

inline Check::Check(Host& host, const virgo_module* module, std::string_view type)
    : Check(host, (host.load(module), detail::type_of(module, type))) {
  module_ = module;
}

inline Check::Check(Host& host, const virgo_check_type& type)
    : host_(host), type_(type), declared_(type) {
  if (type.create == nullptr || type.collect == nullptr)
    detail::fail("the check type has no create() or no collect()");
  for (const std::string& what : declared_.bad) host_.ledger_.misuse(what);
  create();
  host_.checks_.insert(this);
}

inline Check::~Check() {
  destroy();
  host_.checks_.erase(this);
}

inline void Check::create() {
  self_ = host_.runs_.add_check(declared_.name);
  created_ = VIRGO_ERR_FAILED;
  usable_ = false;
  detail::guarded(host_.ledger_, "create()",
                  [&] { created_ = type_.create(host_.table(), self_, &instance_); });
}

inline void Check::destroy() {
  if (run_ != nullptr) host_.runs_.abandon(*run_, VIRGO_ERR_CANCELLED);
  if (thread_.joinable()) thread_.join();
  host_.runs_.end_check(self_);
  host_.loop_.end_check(self_);
  if (created_ >= 0 && type_.destroy != nullptr)
    detail::guarded(host_.ledger_, "destroy()", [&] { type_.destroy(instance_); });
  host_.runs_.remove_check(self_);
  instance_ = nullptr;
  run_ = nullptr;
}

inline bool Check::configure(const Params& params) {
  if (created_ < 0) detail::fail("configure(): create() answered " + status_text(created_));
  if (executes()) detail::fail("configure(): a collect() of the check executes");
  problems_ = declared_.validate(params.root);
  if (!problems_.empty()) return false;
  if (configured_ && (type_.flags & VIRGO_CHECK_RECONFIGURES) == 0) {
    destroy();
    create();
    if (created_ < 0) detail::fail("configure(): create() answered " + status_text(created_));
  }
  configured_ = true;
  if (type_.configure != nullptr) hand_over(params.root);
  usable_ = usable_ || problems_.empty();
  return problems_.empty();
}

inline void Check::hand_over(const Node& root) {
  views_.push_back(
      std::make_unique<detail::ConfigView>(host_.ledger_, host_.stage_, declared_, root));
  detail::ConfigView& view = *views_.back();
  virgo_status status = VIRGO_ERR_FAILED;
  detail::guarded(host_.ledger_, "configure()",
                  [&] { status = type_.configure(instance_, view.root()); });
  view.close();
  problems_ = view.rejections();
  if (status < 0 && problems_.empty())
    problems_.push_back({"params", "configure() answered " + status_text(status)});
}

inline std::string Check::problems_text() const {
  std::string out;
  for (const Problem& p : problems_) out += p.path + ": " + p.text + "\n";
  return out;
}

inline bool Check::executes() const {
  const std::lock_guard<std::mutex> lock(host_.runs_.mutex());
  return run_ != nullptr && run_->executing;
}

inline Outcome Check::begin(Duration timeout) {
  if (executes()) detail::fail("a collect() of the check has not returned yet");
  if (run_ != nullptr && !Outcome(run_, host_.runs_.mutex()).ended())
    detail::fail("a run of the check is still open");
  if (!configured_ && problems_.empty()) configure();
  if (!usable_)
    detail::fail("the check has no configuration that was accepted: " + problems_text());
  if (!host_.run_until([this] { return !host_.loop_.has_outliving_works(self_); }))
    detail::fail("a work of an earlier run has not returned, and until then there is no other");
  for (const Check* other : host_.checks_) {
    const bool together = module_ == nullptr ? &other->type_ == &type_ : other->module_ == module_;
    if (other != this && together && is_serial() && other->is_serial() && other->executes())
      detail::fail("a collect() of '" + other->declared_.name + "' executes, and '" +
                   declared_.name + "' is VIRGO_CHECK_SERIAL: the agent calls one after the other");
  }
  if (thread_.joinable()) thread_.join();
  run_ = host_.runs_.open(self_, declared_, static_cast<uint64_t>(timeout.count()));
  return Outcome(run_, host_.runs_.mutex());
}

inline void Check::call(const std::shared_ptr<detail::RunState>& run) {
  virgo_status status = VIRGO_ERR_FAILED;
  detail::guarded(host_.ledger_, "collect()", [&] { status = type_.collect(instance_, run->id); });
  host_.runs_.returned(*run, status);
}

inline Outcome Check::start(Duration timeout) {
  Outcome run = begin(timeout);
  if (type_.thread == VIRGO_ON_WORKER) {
    const detail::Stage::Worker worker(host_.stage_);
    call(run_);
  } else {
    call(run_);
  }
  return run;
}

inline Outcome Check::start_on_thread(Duration timeout) {
  if (type_.thread != VIRGO_ON_WORKER)
    detail::fail("start_on_thread(): '" + declared_.name + "' is collected on the loop");
  Outcome run = begin(timeout);
  thread_ = std::thread([this, state = run_] { call(state); });
  return run;
}

inline Outcome Check::collect(Duration timeout) {
  Outcome run = start(timeout);
  host_.run_until([&] { return run.ended(); });
  return run;
}

inline void Check::cancel(const Outcome& run) {
  if (!host_.runs_.cancel(*run.state_)) return;
  if (VIRGO_HAS(virgo_check_type, &type_, cancel))
    detail::guarded(host_.ledger_, "cancel()", [&] { type_.cancel(instance_, run.id()); });
}

inline void Check::abandon(const Outcome& run, virgo_status status) {
  host_.runs_.abandon(*run.state_, status);
}

inline std::vector<Sample> Outcome::samples(std::string_view name, const Labels& labels) const {
  std::vector<Sample> out;
  for (Sample& s : samples())
    if (s.name == name && s.has(labels)) out.push_back(std::move(s));
  return out;
}

inline Sample Outcome::sample(std::string_view name, const Labels& labels) const {
  const std::vector<Sample> some = samples(name, labels);
  if (some.size() == 1) return some[0];
  const std::string all = all_text();
  detail::fail(std::to_string(some.size()) + " samples of '" + std::string(name) +
               "' with these labels; the run (" + status_text(status()) + ", \"" + explanation() +
               "\") has:\n" + (all.empty() ? "nothing" : all));
}

}  // namespace virgo::fake
