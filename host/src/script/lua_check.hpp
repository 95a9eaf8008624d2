// One configured instance of a check written in Lua. Each run is a coroutine of
// the file's state that calls check:collect(run); `self` is the instance's own
// table and lives as long as the state. Loop thread only.
//
//   returns                      -> ok
//   returns nil, error           -> as if it had raised that error
//   raises an error              -> failed, with file:line; or the status and
//                                   message of a table
//   deadline                     -> timeout, saying what it was waiting in
//   budget or memory cap broken  -> limit; the state is made anew
//   another bound met            -> limit
//   background() has failed      -> as if collect() had; it is begun again at the next tick
//   three limits in succession   -> quarantined for a while (circuit_breaker.hpp)
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "binding/permits.hpp"
#include "check/check.hpp"
#include "lua/failure.hpp"
#include "script/check_services.hpp"
#include "script/circuit_breaker.hpp"
#include "script/handed.hpp"
#include "script/lua_instance.hpp"
#include "script/series_meter.hpp"
#include "script/verdict.hpp"

struct lua_State;

namespace virgo::binding {
class FileJob;
}

namespace virgo::script {

class LuaCheckType;
class LuaFile;
class LuaRun;

class LuaCheck final : public check::Check {
 public:
  // Makes the instance's table and calls check:configure(handed). Null, and a problem
  // at the parameter it complains about, when that fails.
  static std::unique_ptr<LuaCheck> create(std::shared_ptr<LuaFile> file, const LuaCheckType& type,
                                          const config::CheckSpec& spec, config::Problems& problems,
                                          const Handed& handed = {});
  ~LuaCheck() override;

  void start(check::Run& run) override;
  void cancel(check::Run& run) override;
  void abandon(check::Run& run) override;
  // While a file read of an earlier run is stuck in the file system.
  bool wedged() const override;

  // What check:handover() returns, for another instance's configure(); nil if there is
  // none, or, with a line in the log, when that fails.
  Handed hand_over();
  // Another instance takes its place: what runs beside is stopped, and no run is
  // started any more. An open one goes on; `ended` is called, from the loop, when it
  // is over.
  void retire(std::function<void()> ended);
  bool busy() const { return run_ != nullptr; }
  // Whether background() runs; and begins it before the first tick, which reports it if
  // that fails. From the loop.
  bool has_background() const { return background_ != nullptr; }
  void start_background();

  const std::string& name() const { return name_; }
  Duration interval() const { return interval_; }
  const CheckServices& services() const;
  // Null if the check did not declare it.
  const metric::MetricInfo* metric(std::string_view name) const;
  // The sentence for that case; valid until the next call.
  const std::string& unknown_metric(std::string_view name);

  // What the run's coroutine has come to.
  void settle(lua::Exit exit);
  // The same of background().
  void settle_background(lua::Exit exit);
  // A file read of this check may be stuck from now on.
  void watch(const std::shared_ptr<binding::FileJob>& job);
  const binding::Permits& permits() const { return permits_; }
  bool takes_undeclared() const;
  SeriesMeter& series() { return series_; }
  std::optional<check::Suspension> suspension() const override;

  // Another instance broke a cap: the open run is dropped, and finished by
  // finish_evicted() when the state is gone.
  void evict(const std::string& why);
  bool evicted() const { return evicted_ != nullptr; }
  void finish_evicted();

 private:
  LuaCheck(std::shared_ptr<LuaFile> file, const LuaCheckType& type, const config::CheckSpec& spec);
  Verdict refusal();
  Verdict begin_background();
  Verdict prepare();
  Verdict configure();
  Verdict failed();
  void give_up_state(const std::string& why);
  void note_limits(const Verdict& verdict);
  void finish(const Verdict& verdict);

  const std::shared_ptr<LuaFile> file_;
  const LuaCheckType& type_;
  const std::string name_;
  const Duration interval_;
  LuaInstance instance_;
  const Handed* handed_ = nullptr;  // while it is made
  std::function<void()> ended_;     // set once retired
  check::Run* run_ = nullptr;
  std::unique_ptr<LuaRun> open_;
  std::unique_ptr<LuaRun> background_;
  bool background_begun_ = false;            // in this generation of the state
  bool background_fresh_ = false;            // at this tick
  std::optional<Verdict> background_ended_;  // what it failed with, not reported yet
  std::unique_ptr<std::string> evicted_;
  std::vector<std::weak_ptr<binding::FileJob>> jobs_;  // reads that have not come back
  binding::Permits permits_;
  SeriesMeter series_;
  CircuitBreaker breaker_;
  const std::string hung_;  // why it must not run at all; "" if it may
  std::string scratch_;
};

}  // namespace virgo::script
