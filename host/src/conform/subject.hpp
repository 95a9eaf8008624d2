// The plugin under test in this process, with as much of an agent around it as a
// check needs: a loop, workers, and the tables that are looked after. Loop thread.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "check/check.hpp"
#include "config/node.hpp"
#include "conform/checked_tables.hpp"
#include "conform/recorder.hpp"
#include "native/host.hpp"
#include "native/loader.hpp"
#include "native/native_check.hpp"
#include "native/native_check_type.hpp"
#include "schedule/solo_runner.hpp"
#include "uv/loop.hpp"
#include "uv/worker_pool.hpp"

namespace virgo::conform {

// A map without anything in it.
config::Node empty_params();

struct Target {
  std::string file;
  std::string type;                      // "" = each type of the module
  config::Node params = empty_params();  // a map
  std::uint64_t seed = 1;
};

using Outcome = schedule::SoloRunner::Outcome;

class Subject {
 public:
  // Loads the module. The error says why it is none.
  static Result<std::unique_ptr<Subject>> load(const Target& target,
                                               const Release& release = releases().back(),
                                               bool extensions = true);
  // Nothing of the plugin may be left.
  ~Subject();

  // The types to test.
  const std::vector<check::CheckType*>& types() const { return chosen_; }

  // An instance configured with the target's parameters, or with `params`. Null when
  // it was refused; `why()` says what for.
  std::unique_ptr<native::NativeCheck> make(check::CheckType& type);
  std::unique_ptr<native::NativeCheck> make(check::CheckType& type, config::Node params);
  const std::string& why() const { return why_; }
  // The parameters `type` cannot do without and the target does not give.
  std::vector<std::string> missing_params(const check::CheckType& type) const;

  // One run; its samples are there until the next. It is cancelled after `cancel_after`, and given
  // up a grace period later. Not to be called while the check is wedged(): see left_behind().
  Outcome run(native::NativeCheck& check, Duration cancel_after);
  // Turns the loop for so long.
  void idle(Duration time);
  uv::WorkerPool& pool() { return pool_; }

 private:
  explicit Subject(Target target) : target_(std::move(target)) {}
  bool known_elsewhere(const check::CheckType& type, const std::string& param) const;

  const Target target_;
  uv::Loop loop_;
  uv::WorkerPool pool_{{.threads = 4}};
  std::unique_ptr<schedule::SoloRunner> runner_;
  std::unique_ptr<native::Host> host_;
  std::vector<std::unique_ptr<check::CheckType>> types_;
  std::vector<check::CheckType*> chosen_;
  std::string why_;
};

}  // namespace virgo::conform
