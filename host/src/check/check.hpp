// The seam: what native and Lua checks have in common, and what the scheduler
// knows of them. All calls on the loop thread.
//
//   CheckType --create(spec)--> Check --start(run)--> ... run.finish(status)
//                                        | deadline: cancel(run)
//                                        | grace over: abandon(run)
//
// At most one run of a Check is open at a time. A Run belongs to the scheduler;
// the check may use it from start() until it has called finish(), or until
// abandon() returns, and never after.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "config/specs.hpp"
#include "metric/report.hpp"
#include "metric/sample.hpp"

namespace virgo::check {

// One collection. Implemented by the scheduler and by test doubles.
class Run {
 public:
  virtual ~Run() = default;
  virtual std::uint64_t number() const = 0;
  virtual TimePoint deadline() const = 0;
  virtual WallTime started() const = 0;
  // Where to put the samples. A check that collects on another thread fills a
  // buffer of its own and moves it in on the loop.
  virtual metric::SampleBuffer& samples() = 0;
  // The sentence a person reads beside the status. The last call counts.
  virtual void explain(std::string_view text) = 0;
  // The check's own judgement of what it looks at, with the reason, which may be "".
  // May be called several times: the worst counts, by metric::Health's order, and of
  // equal ones the first.
  virtual void judge(metric::Health, std::string_view /*text*/) {}
  // A callback of this check, not start(), took so much of the loop thread's time:
  // it is held against the check as if start() had.
  virtual void held_loop(Duration) {}
  // Ends the run. Exactly once; `this` is gone when it returns.
  virtual void finish(metric::Status status) = 0;
};

// Why a check is not run for the time being although its ticks come.
struct Suspension {
  std::string limit;     // what it exceeded: "lua_memory"
  std::string value;     // how far, or where the limit is: "8MiB"
  TimePoint until{};     // when it is tried again; TimePoint::max(): not by itself
  unsigned strikes = 0;  // times in succession that it did
};

class Check {
 public:
  virtual ~Check() = default;
  // Begins a collection. May call run.finish() before it returns, or later from
  // the loop. Must not block: the time it holds the loop is measured, and a
  // check that does it again and again is quarantined.
  virtual void start(Run& run) = 0;
  // The deadline has passed, or the agent stops: finish soon, with anything.
  // May call run.finish() itself.
  virtual void cancel(Run& run) = 0;
  // The grace period is over: forget the run; it is gone when this returns.
  virtual void abandon(Run& run) = 0;
  // The check is in quarantine: start() is not called any more. What goes on between
  // its runs must end.
  virtual void quarantine() {}
  // Set while the check itself refuses to run because it went beyond its limits.
  virtual std::optional<Suspension> suspension() const { return std::nullopt; }
  // True while code of this check still executes for an abandoned run (a
  // worker thread that never came back). No run is started meanwhile, and the
  // check must not be destroyed: the scheduler leaks it on purpose.
  virtual bool wedged() const { return false; }
};

enum class ParamType : std::uint8_t {
  boolean = 1,
  integer = 2,
  number = 3,
  text = 4,
  duration = 5,
  size = 6,
  list = 7,
  map = 8
};
const char* param_type_name(ParamType type);  // "bool", "int", "number", "text", ...
struct ParamInfo;
std::string param_type_text(const ParamInfo& param);  // the same, and "list of text"

// A declared parameter of a check type.
struct ParamInfo {
  std::string name;
  std::string fallback;  // default as it would be written in YAML
  bool has_fallback = false;
  std::string help;
  ParamType type = ParamType::text;
  bool required = false;
  bool secret = false;
  // Of a list or map: what each of its values must be, no list or map itself; nothing:
  // whatever is written.
  std::optional<ParamType> items = std::nullopt;
};

// A kind of check that can be configured: declared by a native module or a Lua
// file. Outlives the checks it made.
class CheckType {
 public:
  virtual ~CheckType() = default;
  virtual const std::string& name() const = 0;     // "virgo.cpu"
  virtual const std::string& summary() const = 0;  // one sentence
  virtual const char* runtime() const = 0;         // "native", "lua" or "agent"
  virtual const std::string& origin() const = 0;   // the file it came from
  virtual const std::vector<ParamInfo>& params() const = 0;
  virtual const std::vector<metric::MetricInfo>& metrics() const = 0;
  // False when runs may also report metrics that are not in metrics().
  virtual bool reports_declared_only() const { return false; }
  // Makes and configures an instance. The params of `spec` have passed
  // validate_params(). Problems found by the check itself are appended to
  // `problems` with their positions; then the result is null.
  virtual std::unique_ptr<Check> create(const config::CheckSpec& spec,
                                        config::Problems& problems) = 0;
};

// Checks `spec.params` against the declaration: unknown keys (with "did you
// mean"), missing ones, wrong types. False if anything was appended.
bool validate_params(const CheckType& type, const config::CheckSpec& spec,
                     config::Problems& problems);

// Marks the values of parameters that `type` declares secret, so that nothing prints
// them any more, whichever way they were written.
void mark_secrets(const CheckType& type, config::Node& params);

// The param's value in `params`, or null when it was not given.
const config::Node* find_param(const config::Node& params, std::string_view name);

}  // namespace virgo::check
