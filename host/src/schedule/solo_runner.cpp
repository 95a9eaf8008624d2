#include "schedule/solo_runner.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/text.hpp"
#include "uv/timer.hpp"

namespace virgo::schedule {

class SoloRunner::OpenRun final : public check::Run {
 public:
  OpenRun(SoloRunner& runner, Outcome& outcome, Duration timeout)
      : runner_(runner),
        outcome_(outcome),
        timeout_(timeout),
        began_(runner.clock_.now()),
        timer_(runner.loop_, [this] { time_is_up(); }) {
    timer_.start(timeout);
  }
  std::uint64_t number() const override { return outcome_.number; }
  TimePoint deadline() const override { return began_ + timeout_; }
  WallTime started() const override { return outcome_.started; }
  metric::SampleBuffer& samples() override { return runner_.samples_; }
  void explain(std::string_view text) override { outcome_.explanation = text; }
  void judge(metric::Health given, std::string_view text) override {
    if (given <= outcome_.health) return;
    outcome_.health = given;
    outcome_.health_reason = text;
  }
  void held_loop(Duration time) override { outcome_.held = std::max(outcome_.held, time); }
  void finish(metric::Status status) override {
    const bool in_vain = status == metric::Status::ok || status == metric::Status::cancelled;
    if (outcome_.cancelled && in_vain)
      give_up();
    else
      end(status);
  }

  bool ended() const { return ended_; }
  // The deadline, the end of the grace period, or an interruption.
  void time_is_up() {
    if (ended_) return;
    if (!outcome_.cancelled) {
      outcome_.cancelled = true;
      timer_.start(runner_.grace_);
      runner_.check_.cancel(*this);  // may finish
      return;
    }
    outcome_.abandoned = true;
    if (runner_.on_abandon_) runner_.on_abandon_();
    runner_.check_.abandon(*this);
    give_up();
  }
  bool cancelled() const { return outcome_.cancelled; }

 private:
  void give_up() {
    if (outcome_.explanation.empty() && !runner_.interrupted_)
      outcome_.explanation = format("not finished within {}", format_duration(timeout_));
    end(runner_.interrupted_ ? metric::Status::cancelled : metric::Status::timeout);
  }
  void end(metric::Status status) {
    outcome_.status = status;
    outcome_.duration = runner_.clock_.now() - began_;
    ended_ = true;
    timer_.stop();
  }

  SoloRunner& runner_;
  Outcome& outcome_;
  const Duration timeout_;
  const TimePoint began_;
  uv::Timer timer_;
  bool ended_ = false;
};

SoloRunner::Outcome SoloRunner::run(Duration timeout) {
  Outcome outcome;
  outcome.number = ++runs_;
  outcome.started = clock_.wall();
  outcome.samples = &samples_;
  samples_.clear();
  if (check_.wedged()) {
    outcome.status = metric::Status::timeout;
    outcome.explanation = "did not begin: the call of an earlier run has not come back";
    return outcome;
  }
  OpenRun open(*this, outcome, timeout);
  open_ = &open;
  const TimePoint before = clock_.now();
  check_.start(open);
  open.held_loop(clock_.now() - before);
  while (!open.ended()) loop_.run_once(true);
  open_ = nullptr;
  return outcome;
}

void SoloRunner::interrupt() {
  interrupted_ = true;
  if (open_ != nullptr && !open_->cancelled()) open_->time_is_up();
}

}  // namespace virgo::schedule
