#include "script/lua_check.hpp"

#include <algorithm>
#include <array>
#include <lua.hpp>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "binding/file_job.hpp"
#include "lua/coroutine.hpp"
#include "lua/traceback.hpp"
#include "script/check_bindings.hpp"
#include "script/check_permits.hpp"
#include "script/lua_check_type.hpp"
#include "script/lua_file.hpp"
#include "script/lua_run.hpp"
#include "uv/loop.hpp"

namespace virgo::script {

using lua::Exit;
using metric::Status;

LuaCheck::LuaCheck(std::shared_ptr<LuaFile> file, const LuaCheckType& type,
                   const config::CheckSpec& spec)
    : file_(std::move(file)),
      type_(type),
      name_(spec.name),
      interval_(spec.interval),
      instance_(*file_, type, spec.params),
      series_(file_->limits().series, file_->services().clock.now()),
      hung_(file_->hung(name_)) {
  narrow(file_->settings(), file_->name(), permits_);
  add_variables(spec.params, permits_);
  file_->add(*this);
}

LuaCheck::~LuaCheck() {
  open_.reset();
  background_.reset();
  file_->remove(*this);
}

std::unique_ptr<LuaCheck> LuaCheck::create(std::shared_ptr<LuaFile> file, const LuaCheckType& type,
                                           const config::CheckSpec& spec,
                                           config::Problems& problems, const Handed& handed) {
  std::unique_ptr<LuaCheck> check(new LuaCheck(std::move(file), type, spec));
  check->handed_ = &handed;
  const Verdict made = check->prepare();
  check->handed_ = nullptr;
  if (made.status == Status::ok) return check;
  const config::Node* node =
      made.param.empty() ? nullptr : check::find_param(spec.params, made.param);
  std::string path = spec.path + ".params";
  if (!made.param.empty()) path += "." + made.param;
  problems.push_back({node == nullptr ? spec.where : node->where, path, made.text});
  return nullptr;
}

const CheckServices& LuaCheck::services() const {
  return file_->services();
}

const metric::MetricInfo* LuaCheck::metric(std::string_view name) const {
  return type_.metric(name);
}

const std::string& LuaCheck::unknown_metric(std::string_view name) {
  std::vector<std::string_view> names;
  for (const auto& m : type_.metrics()) names.push_back(m.name);
  const std::string_view near = did_you_mean(name, names);
  scratch_ = format("run:emit: metric '{}' is not declared", printable(name, 128));
  scratch_ += near.empty() ? "; add it to metrics" : format(", did you mean '{}'?", near);
  return scratch_;
}

// Why no run may start now; ok if one may.
Verdict LuaCheck::refusal() {
  const TimePoint now = services().clock.now();
  if (!hung_.empty()) return {Status::quarantined, hung_};
  if (breaker_.is_open(now)) return {Status::quarantined, breaker_.sentence(now)};
  if (file_->cpu_left().count() > 0) return {};
  const std::string value = format_duration(file_->limits().cpu_per_minute);
  return {Status::limit,
          format("not run: the checks of {} used more than {} of processor time in a minute "
                 "(limits.lua_cpu_per_minute)",
                 file_->name(), value),
          "", "limits.lua_cpu_per_minute", value};
}

std::optional<check::Suspension> LuaCheck::suspension() const {
  if (!hung_.empty())
    return check::Suspension{"limits.lua_grace", "until its file is changed", TimePoint::max(), 1};
  if (!breaker_.is_open(services().clock.now())) return std::nullopt;
  return breaker_.suspension();
}

// The instance in a state that can run.
Verdict LuaCheck::prepare() {
  const auto state = file_->state();
  if (!state) return {Status::failed, state.error().message};
  if (instance_.made()) return {};
  permits_.declared = instance_.make();
  background_begun_ = false;
  Verdict out = configure();
  if (out.status != Status::ok) instance_.drop();
  return out;
}

Verdict LuaCheck::configure() {
  lua::State& state = *file_->live_state();
  lua_State* L = state.raw();
  instance_.push_method(L, "configure");
  if (!lua_isfunction(L, -1)) {
    lua_pop(L, 1);
    return {};
  }
  instance_.push(L);
  if (handed_ != nullptr)
    handed_->push(L);
  else
    lua_pushnil(L);
  const Exit exit = state.call(L, 2, 2);
  Verdict out;
  if (exit != Exit::done) {
    out = failed();
  } else {
    out = verdict_of_results(L, lua_gettop(L) - 1);
    lua_pop(L, 2);
  }
  if (out.status == Status::failed) out.status = Status::invalid;
  if (exit == Exit::over_budget || exit == Exit::over_memory) give_up_state(out.text);
  return out;
}

// What the last call into the state has failed with.
Verdict LuaCheck::failed() {
  const lua::Failure& failure = file_->live_state()->failure();
  Verdict out = verdict_of(failure);
  if (!failure.traceback.empty())
    log_debug("lua", "check '{}': {}\n{}", name_, out.text, failure.traceback);
  return out;
}

// It broke a cap in this check's code: what else the file has open ends with it.
void LuaCheck::give_up_state(const std::string& why) {
  background_.reset();
  file_->give_up_state(*this, format("stopped: check '{}' of the same file {}", name_, why));
}

void LuaCheck::start(check::Run& run) {
  run_ = &run;
  background_fresh_ = false;
  if (const Verdict no = refusal(); no.status != Status::ok) {
    finish(no);
    return;
  }
  Verdict ready = prepare();
  if (ready.status == Status::ok) ready = begin_background();
  if (ready.status != Status::ok) {
    finish(ready);
    return;
  }
  series_.pass_time(services().clock.now());
  open_ = std::make_unique<LuaRun>(*file_, *this, &run, file_->take_coroutine());
  lua_State* L = open_->coroutine().raw();
  instance_.push_method(L, "collect");
  instance_.push(L);
  push_run(L, open_->id());  // collect self run
  open_->go_on(2);
}

// Begins background() if there is one that does not run. Not ok when it has failed.
Verdict LuaCheck::begin_background() {
  if (background_ended_) {
    background_begun_ = false;
    return *std::exchange(background_ended_, std::nullopt);
  }
  if (background_begun_) return {};
  background_begun_ = true;
  lua_State* main = file_->live_state()->raw();
  instance_.push_method(main, "background");
  const bool has_one = lua_isfunction(main, -1);
  lua_pop(main, 1);
  if (!has_one) return {};
  background_fresh_ = true;
  background_ = std::make_unique<LuaRun>(*file_, *this, nullptr, file_->take_coroutine());
  lua_State* L = background_->coroutine().raw();
  instance_.push_method(L, "background");
  instance_.push(L);
  background_->go_on(1);
  if (!background_ended_) return {};
  background_begun_ = false;
  return *std::exchange(background_ended_, std::nullopt);
}

void LuaCheck::start_background() {
  if (refusal().status != Status::ok || prepare().status != Status::ok) return;
  if (Verdict begun = begin_background(); begun.status != Status::ok)
    background_ended_ = std::move(begun);
}

void LuaCheck::settle_background(Exit exit) {
  lua_State* L = background_->coroutine().raw();
  if (exit == Exit::yielded && lua::take_wait(L)) return;
  Verdict out;
  if (exit == Exit::yielded)
    out = {Status::failed, lua::position(L) + ": coroutine.yield outside of a coroutine"};
  else if (exit == Exit::done)
    out = verdict_of_results(L, 1);
  else
    out = failed();
  if (out.status != Status::limit)
    if (Verdict bounds = verdict_of_bounds(*background_); bounds.status == Status::limit)
      out = std::move(bounds);
  background_.reset();
  if (out.status != Status::ok) {
    out.text = "background(): " + out.text;
    background_ended_ = out;
  }
  if (exit != Exit::over_budget && exit != Exit::over_memory) return;
  evict(out.text);
  give_up_state(out.text);
  if (evicted()) finish_evicted();
}

void LuaCheck::settle(Exit exit) {
  lua_State* L = open_->coroutine().raw();
  Verdict out;
  switch (exit) {
    case Exit::yielded:
      if (lua::take_wait(L)) return;
      out = {Status::failed,
             lua::position(L) + ": coroutine.yield outside of a coroutine of the check's own"};
      break;
    case Exit::done:
      out = verdict_of_results(L, 1);
      lua_settop(L, 0);
      file_->give_back(std::move(open_->coroutine()));
      break;
    default:
      out = failed();
  }
  for (Verdict& bounds : std::array{verdict_of_bounds(*open_), verdict_of_samples(run_->samples())})
    if (out.status != Status::limit && bounds.status == Status::limit) out = std::move(bounds);
  open_.reset();
  if (exit == Exit::over_budget || exit == Exit::over_memory) give_up_state(out.text);
  finish(out);
}

// A run that was not, or not to its end, says nothing; nor does one beside which
// background() was only just begun about that.
void LuaCheck::note_limits(const Verdict& verdict) {
  const TimePoint now = services().clock.now();
  if (verdict.status == Status::quarantined || verdict.status == Status::cancelled) return;
  if (verdict.status != Status::limit && background_fresh_) return;
  if (verdict.status != Status::limit)
    breaker_.kept_within();
  else if (breaker_.exceeded(now, verdict.limit, verdict.value))
    log_error("lua", "check '{}' is {}", name_, breaker_.sentence(now));
}

// The last thing that is done for a run: the scheduler may do anything in it.
void LuaCheck::finish(const Verdict& verdict) {
  check::Run* run = std::exchange(run_, nullptr);
  if (run == nullptr) return;
  if (ended_) services().loop.post(ended_);
  note_limits(verdict);
  if (!verdict.text.empty()) run->explain(verdict.text);
  run->finish(verdict.status);
}

Handed LuaCheck::hand_over() {
  lua::State* state = file_->live_state();
  if (state == nullptr || state->spent() || !instance_.made()) return {};
  lua_State* L = state->raw();
  instance_.push_method(L, "handover");
  if (!lua_isfunction(L, -1)) {
    lua_pop(L, 1);
    return {};
  }
  instance_.push(L);
  const Exit exit = state->call(L, 1, 1);
  if (exit == Exit::done) {
    auto handed = Handed::take(L, -1);
    lua_pop(L, 1);
    if (handed) return std::move(handed).value();
    log_error("lua", "check '{}' hands nothing over: {}", name_, handed.error().message);
    return {};
  }
  const std::string why = "handover(): " + state->failure().sentence();
  log_error("lua", "check '{}' hands nothing over: {}", name_, why);
  if (exit != Exit::over_budget && exit != Exit::over_memory) return {};
  evict(why);
  give_up_state(why);
  if (evicted()) finish_evicted();
  return {};
}

void LuaCheck::retire(std::function<void()> ended) {
  background_.reset();
  background_begun_ = true;
  ended_ = std::move(ended);
}

void LuaCheck::cancel(check::Run& run) {
  if (open_ == nullptr) return;
  const bool late = services().clock.now() >= run.deadline();
  const std::string where = open_->waiting_in();
  const Verdict out{late ? Status::timeout : Status::cancelled,
                    format("{}; was waiting in {}",
                           late ? "no answer by the deadline" : "stopped by the agent", where)};
  open_.reset();
  finish(out);
}

void LuaCheck::abandon(check::Run&) {
  open_.reset();
  evicted_.reset();
  run_ = nullptr;
  if (ended_) services().loop.post(ended_);
}

bool LuaCheck::wedged() const {
  if (open_ != nullptr) return false;
  return std::any_of(jobs_.begin(), jobs_.end(), [](const auto& weak) {
    const auto job = weak.lock();
    return job != nullptr && job->running();
  });
}

void LuaCheck::watch(const std::shared_ptr<binding::FileJob>& job) {
  std::erase_if(jobs_, [](const auto& weak) {
    const auto other = weak.lock();
    return other == nullptr || !other->running();
  });
  jobs_.push_back(job);
}

bool LuaCheck::takes_undeclared() const {
  return type_.takes_undeclared();
}

void LuaCheck::evict(const std::string& why) {
  background_.reset();
  if (open_ == nullptr) return;
  open_.reset();
  evicted_ = std::make_unique<std::string>(why);
}

void LuaCheck::finish_evicted() {
  const auto why = std::move(evicted_);
  finish({Status::cancelled, *why});
}

}  // namespace virgo::script
