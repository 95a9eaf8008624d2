// Runs of one check one after the other, as `virgo plugin run` was asked for, with
// their results on standard output. Loop thread only.
#pragma once

#include <memory>
#include <string>

#include "check/check.hpp"
#include "cli/outcome_page.hpp"
#include "cli/own_output.hpp"
#include "cli/run_plan.hpp"
#include "cli/stop_signals.hpp"
#include "json/writer.hpp"
#include "uv/loop.hpp"

namespace virgo::cli {

// What a kind of plugin knows of a run beside its outcome.
class RunDetails {
 public:
  virtual ~RunDetails() = default;
  virtual void begin() {}                         // a run begins
  virtual std::string page() { return ""; }       // lines below the samples of the run
  virtual void members(json::Writer& /*out*/) {}  // of the run's JSON object
  // Whether the plugin's file has changed since it was loaded.
  virtual bool changed() { return false; }
};

class RunSession {
 public:
  enum class End : std::uint8_t { over, interrupted, changed };

  // The first signal ends the session. References outlive it.
  RunSession(uv::Loop& loop, StopSignals& signals, const RunPlan& plan, const OwnOutput& out);
  ~RunSession();
  RunSession(const RunSession&) = delete;
  RunSession& operator=(const RunSession&) = delete;

  // Runs the check as often as planned, until an interruption, or, with plan.watch, until
  // its file changes.
  End run(check::Check& check, RunDetails& details);
  // Without a check that could run: waits until the file changes.
  End wait_for_change(RunDetails& details);
  // A run was not ok.
  bool failed() const { return failed_; }

 private:
  class Lines;  // of standard input
  bool wait(Duration time, RunDetails* watched);
  void show(const schedule::SoloRunner::Outcome& outcome, RunDetails& details);

  uv::Loop& loop_;
  StopSignals& signals_;
  const RunPlan& plan_;
  const OwnOutput& out_;
  std::unique_ptr<Lines> lines_;
  OutcomePages pages_;
  schedule::SoloRunner* runner_ = nullptr;
  bool failed_ = false;
  bool unread_ = false;  // nobody takes our output any more
};

}  // namespace virgo::cli
