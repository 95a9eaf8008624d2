// SIGINT and SIGTERM for a command that runs checks. Loop thread only.
#pragma once

#include <functional>
#include <utility>

#include "uv/signal.hpp"

namespace virgo::cli {

// Ends the process without destructors, but not without the programs that checks have
// started: those would live on.
[[noreturn]] void leave_at_once(int code);

// The first one asks to stop, the second one ends the process at once. Has to be there
// until the loop has run for the last time: programs that are slow to end are waited for
// in it, and without a handler a signal would leave them behind.
class StopSignals {
 public:
  explicit StopSignals(uv::Loop& loop);

  // What the first one calls. None: it is only remembered.
  void on_first(std::function<void()> call) { first_ = std::move(call); }
  bool asked() const { return asked_; }

 private:
  void received();

  std::function<void()> first_;
  bool asked_ = false;
  const uv::Signal interrupt_;
  const uv::Signal terminate_;
};

}  // namespace virgo::cli
