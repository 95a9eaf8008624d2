// Runs one check without a schedule, and with what a scheduler sees to: a deadline,
// then cancel(), a grace period, abandon(). For tools. Loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.hpp"
#include "check/check.hpp"
#include "metric/report.hpp"
#include "uv/loop.hpp"

namespace virgo::schedule {

class SoloRunner {
 public:
  // What one run came to. `samples` is the runner's, until its next run.
  struct Outcome {
    std::uint64_t number = 0;
    WallTime started = 0;
    Duration duration{};
    metric::Status status = metric::Status::ok;
    std::string explanation;
    metric::Health health = metric::Health::none;
    std::string health_reason;
    const metric::SampleBuffer* samples = nullptr;
    Duration held{};         // the longest time it held the loop at a stretch
    bool cancelled = false;  // it had not ended at its deadline
    bool abandoned = false;  // nor in the grace period after it
  };
  static constexpr Duration kGrace = std::chrono::milliseconds(250);

  // All must outlive this.
  SoloRunner(uv::Loop& loop, const Clock& clock, check::Check& check, Duration grace = kGrace)
      : loop_(loop), clock_(clock), check_(check), grace_(grace) {}
  SoloRunner(const SoloRunner&) = delete;
  SoloRunner& operator=(const SoloRunner&) = delete;

  // Turns the loop until the run has ended.
  Outcome run(Duration timeout);
  // Called before a run is abandoned.
  void on_abandon(std::function<void()> told) { on_abandon_ = std::move(told); }
  // From a callback of the loop: no run goes on for longer than the grace period.
  void interrupt();
  bool interrupted() const { return interrupted_; }

 private:
  class OpenRun;

  uv::Loop& loop_;
  const Clock& clock_;
  check::Check& check_;
  const Duration grace_;
  std::function<void()> on_abandon_;
  metric::SampleBuffer samples_;
  std::uint64_t runs_ = 0;
  OpenRun* open_ = nullptr;
  bool interrupted_ = false;
};

}  // namespace virgo::schedule
